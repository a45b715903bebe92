"""The registry of parameters: a new kind is one ``ParameterKind`` in ``<app>/parameter_kinds``, and nothing else.

The editor, the readable page, the comparison, the checks before submission and what depends on a version all follow from it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from django.db import connection

from config.lib.parameters import differences as compare
from config.lib.parameters.differences import Change
from config.lib.parameters.reading import Block, readable
from config.lib.parameters.shape import NONE, Group, Problem, Rows, faults, inferred
from config.lib.tables import Words


class Area(StrEnum):
    """The tab a kind stands under."""

    MODELS = "models"
    FORMS = "forms"
    RULES = "rules"
    NOTICES = "notices"


@dataclass(frozen=True, kw_only=True)
class About:
    """What a document is checked for: whose it is, under which key, from which day."""

    institution_id: int
    key: str
    on: date


Counter = Callable[[Sequence[Any]], Mapping[int, int]]
"""From releases to how many results used each, by the id of the release; one query, however many releases."""


@dataclass(frozen=True, kw_only=True)
class Use:
    """Results that keep the version they were made with: what they are called and how they are counted."""

    title: Words
    count: Counter


def counted_by(function: str) -> Counter:
    """Return the counter that asks a definer function of schema ``acc``: from ids of releases to rows (release, uses).

    Definer, because who keeps parameters sees no customer; the function tells numbers alone.
    """

    def count(releases: Sequence[Any]) -> dict[int, int]:
        with connection.cursor() as cursor:
            cursor.execute(f"select release_id, uses from acc.{function}(%s)", [[release.pk for release in releases]])  # noqa: S608
            return dict(cursor.fetchall())

    return count


def nothing_more(_document: Any, _about: About) -> Iterable[Problem]:
    """The check of a kind whose shape says everything."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One trial of a draft before its release: what was tried, where to read it, and whether its content is still the draft's."""

    title: str
    note: str
    url: str
    is_current: bool


def nothing_tried(_draft: Any) -> Sequence[Tried]:
    """The trials of a kind that cannot be tried out."""
    return ()


def no_warning(_document: Any) -> Iterable[Words]:
    """What is to be weighed before release: nothing."""
    return ()


@dataclass(frozen=True, kw_only=True)
class ParameterKind:
    """One kind of parameter.

    ``shape`` describes the document; without one it is pasted or uploaded, and ``words`` says what its keys are called.
    ``problems`` finds what the shape cannot (rules across fields), asked once the shape holds, by the reader that later uses
    the document. ``warnings`` says of a sound document what whoever releases it should weigh; it hinders nothing. ``key_label`` is what tells several documents of one kind apart (a model's code), empty where there is one.
    ``editor`` and ``preview`` name URLs, taking the draft's id, of pages of its own in place of or beside the common editor;
    ``tried`` tells the trials of a draft; ``sheet`` names one that takes ``version`` or ``draft`` and its id and shows the document in a manner of its own.
    """

    code: str
    title: Words
    note: Words
    area: Area
    shape: Group | None = None
    words: Mapping[str, Words] = field(default_factory=dict)
    problems: Callable[[Any, About], Iterable[Problem]] = nothing_more
    warnings: Callable[[Any], Iterable[Words]] = no_warning
    key_label: Words = NONE
    key_note: Words = NONE
    uses: tuple[Use, ...] = ()
    editor: str = ""
    preview: str = ""
    sheet: str = ""
    tried: Callable[[Any], Sequence[Tried]] = nothing_tried

    def found(self, document: Any, about: About) -> list[Problem]:
        """Return everything wrong with a document, all at once."""
        wrong = list(faults(self.shape, document)) if self.shape is not None else []
        return wrong or list(self.problems(document, about))

    def shape_of(self, *documents: Any) -> Group | Rows:
        """Return the described shape, or the one these documents show."""
        if self.shape is not None:
            return self.shape
        shape = inferred(documents, self.words)
        return shape if isinstance(shape, (Group, Rows)) else Group(name="", label=self.title, members=())

    def read(self, document: Any, language: str) -> Block:
        """Return a document as it is read on the pages of versions and drafts."""
        return readable(self.shape_of(document), document, language)

    def place(self, _document: Any, problem: Problem, _language: str) -> str:
        """Return how the place of a problem is called."""
        return problem.place

    def differences(self, before: Any, after: Any, language: str) -> list[Change]:
        """Return what changed between two documents of this kind."""
        return compare.differences(self.shape_of(before, after), before, after, language)


_KINDS: dict[str, ParameterKind] = {}


def register(kind: ParameterKind) -> ParameterKind:
    """Add a kind; its code belongs to it alone."""
    if kind.code in _KINDS:
        raise ValueError(f"parameter kind {kind.code} is registered twice")
    _KINDS[kind.code] = kind
    return kind


def kinds(area: Area | None = None) -> list[ParameterKind]:
    """Return the registered kinds in their order, of one area or of all."""
    return [kind for kind in _KINDS.values() if area is None or kind.area is area]


def find(code: str) -> ParameterKind | None:
    """Return a kind by its code, None when nobody registered it."""
    return _KINDS.get(code)
