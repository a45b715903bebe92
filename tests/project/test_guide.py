"""The guide names pages and buttons as the screen shows them; every picture and document linked exists and is small."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
GUIDE = sorted((ROOT / "docs" / "guide").glob("*.md"))
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@cache
def _screen() -> str:
    folders = ("templates", "config", "grids", "customers", "credit", "reporting")
    files = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in (".html", ".py"))
    return "\n".join(path.read_text("utf-8") for path in files)


@pytest.mark.parametrize("path", GUIDE, ids=lambda path: path.stem)
def test_a_page_or_button_in_the_guide_is_on_the_screen(path: Path) -> None:
    labels = set(re.findall("「([^」]+)」", path.read_text("utf-8")))

    assert labels
    assert [label for label in sorted(labels) if label not in _screen()] == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_links_to_exists(path: Path) -> None:
    missing = [link for link in LINK.findall(path.read_text("utf-8")) if not (path.parent / link).exists()]

    assert missing == []


def test_the_pictures_are_small_enough_for_a_slow_connection() -> None:
    sizes = {path.name: path.stat().st_size for path in (ROOT / "docs" / "screenshots").glob("*.png")}

    assert max(sizes.values()) <= 200_000
    assert sum(sizes.values()) <= 1_500_000


def test_every_picture_is_shown_in_the_readme() -> None:
    shown = set(re.findall(r"docs/screenshots/([\w-]+\.png)", (ROOT / "README.md").read_text("utf-8")))

    assert {path.name for path in (ROOT / "docs" / "screenshots").glob("*.png")} == shown
