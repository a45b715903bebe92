"""One household tried under a model: the form made of its inputs and parameters, what was typed, the explained result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from config.lib.display import number
from credit.domain.model import BoundModel, Model, ValueType, explain_result
from credit.domain.model.document import Input, Parameter
from credit.domain.model_sheet import TYPES
from credit.domain.sliding import track
from credit.domain.trace import exact_text
from credit.domain.typed_facts import Unread, read_facts, read_parameters
from credit.selectors.explained_model import ModelPage
from credit.selectors.laboratory import released_parameters

Sent = Mapping[str, Sequence[str]]
SPARE_EVENTS = 1
"""Empty rows offered below the events of a list."""


@dataclass(frozen=True)
class Tried:
    """The form with what was typed, how many fields could not be read, and the result once everything could."""

    form: dict[str, Any]
    count: int
    page: ModelPage | None


def tried(model: Model, sent: Sent | None, counties: Mapping[str, Any], county: str, language: str) -> Tried:
    """Return the form of a model, and what its facts lead to once they were sent.

    The parameters are those of a county until they were typed over; another county chosen puts its own in their place.
    """
    chosen = _one(sent, "county") if sent is not None else county
    chosen = chosen if chosen in counties else next(iter(counties), "") if county not in counties else county
    released = released_parameters(model, counties.get(chosen, {}))
    parameters = {name: exact_text(value) for name, value in released.items()}
    texts: dict[str, str] = {}
    events: dict[str, list[dict[str, str]]] = {}
    step = _one(sent, "do") if sent is not None else ""
    if sent is not None:
        texts, events = typed(model, sent)
        if step != "county":
            parameters = {one.name: _one(sent, f"parameter.{one.name}") for one in model.parameters}
    unread: list[Unread] = []
    page = None
    if sent is not None and step not in ("county", "more"):
        facts, wrong = read_facts(model, texts, events)
        values, wrong_parameters = read_parameters(model.parameters, parameters)
        unread = [*(Unread(f"fact.{one.place}", one.words) for one in wrong),
                  *(Unread(f"parameter.{one.place}", one.words) for one in wrong_parameters)]  # fmt: skip
        if not unread:
            result = BoundModel(model, values).evaluate(facts)
            page = ModelPage(model, explain_result(model, result))
    more = step == "more"
    form = {
        "county": chosen,
        "counties": list(counties),
        "parameters": [_parameter(one, parameters.get(one.name, ""), language) for one in model.parameters],
        "facts": [_fact(one, texts.get(one.name, ""), language) for one in model.inputs if not _listed(one)],
        "lists": [_list(one, events.get(one.name, []), language, more=more) for one in model.inputs if _listed(one)],
    }
    _mark(form, {one.place: one.words.text(language) for one in unread})
    return Tried(form, len(unread), page)


def typed(model: Model, sent: Sent) -> tuple[dict[str, str], dict[str, list[dict[str, str]]]]:
    """Return the texts of the facts as they were sent, and the rows of every list of events."""
    texts = {one.name: _one(sent, f"fact.{one.name}") for one in model.inputs if not _listed(one)}
    events = {}
    for one in model.inputs:
        if not _listed(one):
            continue
        columns = {field.name: sent.get(f"fact.{one.name}.{field.name}", ()) for field in one.fields}
        count = min(max((len(column) for column in columns.values()), default=0), one.at_most + SPARE_EVENTS)
        rows = [
            {name: column[place] if place < len(column) else "" for name, column in columns.items()}
            for place in range(count)
        ]
        events[one.name] = [row for row in rows if any(text.strip() for text in row.values())]
    return texts, events


def _one(sent: Sent | None, name: str) -> str:
    found = (sent or {}).get(name, ())
    return found[0] if found else ""


def _listed(entry: Input) -> bool:
    return entry.type is ValueType.EVENTS


def _fact(entry: Input, value: str, language: str, name: str = "") -> dict[str, Any]:
    choices: list[tuple[str, str]] = []
    if entry.type is ValueType.CHOICE:
        choices = [(choice.code, choice.label.text(language)) for choice in entry.choices]
    elif entry.type is ValueType.BOOL:
        choices = [("yes", _("是")), ("no", _("否"))]
    place = name or f"fact.{entry.name}"
    return {
        "name": place,
        "id": "field-" + place.replace(".", "-"),
        "label": entry.label.text(language),
        "value": value,
        "choices": choices,
        "unit": TYPES[entry.type].text(language) if entry.type is ValueType.MONEY else "",
        "mode": "numeric" if entry.type is ValueType.INT else "decimal",
        "optional": not entry.missing_reason and not name,
        "errors": [],
    }


def _parameter(entry: Any, value: str, language: str) -> dict[str, Any]:
    place = f"parameter.{entry.name}"
    return {
        "name": place,
        "id": "field-" + place.replace(".", "-"),
        "label": entry.label.text(language),
        "value": value,
        "choices": [],
        "unit": TYPES[entry.type].text(language) if entry.type is ValueType.MONEY else "",
        "mode": "numeric" if entry.type is ValueType.INT else "decimal",
        "optional": entry.default is not None,
        "errors": [],
    }


def _list(entry: Input, rows: list[dict[str, str]], language: str, *, more: bool) -> dict[str, Any]:
    shown = [*rows, *({} for _spare in range(SPARE_EVENTS + int(more)))][: entry.at_most]
    return {
        "label": entry.label.text(language),
        "heads": [field.label.text(language) for field in entry.fields],
        "rows": [
            [
                _fact(field, row.get(field.name, ""), language, f"fact.{entry.name}.{field.name}")
                | {"id": f"field-{entry.name}-{place}-{field.name}", "at": f"fact.{entry.name}.{place}.{field.name}"}
                for field in entry.fields
            ]
            for place, row in enumerate(shown)
        ],
        "may_add": len(shown) < entry.at_most,
    }


def _mark(form: dict[str, Any], errors: Mapping[str, str]) -> None:
    cells = [cell for one in form["lists"] for row in one["rows"] for cell in row]
    for cell in (*form["facts"], *form["parameters"], *cells):
        said = errors.get(cell.get("at", cell["name"]))
        if said:
            cell["errors"].append(said)


def parameter_fields(
    model: Model,
    texts: Mapping[str, str],
    errors: Mapping[str, str],
    language: str,
    released: Mapping[str, Decimal] | None = None,
) -> list[dict[str, Any]]:
    """Return the fields of a model's parameters as they were typed, each with what is wrong with it; given what is released, each
    with a slider about that value or else the model's own."""
    fields = []
    for one in model.parameters:
        field = _parameter(one, texts.get(one.name, ""), language)
        if released is not None:
            field["slide"] = _slide(one, released.get(one.name))
        if one.name in errors:
            field["errors"].append(errors[one.name])
        fields.append(field)
    return fields


def _slide(entry: Parameter, released: Decimal | None) -> dict[str, Any] | None:
    usual = entry.default if released is None else released
    found = track(entry, usual)
    if found is None:
        return None
    said = "" if usual is None else _grouped(usual)
    return {
        "low": exact_text(found.low),
        "high": exact_text(found.high),
        "step": exact_text(found.step),
        "ends": [_grouped(found.low), _grouped(found.high)],
        "usual": "" if usual is None else exact_text(usual),
        "back": (_("默认 %(value)s") if released is None else _("已发布 %(value)s")) % {"value": said} if said else "",
    }


def _grouped(value: Decimal) -> str:
    _sign, _digits, exponent = value.normalize().as_tuple()
    return number(value, max(0, -int(exponent)))


def county_texts(model: Model, counties: Mapping[str, Any], county: str) -> dict[str, str]:
    """Return the parameters of a model as a county has released them, as they are typed."""
    return {name: exact_text(value) for name, value in released_parameters(model, counties.get(county, {})).items()}
