"""Filters and tags of every page: how values are written, and small parts whose markup needs a decision.

Available in every template without ``{% load %}``. The writing itself lives in ``config.lib.display``.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.http import QueryDict
from django.templatetags.static import static
from django.utils.html import conditional_escape as escape
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from config.lib import display

register = template.Library()

for write in (
    display.number,
    display.yuan_figure,
    display.yuan,
    display.wan_figure,
    display.wan,
    display.money,
    display.ratio,
    display.day,
    display.day_short,
    display.moment,
    display.time_of_day,
    display.days_ago,
    display.week,
    display.week_short,
    display.masked_id,
    display.masked_phone,
):
    register.filter(write.__name__, write)
register.simple_tag(display.share)


@register.filter
def change(value: Any, places: int = 0) -> SafeString | str:
    """Write an increment with its direction, for the eye and for the ear. Direction carries no colour: more is not
    always better."""
    exact = display.exact_value(value)
    if exact is None:
        return ""
    if exact == 0:
        return format_html('<span class="change change-none">{}</span>', _("持平"))
    word, arrow = (_("增加"), "▲") if exact > 0 else (_("减少"), "▼")
    return format_html(
        '<span class="change"><span class="visually-hidden">{} </span><span aria-hidden="true">{}</span>\u2009{}</span>',
        word,
        arrow,
        display.number(abs(exact), int(places)),
    )


@register.filter
def rank_change(value: Any) -> SafeString | str:
    """Write how many places a rank rose (positive) or fell against the last frozen week."""
    if value is None or value == "":
        return ""
    places = int(value)
    if places == 0:
        return format_html('<span class="change change-none">{}</span>', _("不变"))
    word, arrow = (_("上升"), "↑") if places > 0 else (_("下降"), "↓")
    return format_html('<span class="change"><span aria-hidden="true">{}</span>{} {}</span>', arrow, word, abs(places))


@register.filter
def listed(values: Iterable[Any] | None) -> SafeString:
    """Write several names after one another, with the comma of the page's language."""
    comma = ", " if (get_language() or "").startswith("en") else "、"
    return format_html_join(comma, "{}", ((one,) for one in values or ()))


# --- Small parts --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _sprite() -> str:
    return static("icons/sprite.svg")


@register.simple_tag
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """Draw an icon of icons/sprite.svg. Silent for screen readers unless it stands alone and gets a label."""
    classes = f"icon icon-{size}" if size else "icon"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}#{}"></use></svg>', classes, label, _sprite(), name
        )
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>', classes, _sprite(), name
    )


#: Tone -> icon. Warning colours belong to warnings and errors alone; every tone has a sign, so none is colour only.
TONES = {
    "neutral": "",
    "good": "check",
    "wait": "hourglass",
    "yellow": "alert-circle",
    "orange": "alert-triangle",
    "red": "alert-octagon",
    "locked": "lock",
}


@register.simple_tag
def badge(label: Any, tone: str = "neutral", sign: str = "") -> SafeString:
    """Write a state as a badge: tone is one of neutral, good, wait, locked, yellow, orange, red."""
    if tone not in TONES:
        raise template.TemplateSyntaxError(f"badge tone {tone!r} is not one of {', '.join(TONES)}")
    name = sign or TONES[tone]
    return format_html('<span class="badge badge-{}">{}{}</span>', tone, icon(name) if name else "", label)


def _percent(part: Any, whole: Any) -> float:
    top, bottom = display.exact_value(part), display.exact_value(whole)
    if top is None or not bottom:
        return 0.0
    return float(max(Fraction(0), min(Fraction(1), top / bottom)) * 100)


@register.simple_tag
def bar(part: Any, whole: Any, target: Any = None, label: str = "") -> SafeString:
    """Draw part of whole as a thin bar, with an optional mark where the target lies. Says its share to the ear."""
    mark = ""
    if target is not None:
        at = f"{_percent(target, whole):.2f}%"
        line = '<line class="{}" x1="{}" x2="{}" y1="0" y2="100%"></line>'
        mark = format_html(line + line, "bar-halo", at, at, "bar-target", at, at)
    return format_html(
        '<svg class="bar" role="img" aria-label="{}"><rect class="bar-track" width="100%" height="100%"></rect>'
        '<rect class="bar-value" width="{}%" height="100%"></rect>{}</svg>',
        f"{label} {display.share(part, whole)}".strip(),
        f"{_percent(part, whole):.2f}",
        mark,
    )


