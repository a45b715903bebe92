"""The form on paper: what the PDF template ``form`` prints for a household, business, unit or grid, drawn from the released definition alone.

Printed are names and relations, never a number that identifies anybody. The QR code holds an address with a sealed token: whose
form and which edition, readable by this system alone.
"""

import base64
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import segno
from django.conf import settings
from django.db.models import Count
from django.utils.translation import gettext as _

from config.lib import clock, crypto
from customers import access
from customers.domain.form import Field, Form, Section
from customers.domain.form.definition import Shown
from customers.models import Business, Household, Person, Principal, Unit, Visit
from customers.selectors.forms import Edition
from customers.selectors.visits import is_light, notice_in_force
from grids.access import Post
from grids.selectors.campaigns import open_campaign

# So many may lie between two printings of one PDF; a larger grid is printed by its groups.
MOST: Final = 500
# More than this is drawn by a worker, not while the page waits.
INLINE: Final = 50
LONGEST_NOTICE: Final = 420
NEWCOMERS: Final = 2
SPARE_ROWS: Final = 2
_ABOUT: Final = b"customers.paper"
_PURPOSE: Final = "paper form"

Place = Household | Business | Unit


# --- Which paper it is --------------------------------------------------------------------------------------------


def token_of(subject_id: int, release_id: int) -> str:
    """Return what the QR code names: a subject and the edition printed, sealed."""
    number = max(settings.FIELD_KEYS)
    key = crypto.derive(settings.FIELD_KEYS[number], _PURPOSE)
    sealed = crypto.seal(key, struct.pack(">QQ", subject_id, release_id), _ABOUT, number)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def read_token(token: str) -> tuple[int, int] | None:
    """Return the subject and the release a token names; None for what this system did not print."""
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        key = crypto.derive(settings.FIELD_KEYS[sealed[0]], _PURPOSE)
        subject_id, release_id = struct.unpack(">QQ", crypto.unseal(key, sealed, _ABOUT))
    except (ValueError, IndexError, KeyError, struct.error, crypto.Unreadable):
        return None
    return subject_id, release_id


def _code(address: str) -> str:
    return str(segno.make(address, error="m", micro=False).svg_inline(border=0, scale=1))


# --- What is printed ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Writer:
    """Writes one form in one language."""

    form: Form
    language: str

    def sections(self) -> list[dict[str, Any]]:
        """The sections in the order of the pages."""
        return [self._section(section) for step in self.form.steps for section in self.form.in_step(step.code)]

    def _section(self, section: Section) -> dict[str, Any]:
        words = {
            "title": section.words.label(self.language),
            "help": section.help.label(self.language) if section.help else "",
            "when": self._when(section.shown_if, section),
            "shape": section.shape,
        }
        if section.shape == "answers":
            return words | {"fields": [self._field(field, section) for field in section.fields]}
        return words | {
            "columns": [self._column(field) for field in section.fields],
            "legend": [one for field in section.fields if (one := self._legend(field, section))],
            "rows": self._rows(section),
        }

    def _rows(self, section: Section) -> list[str]:
        """What stands at the head of each row: the common kinds, then empty ones."""
        if section.shape == "members":
            return []
        kind = section.by_code.get("kind")
        common = [
            one.words.label(self.language) for one in (kind.options if kind else ()) if one.common and not one.retired
        ]
        return (common + [""] * SPARE_ROWS)[: section.most]

    def _field(self, field: Field, section: Section) -> dict[str, Any]:
        options = [one.words.label(self.language) for one in field.options if not one.retired]
        if field.type == "yes_no":
            options = [_("是"), _("否")]
        return {
            "label": field.words.label(self.language),
            "unit": self._unit(field),
            "kind": field.type,
            "options": options,
            "help": field.help.label(self.language) if field.help else "",
            "when": self._when(field.shown_if, section),
        }

    def _column(self, field: Field) -> dict[str, Any]:
        return {
            "label": field.words.label(self.language),
            "unit": self._unit(field),
            "kind": field.type,
            "is_kind": field.code == "kind",
        }

    def _legend(self, field: Field, section: Section) -> dict[str, str] | None:
        """What to write into a column that takes a number, and when it is asked."""
        parts = []
        if field.type in ("choice", "choices"):
            offered = [one.words.label(self.language) for one in field.options if not one.retired]
            parts.append("  ".join(f"{place} {words}" for place, words in enumerate(offered, start=1)))
        elif field.type == "member":
            parts.append(_("写家庭成员序号"))
        if field.shown_if is not None:
            parts.append(self._when(field.shown_if, section))
        return {"label": field.words.label(self.language), "text": "；".join(parts)} if parts else None

    def _unit(self, field: Field) -> str:
        if field.type == "yuan":
            return _("元")
        return field.unit.label(self.language) if field.unit else ""

    def _when(self, shown: Shown | None, section: Section) -> str:
        if shown is None:
            return ""
        asked = section.by_code.get(shown.field) or self.form.answers.get(shown.field)
        if asked is None:
            return ""
        named = {"true": _("是"), "false": _("否")}
        values = [
            asked.choices[value].words.label(self.language) if value in asked.choices else named.get(value, value)
            for value in shown.values
        ]
        return _("“%(field)s”为“%(values)s”时填") % {
            "field": asked.words.label(self.language),
            "values": _("或").join(values),
        }


