"""Rules every template and published file keeps: nothing inline, nothing from another host, no icon that does not exist."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template
from django.test import override_settings

from config.assets import NODE_FILES, HashedStorage, NodeFinder

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
NAMES = [str(path.relative_to(settings.BASE_DIR / "templates")) for path in TEMPLATES]
SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)", re.IGNORECASE)
INLINE = re.compile(r"<style\b|\sstyle=|\son[a-z]+=|\bhx-on|javascript:", re.IGNORECASE)
ELSEWHERE = re.compile(r"(?:src|href|action)=[\"'](?:https?:)?//", re.IGNORECASE)


@pytest.mark.parametrize("name", NAMES)
def test_template_compiles_and_keeps_to_the_content_policy(name: str) -> None:
    get_template(name)
    source = (settings.BASE_DIR / "templates" / name).read_text("utf-8")
    assert not SCRIPT.search(source)
    assert not INLINE.search(source)
    assert not ELSEWHERE.search(source)


def test_a_form_in_an_included_part_keeps_its_token() -> None:
    """``only`` hides the token from the part: the form would be refused, and no test client would notice."""
    with_form = {
        name for name, path in zip(NAMES, TEMPLATES, strict=True) if "{% csrf_token %}" in path.read_text("utf-8")
    }
    included = [
        (name, part, given)
        for name, path in zip(NAMES, TEMPLATES, strict=True)
        for part, given in re.findall(r'{% include "([^"]+)"([^%]*) only %}', path.read_text("utf-8"))
    ]
    assert with_form
    assert [(name, part) for name, part, given in included if part in with_form and "csrf_token=" not in given] == []


def _symbols() -> set[str]:
    sprite = (settings.BASE_DIR / "config/static/icons/sprite.svg").read_text("utf-8")
    return set(re.findall(r'<symbol id="([^"]+)"', sprite))


def test_every_icon_named_anywhere_is_drawn() -> None:
    used = set()
    for path in TEMPLATES:
        used |= set(re.findall(r"{% icon \"([^\"]+)\"", path.read_text("utf-8")))
    for script in Path(settings.BASE_DIR / "config/static/js").glob("*.js"):
        used |= set(re.findall(r'gedang\.icon\("([^"]+)"\)', script.read_text("utf-8")))
    navigation = (settings.BASE_DIR / "config/navigation.py").read_text("utf-8")
    used |= set(re.findall(r'\), "([a-z-]+)"\)', navigation))
    assert used
    assert not used - _symbols()


def test_words_of_scripts_are_all_given_by_the_page() -> None:
    given = (settings.BASE_DIR / "templates/_words.html").read_text("utf-8")
    words = {re.sub(r"-(.)", lambda part: part[1].upper(), name) for name in re.findall(r"\bdata-([a-z-]+)=", given)}
    used = set()
    for script in Path(settings.BASE_DIR / "config/static/js").glob("*.js"):
        text = script.read_text("utf-8")
        used |= set(re.findall(r'gedang\.word\("(\w+)"', text)) | set(re.findall(r'show\("[a-z-]+", "(\w+)"', text))
    assert not used - words


def test_only_named_files_of_node_modules_are_published() -> None:
    finder = NodeFinder()
    found = dict(finder.list([]))
    assert {name for name in NODE_FILES if not name.endswith("/")} <= set(found)
    assert finders.find("vendor/htmx.min.js")
    assert not finder.find("htmx.org/dist/htmx.min.js")
    assert not finder.find("vendor/../package.json")


def test_hashed_names_reach_styles_and_the_web_manifest(tmp_path: Path) -> None:
    with override_settings(STATIC_ROOT=str(tmp_path), DEBUG=False):
        storage = HashedStorage(location=str(tmp_path))
        static = settings.BASE_DIR / "config" / "static"
        paths = {}
        for source in [static / "manifest.webmanifest", *sorted((static / "icons").iterdir())]:
            name = str(source.relative_to(static))
            with source.open("rb") as file:
                storage.save(name, file)
            paths[name] = (storage, name)
        broken = [result for *_, result in storage.post_process(paths) if isinstance(result, Exception)]
        assert not broken
        manifest = (tmp_path / storage.stored_name("manifest.webmanifest")).read_text("utf-8")
        icons = re.findall(r'"src": "([^"]+)"', manifest)
        assert len(icons) == 3
        assert all((tmp_path / icon).exists() for icon in icons)
