"""Where the pages' styles and scripts come from: named files of node_modules, published with hashed names.

Nothing is vendored and nothing comes from another host: ``npm ci`` fetches the packages of ``package-lock.json``, the
finder publishes only the files named here under ``vendor/``, and the storage gives every file a name that changes with
its content, so that a phone may keep it for ever.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.storage import ManifestFilesMixin
from django.core.checks import CheckMessage
from django.core.checks import Error as CheckError
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

#: Published name -> file below node_modules. Names that end in "/" publish every file of one folder.
NODE_FILES = {
    "vendor/bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
    "vendor/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "vendor/echarts.common.min.js": "echarts/dist/echarts.common.min.js",
    "vendor/leaflet/leaflet.js": "leaflet/dist/leaflet.js",
    "vendor/leaflet/leaflet.css": "leaflet/dist/leaflet.css",
    "vendor/leaflet/images/": "leaflet/dist/images/",
}


def node_root() -> Path:
    """Return the folder the packages were installed into (NODE_ROOT in settings, else node_modules beside manage.py)."""
    return Path(getattr(settings, "NODE_ROOT", None) or settings.BASE_DIR / "node_modules")


def published_files() -> Iterator[tuple[str, Path]]:
    """Yield (published name, file) for every file of NODE_FILES, folders resolved; files may be missing."""
    root = node_root()
    for name, source in NODE_FILES.items():
        if name.endswith("/"):
            for file in sorted((root / source).glob("*")):
                if file.is_file():
                    yield name + file.name, file
        else:
            yield name, root / source


class _OneFile(FileSystemStorage):
    """The storage collectstatic reads one file from: every path means that file."""

    def __init__(self, file: Path) -> None:
        super().__init__(location=str(file.parent))
        self.file = file

    def path(self, name: str) -> str:
        return str(self.file)


class NodeFinder(BaseFinder):
    """Finds the files of NODE_FILES and no other file of node_modules."""

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        missing = [source for _, source in published_files() if not source.exists()]
        if not missing:
            return []
        return [
            CheckError(
                f"front-end packages are not installed: {missing[0].name} and {len(missing) - 1} more are missing",
                hint="Run make setup (npm ci).",
                id="gedang.E001",
            )
        ]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Return the file published as ``path``: a string, or a list when all are asked for; empty when none."""
        hits = [str(file) for name, file in published_files() if name == path and file.exists()]
        if find_all or kwargs.get("all"):
            return hits
        return hits[0] if hits else []

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        """Yield (published name, storage) of every file; a missing file stops collectstatic with its name."""
        for name, file in published_files():
            yield name, _OneFile(file)


def _without_source_maps(patterns: tuple[Any, ...]) -> tuple[Any, ...]:
    """Drop the patterns that follow sourceMappingURL: the maps are not published, so they would not be found."""

    def text(pattern: Any) -> str:
        return pattern if isinstance(pattern, str) else pattern[0]

    kept = ((glob, tuple(p for p in found if "sourceMappingURL" not in text(p))) for glob, found in patterns)
    return tuple((glob, found) for glob, found in kept if found)


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Hashed names and gzip, for styles and for the icons named in the web manifest; no source maps."""

    patterns = (
        *_without_source_maps(ManifestFilesMixin.patterns),
        ("*.webmanifest", ((r'(?P<matched>"src": "(?P<url>[^"]+)")', '"src": "%(url)s"'),)),
    )