@register.simple_tag
def ring(part: Any, whole: Any) -> SafeString:
    """Draw part of whole as a ring for the place beside the figure that says the same; silent for screen readers."""
    return format_html(
        '<svg class="ring" viewBox="0 0 36 36" aria-hidden="true" focusable="false">'
        '<circle class="ring-track" cx="18" cy="18" r="15.9155"></circle>'
        '<circle class="ring-value" cx="18" cy="18" r="15.9155" pathLength="100" stroke-dasharray="{} 100"></circle></svg>',
        f"{_percent(part, whole):.2f}",
    )


# --- Links that keep the state of a list --------------------------------------------------------------------------


def _query(context: Mapping[str, Any]) -> QueryDict:
    request = context.get("request")
    return request.GET.copy() if request is not None else QueryDict(mutable=True)


@register.simple_tag(takes_context=True)
def query(context: Mapping[str, Any], **changes: Any) -> str:
    """Return the page's query string with some values replaced; None or "" removes one. Changing a filter or the order
    returns to the first page unless ``page`` is given."""
    values = _query(context)
    if "page" not in changes:
        values.pop("page", None)
    for name, value in changes.items():
        if value is None or value == "":
            values.pop(name, None)
        elif isinstance(value, (list, tuple)):
            values.setlist(name, [str(item) for item in value])
        else:
            values[name] = str(value)
    return f"?{values.urlencode()}"


@register.inclusion_tag("components/sort_header.html", takes_context=True)
def sort_header(
    context: Mapping[str, Any], name: str, label: str, align: str = "", default: str = ""
) -> dict[str, Any]:
    """Write a column head that sorts: ``?sort=name`` ascending, ``?sort=-name`` descending; ``default`` is the order of a
    page without ?sort. ``align="end"`` for figures, which sort from the highest first."""
    now = _query(context).get("sort") or default
    current = "ascending" if now == name else "descending" if now == f"-{name}" else "none"
    first, second = (f"-{name}", name) if align == "end" else (name, f"-{name}")
    return {
        "label": label,
        "align": align,
        "current": current,
        "url": query(context, sort=second if now == first else first),
    }


@register.inclusion_tag("_pagination.html", takes_context=True)
def pagination(context: Mapping[str, Any], page: Any, target: str = "") -> dict[str, Any]:
    """Write the page links of a Django page; ``target`` is the CSS selector of the part htmx replaces."""
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    gap = page.paginator.ELLIPSIS
    return {
        "page": page,
        "target": target,
        "links": [None if n == gap else {"number": n, "url": query(context, page=n)} for n in numbers],
        "previous": query(context, page=page.number - 1) if page.has_previous() else "",
        "next": query(context, page=page.number + 1) if page.has_next() else "",
    }


@register.inclusion_tag("components/filter_bar.html", takes_context=True)
def filter_bar(
    context: Mapping[str, Any], filters: Iterable[Mapping[str, Any]], target: str = "", found: Any = None
) -> dict[str, Any]:
    """Write the filters of a list; their state lives in the URL. Each filter is a mapping of ``name``, ``label`` and
    ``kind``: "select" (with ``options`` of (value, label)), "search", "date" or "check"; optional ``main`` keeps it out
    of the fold on a phone. ``found`` is the number of rows found, written beside the chips."""
    values = _query(context)
    rows, chips = [], []
    for one in filters:
        value = values.get(one["name"], "")
        options = [(str(key), label) for key, label in one.get("options", [])]
        rows.append({**one, "value": value, "options": options})
        if value:
            shown = dict(options).get(value, value) if options else value
            text = one["label"] if one.get("kind") == "check" else shown
            chips.append({"label": one["label"], "value": text, "url": query(context, **{one["name"]: None})})
    return {
        "main": [row for row in rows if row.get("main")],
        "more": [row for row in rows if not row.get("main")],
        "chips": chips,
        "clear": query(context, **{row["name"]: None for row in rows}),
        "kept": [(key, item) for key in ("sort",) for item in values.getlist(key)],
        "target": target,
        "found": found,
    }


# --- Form fields --------------------------------------------------------------------------------------------------


def _kind(bound: BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple)):
        return "choices"
    if isinstance(widget, forms.Select):
        return "select"
    return "file" if isinstance(widget, forms.FileInput) else "text"


