"""Texts of the interface: Chinese in the source, English in the catalogue. Finds every marked text without GNU gettext."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
from django.conf import settings
from django.template.base import Lexer, TokenType

FUNCTIONS = {
    "_": 1,
    "gettext": 1,
    "gettext_lazy": 1,
    "gettext_noop": 1,
    "ngettext": 2,
    "ngettext_lazy": 2,
    "pgettext": 2,
}
APPS = ("config", "grids", "customers", "credit", "reporting")
CATALOGUE = Path("config/locale/en/LC_MESSAGES/django.po")
CHINESE = re.compile("[\u4e00-\u9fff]")

Message = tuple[str, str | None]
"""A text and its plural, None when it has none."""


def in_python(source: str) -> Iterator[Message]:
    """Yield the texts a Python module marks."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = (
            node.func.id
            if isinstance(node.func, ast.Name)
            else node.func.attr
            if isinstance(node.func, ast.Attribute)
            else ""
        )
        if name not in FUNCTIONS:
            continue
        texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if name.startswith("ngettext") and len(texts) >= 2:
            yield texts[0], texts[1]
        elif texts:
            yield texts[-1] if name == "pgettext" else texts[0], None


_QUOTED = r"""(?:"([^"]*)"|'([^']*)')"""
_TRANSLATE = re.compile(rf"^trans(?:late)?\s+{_QUOTED}")
_ARGUMENT = re.compile(rf"_\({_QUOTED}\)")


def in_template(source: str) -> Iterator[Message]:
    """Yield the texts a template marks with translate, blocktranslate or _()."""
    block: list[str] | None = None
    singular = ""
    trimmed = False
    for token in Lexer(source).tokenize():
        text = token.contents
        if token.token_type == TokenType.BLOCK:
            if match := _TRANSLATE.match(text):
                # The tag looks its text up with every per cent sign doubled, and writes the translation with single ones.
                yield (match.group(1) or match.group(2)).replace("%", "%%"), None
            elif re.match(r"blocktrans(late)?\b", text):
                block, singular, trimmed = [], "", " trimmed" in text
            elif text == "plural" and block is not None:
                singular, block = _joined(block, trimmed), []
            elif text in ("endblocktrans", "endblocktranslate") and block is not None:
                body = _joined(block, trimmed)
                yield (singular, body) if singular else (body, None)
                block = None
        elif block is not None:
            block.append(
                f"%({text.split('|')[0].strip()})s" if token.token_type == TokenType.VAR else text.replace("%", "%%")
            )
        if token.token_type in (TokenType.BLOCK, TokenType.VAR):
            for match in _ARGUMENT.finditer(text):
                yield match.group(1) or match.group(2), None


def _joined(parts: list[str], trimmed: bool) -> str:
    text = "".join(parts)
    return " ".join(line.strip() for line in text.splitlines() if line.strip()) if trimmed else text


def all_messages(root: Path = settings.BASE_DIR) -> set[Message]:
    """Return every marked Chinese text of the product."""
    found: set[Message] = set()
    for app in APPS:
        for path in (root / app).rglob("*.py"):
            found.update(in_python(path.read_text("utf-8")))
    for path in (root / "templates").rglob("*.html"):
        found.update(in_template(path.read_text("utf-8")))
    return {message for message in found if CHINESE.search(message[0])}


def catalogue(root: Path = settings.BASE_DIR) -> polib.POFile:
    """Return the English catalogue; an empty one when there is none yet."""
    path = root / CATALOGUE
    if path.exists():
        return polib.pofile(str(path), wrapwidth=120)
    po = polib.POFile(wrapwidth=120)
    po.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": "en",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    return po


def untranslated(root: Path = settings.BASE_DIR) -> list[str]:
    """Return the texts that lack English."""
    known = {entry.msgid: entry for entry in catalogue(root)}
    return sorted(
        text
        for text, plural in all_messages(root)
        if text not in known
        or not (
            known[text].msgstr
            if plural is None or not known[text].msgid_plural
            else all(known[text].msgstr_plural.values())
        )
    )


def stale(root: Path = settings.BASE_DIR) -> list[str]:
    """Return the catalogue's texts that no source marks any more."""
    used = {text for text, _ in all_messages(root)}
    return sorted(entry.msgid for entry in catalogue(root) if entry.msgid not in used)