def paper_data(places: Sequence[Place], edition: Edition, language: str, address: str) -> dict[str, Any]:
    """Return what the template ``form`` prints, one form each; ``address`` is where this system answers (https://…/).

    Two queries whatever their number; places are of the kind the form is for and come with grid, institution and subject.
    """
    notice = notice_in_force(places[0].institution_id) if places else None
    heads = _heads_of_households(places) if edition.form.subject == "household" else _heads_of_entities(places)
    return {
        "bank": places[0].grid.institution.name if places else "",
        "title": edition.form.words.label(language),
        "edition": _("第 %(version)s 版") % {"version": edition.version},
        "visit": {
            "purpose": [str(label) for _code_, label in Visit.Purpose.choices],
            "channel": [str(label) for _code_, label in Visit.Channel.choices],
            "called": [str(label) for _code_, label in Visit.Called.choices],
            "outcome": [str(label) for _code_, label in Visit.Outcome.choices],
            "met": []
            if edition.form.subject == "household"
            else [str(label) for _role, label in Visit.MetRole.choices],
            "consent": [_("已宣读，口头同意"), _("已签字同意"), _("不同意采集")],
        },
        "notice": _notice(notice, language),
        "sections": _Writer(edition.form, language).sections(),
        "newcomers": NEWCOMERS,
        "subjects": [
            head
            | {
                "village": place.grid.name,
                "town": place.grid.town,
                "code": _code(f"{address.rstrip('/')}/papers/{token_of(place.pk, edition.release_id)}/"),
            }
            for place, head in zip(places, heads, strict=True)
        ],
    }


def _heads_of_households(homes: Sequence[Any]) -> list[dict[str, Any]]:
    """Return what stands at the head of each household's form: number, group, the head's name, the present members."""
    people = _people(homes)
    today = clock.today()
    return [
        {
            "label": _("户号"),
            "number": home.number,
            "group": home.group,
            "head": next((one.name for one in people.get(home.pk, ()) if one.pk == home.head_id), ""),
            "members": [
                {
                    "name": one.name,
                    "relation": str(one.get_relation_display()),
                    "is_light": is_light(one, home.head_id, today),
                }
                for one in people.get(home.pk, ())
            ],
        }
        for home in homes
    ]


def _heads_of_entities(places: Sequence[Any]) -> list[dict[str, Any]]:
    """Return what stands at the head of the form of each business or unit: credit code, address, its name and who answers for it."""
    answering = dict(
        Principal.objects.filter(subject__in=[one.pk for one in places], erased_at__isnull=True).values_list(
            "subject_id", "name"
        )
    )
    return [
        {
            "label": _("信用代码"),
            "number": one.subject.uscc or "—",
            "group": " · ".join(part for part in (answering.get(one.pk, ""), one.address) if part),
            "head": one.name,
            "members": [],
        }
        for one in places
    ]


def _people(homes: Iterable[Household]) -> dict[int, list[Person]]:
    """Return the present members of households, the head first."""
    heads = {home.pk: home.head_id for home in homes}
    found: dict[int, list[Person]] = {}
    present = Person.objects.filter(household__in=list(heads), left_on__isnull=True, erased_at__isnull=True)
    for person in present.order_by("pk"):
        found.setdefault(person.household_id, []).append(person)
    for household, members in found.items():
        members.sort(key=lambda one: one.pk != heads[household])
    return found


def ways(post: Post) -> dict[str, Any]:
    """Count the visits of the open campaign a post may see: how the household was met, by which way it came in.

    A view of the visits there are; what the weekly report counts stays as it is.
    """
    campaign = open_campaign(post.staff.institution_id)
    counted = (
        access.visits_for(post)
        .filter(campaign=campaign)
        .order_by()
        .values_list("channel", "entry")
        .annotate(count=Count("pk"))
    )
    found = {(channel, entry): count for channel, entry, count in counted}
    return {
        "entries": [str(label) for _entry, label in Visit.Entry.choices],
        "rows": [
            {
                "label": str(label),
                "counts": [found.get((channel, entry), 0) for entry, _label in Visit.Entry.choices],
                "sum": sum(count for (one, _entry), count in found.items() if one == channel),
            }
            for channel, label in Visit.Channel.choices
        ],
        "sum": sum(found.values()),
    }


def _notice(notice: Any, language: str) -> dict[str, str]:
    if notice is None:
        return {"title": _("告知书尚未发布"), "text": "", "more": ""}
    words = notice.document["en" if language.startswith("en") else "zh"]
    text = " ".join(words["paragraphs"])
    short = len(text) > LONGEST_NOTICE
    return {
        "title": words["title"],
        "text": text[: LONGEST_NOTICE - 1] + "…" if short else text,
        "more": _("告知书第 %(version)s 版，全文由走访人当面出示。") % {"version": notice.version},
    }