@register.simple_tag
def field(
    bound: BoundField,
    unit: str = "",
    last: Any = "",
    keypad: str = "",
    note: str = "",
    wide: bool = False,
    **attrs: Any,
) -> SafeString:
    """Write a form field: label, control, unit inside, last accepted value greyed beside it, help and errors.
    ``keypad`` is decimal, numeric or tel; further names become attributes of the control (``data_total`` ->
    ``data-total``)."""
    kind = _kind(bound)
    described = [
        f"{bound.auto_id}_{part}" for part, text in (("help", bound.help_text or note), ("last", last)) if text
    ]
    if bound.errors:
        described.append(f"{bound.auto_id}_errors")
    given = {name.replace("_", "-"): value for name, value in attrs.items()}
    if kind != "choices":
        css = {"check": "form-check-input", "select": "form-select"}.get(kind, "form-control")
        given["class"] = f"{css}{' is-invalid' if bound.errors else ''}"
    if getattr(bound.field.widget, "input_type", "") == "number":
        # A number input loses what it cannot parse and turns by the mouse wheel; text with a keypad keeps every typing.
        bound.field.widget.input_type = "text"
        keypad = keypad or "decimal"
    if keypad:
        given["inputmode"] = keypad
    if described:
        given["aria-describedby"] = " ".join(described)
    if bound.errors:
        given["aria-invalid"] = "true"
    control = "" if kind == "choices" else bound.as_widget(attrs=given)
    return _framed(bound, kind, control, str(unit), last, bound.help_text or note, wide=bool(wide))


def _framed(bound: BoundField, kind: str, control: str, unit: str, last: Any, note: Any, *, wide: bool) -> SafeString:
    """Set a control in its frame. Straight to HTML, as ``config.lib.controls`` does it: a visit has some eighty fields, and a template
    for each took an eighth of the page's time."""
    label, own = escape(bound.label), escape(bound.auto_id)
    asked = "" if bound.field.required else f' <span class="optional">{escape(_("选填"))}</span>'
    parts = [f'<div class="field{" field-wide" if wide else ""}" data-field="{escape(bound.name)}">']
    if kind == "check":
        parts.append(f'<label class="form-check-line">{control}<span>{label}</span></label>')
    elif kind == "choices":
        described = f' aria-describedby="{own}_help"' if note else ""
        options = "".join(
            f'<label class="choice">{one.tag()}<span>{escape(one.choice_label)}</span></label>' for one in bound
        )
        parts.append(
            f'<fieldset{described}><legend class="form-label fs-6">{label}{asked}</legend><div class="choices">{options}</div></fieldset>'
        )
    else:
        mark = f'<span class="field-unit" aria-hidden="true">{escape(unit)}</span>' if unit else ""
        before = (
            f'<div class="field-last" id="{own}_last"><span>{escape(_("上次"))}</span>{escape(last)}</div>'
            if last
            else ""
        )
        parts.append(
            f'<label class="form-label" for="{escape(bound.id_for_label)}">{label}{asked}</label><div class="field-row">'
            f'<div class="field-control{" has-unit" if unit else ""}">{control}{mark}</div>{before}</div>'
        )
    if note:
        parts.append(f'<p class="field-help" id="{own}_help">{escape(note)}</p>')
    if bound.errors:
        errors = "".join(f"<li>{icon('alert-circle')} {escape(str(error))}</li>" for error in bound.errors)
        parts.append(f'<ul class="field-errors" id="{own}_errors">{errors}</ul>')
    return mark_safe("".join([*parts, "</div>"]))  # noqa: S308  every part is escaped above


# --- Charts -------------------------------------------------------------------------------------------------------

_CHART_FORMATS = {
    "count": display.number,
    "yuan": display.yuan_figure,
    "wan": display.wan_figure,
    "ratio": display.ratio,
}


@register.inclusion_tag("components/chart.html")
def chart(data: Mapping[str, Any], name: str, head: str = "", tall: bool = False) -> dict[str, Any]:
    """Draw a chart and write the same figures as a table. ``data`` holds kind (trend, bars, histogram, waterfall), title,
    format (count, yuan, wan, ratio: money in yuan, ratios from 0 to 1), unit, labels, series (name, values, urls); what
    further keys mean stands in charts.js."""
    write = _CHART_FORMATS[data.get("format", "count")]
    rows = []
    for at, label in enumerate(data["labels"]):
        cells = [
            {"value": write(one["values"][at]), "url": (one.get("urls") or {at: ""})[at]} for one in data["series"]
        ]
        rows.append({"label": label, "cells": cells})
    return {"chart": data, "id": name, "script_id": f"{name}-data", "head": head, "rows": rows, "tall": tall}
