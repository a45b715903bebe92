"""Chinese is the source, English is complete, and nothing is translated that nobody says any more."""

import re

import pytest
from django.template import Context, Template
from django.utils import translation

from config.lib import messages

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def test_every_text_has_english() -> None:
    assert messages.untranslated() == []


def test_the_catalogue_holds_nothing_else() -> None:
    assert messages.stale() == []


@pytest.mark.parametrize("form", ["singular", "plural"])
def test_translations_keep_their_placeholders(form: str) -> None:
    lost = [
        entry.msgid
        for entry in messages.catalogue()
        for english in ([entry.msgstr] if form == "singular" else list(entry.msgstr_plural.values()))
        if english and not set(PLACEHOLDER.findall(english)) <= set(PLACEHOLDER.findall(entry.msgid))
    ]
    assert lost == []


def test_a_count_that_begins_a_text_has_its_singular() -> None:
    """“1 people leave today” is no English: such a text has a plural form, or puts its figure after a colon."""
    begins = re.compile(r"%\(count\)s (people|grids|rows|days|hours|visits|files|photos) ")
    wrong = [entry.msgid for entry in messages.catalogue() if begins.match(f"{entry.msgstr} ")]
    assert wrong == []


def test_english_holds_no_chinese() -> None:
    # Words of the field may stand beside their English in brackets; whole sentences may not stay Chinese.
    stayed = [
        entry.msgid
        for entry in messages.catalogue()
        for english in (entry.msgstr, *entry.msgstr_plural.values())
        if english and len(messages.CHINESE.findall(english)) * 2 > len(english)
    ]
    assert stayed == []


def test_words_with_a_place_for_a_value_are_english_on_an_english_page() -> None:
    page = Template("{% load i18n %}{% translate '草稿已存 %s' %}")
    with translation.override("en"):
        assert page.render(Context()) == "Draft saved %s"
