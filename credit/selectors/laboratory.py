"""Models in the laboratory: a released version or a draft, read and named; the parameters a county has released for it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _

from config.lib import clock
from config.lib.models import ParameterDraft, Release
from config.lib.parameters import shown
from config.lib.parameters.shape import exact
from credit.domain.model import Model, ModelDocumentError, read_model
from credit.domain.model.problems import Problem
from credit.selectors.lines import BASES_KIND, MODEL_KIND

VERSION, DRAFT = "version", "draft"
SCHEMES = Path(__file__).resolve().parents[1] / "schemes"
BLANK = SCHEMES / "blank" / "model.json"


@dataclass
class Text:
    """The text of a model: a released version or a draft. ``model`` is None while the document has faults."""

    row: Release | ParameterDraft

    @property
    def sort(self) -> str:
        """Version or draft, as it stands in addresses."""
        return DRAFT if isinstance(self.row, ParameterDraft) else VERSION

    @property
    def is_draft(self) -> bool:
        """Whether it is a draft."""
        return isinstance(self.row, ParameterDraft)

    @property
    def pk(self) -> int:
        """The id of the version or draft."""
        return self.row.pk

    @property
    def key(self) -> str:
        """The code the model is kept under, in capitals."""
        return self.row.key.upper()

    @property
    def document(self) -> dict[str, Any]:
        """The document; an empty record where a draft holds something else."""
        return self.row.document if isinstance(self.row.document, dict) else {}

    @cached_property
    def read(self) -> tuple[Model | None, tuple[Problem, ...]]:
        """The model, or every fault of the document."""
        try:
            return read_model(self.document), ()
        except ModelDocumentError as error:
            return None, error.problems

    @property
    def model(self) -> Model | None:
        """The model, None while the document has faults."""
        return self.read[0]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every fault of the document."""
        return self.read[1]

    @property
    def standing(self) -> str:
        """Which version or draft it is."""
        if isinstance(self.row, ParameterDraft):
            return _("草稿")
        return _("第 %(version)s 版") % {"version": self.row.version}

    def is_in_hand_of(self, staff_id: int) -> bool:
        """Whether it is a draft of this person that may still be changed."""
        row = self.row
        return isinstance(row, ParameterDraft) and row.is_in_hand and row.drafted_by_id == staff_id

    def unknown(self, language: str) -> list[str]:
        """What of the model is not known, in words; with anything of it the model is incomplete and never released."""
        return [part.label.text(language) for part in self.model.unknown] if self.model else []

    def title(self, language: str) -> str:
        """What the model calls itself; its code where it does not say."""
        said = self.document.get("title")
        own = said.get("en" if language == "en" else "zh") if isinstance(said, dict) else None
        return own if isinstance(own, str) and own.strip() else self.key


def open_text(institution_id: int, sort: str, pk: int) -> Text:
    """Return a version or draft of a credit model of the institution, or raise Http404."""
    if sort not in (VERSION, DRAFT):
        raise Http404
    opened = shown.open_release if sort == VERSION else shown.open_draft
    row = opened(institution_id, pk)
    if row.kind != MODEL_KIND:
        raise Http404
    return Text(row)


def counties(institution_id: int) -> dict[str, Mapping[str, Any]]:
    """Return the county bases in force today, by the code of the county. One query."""
    rows = Release.objects.filter(institution_id=institution_id, kind=BASES_KIND, effective_on__lte=clock.today())
    newest = rows.order_by("key", "-effective_on", "-version").distinct("key")
    return {row.key: row.document for row in newest if isinstance(row.document, dict)}


def released_parameters(model: Model, bases: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return the parameters of a model as a county has released them; one outside the model's range is left out."""
    found = {}
    for parameter in model.parameters:
        value = exact(bases.get(parameter.name))
        if value is not None and parameter.kind.low <= value <= parameter.kind.high:
            found[parameter.name] = value
    return found


def problems_of(document: Any) -> tuple[Problem, ...]:
    """Return every fault of a document."""
    try:
        read_model(document)
    except ModelDocumentError as error:
        return error.problems
    return ()


def starts(institution_id: int, key: str) -> list[Release]:
    """Return the newest version of every other model, to begin a new one from."""
    rows = Release.objects.filter(institution_id=institution_id, kind=MODEL_KIND).exclude(key=key)
    return list(rows.order_by("key", "-version").distinct("key"))


@dataclass(frozen=True)
class Scheme:
    """A scheme that comes with the product: its file's name and its document as read."""

    name: str
    document: dict[str, Any]
    model: Model

    def row(self, language: str) -> dict[str, Any]:
        """The scheme as the page lists it, with what of it was never published."""
        return {
            "name": self.name,
            "code": self.model.code,
            "title": self.model.title.text(language),
            "unknown": [part.label.text(language) for part in self.model.unknown],
        }


@cache
def schemes() -> tuple[Scheme, ...]:
    """Return the schemes that come with the product, complete ones first, each by its number."""
    found = []
    for path in SCHEMES.glob("*.json"):
        document = json.loads(path.read_text("utf-8"))
        found.append(Scheme(path.stem, document, read_model(document)))
    return tuple(sorted(found, key=lambda one: (not one.model.is_complete, len(one.model.code), one.model.code)))


def blank(code: str) -> dict[str, Any]:
    """Return the smallest model that reads: one input, one line, rounded down to 1,000 yuan."""
    document: dict[str, Any] = json.loads(BLANK.read_text("utf-8"))
    return {**document, "code": code}


def texts(institution_id: int, text: Text) -> dict[str, str]:
    """Return the versions and open drafts of this model, and the newest version of others, to compare with: code -> words."""
    found: dict[str, str] = {}
    released = Release.objects.filter(institution_id=institution_id, kind=MODEL_KIND).defer("document")
    for row in released.order_by("key", "-version"):
        said = _("第 %(version)s 版") % {"version": row.version}
        found[f"{VERSION}-{row.pk}"] = f"{row.key.upper()} {said}"
    for draft in shown.drafts_for(institution_id).filter(kind=MODEL_KIND):
        found[f"{DRAFT}-{draft.pk}"] = f"{draft.key.upper()} {_('草稿')} · {draft.drafted_by.name}"
    own = f"{text.key} "
    return dict(sorted(found.items(), key=lambda one: not one[1].startswith(own)))


def usual(text: Text, choices: Mapping[str, str]) -> str:
    """Return what a text is usually compared with: a draft with the version it was made from, a version with itself."""
    row = text.row
    if isinstance(row, ParameterDraft) and row.base_id is not None:
        return f"{VERSION}-{row.base_id}"
    own = f"{text.sort}-{text.pk}"
    return own if own in choices else next(iter(choices), "")
