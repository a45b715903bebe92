"""Report tables as pages show them: every figure with the address of the list it counts."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from config.lib.tables import Role, Table, paper
from config.lib.weeks import Week
from reporting.domain.figures import FIGURE, FIGURES, Level, ratios
from reporting.domain.report import Report
from reporting.domain.weekly import headline, shown

_LISTS = {
    "roster": ("roster", "total"),
    "completion": ("unvisited", "total"),
    "gap": ("unvisited", "total"),
    "week": ("visited", "week"),
    "late": ("late", "week"),
    "not_met": ("not_met", "week"),
    "off_roster": ("off_roster", "total"),
} | {f"{figure.code}.{period}": (figure.code, period) for figure in FIGURES for period in ("week", "total")}
_WITHDRAWN = {f"{code}.week": ("withdrawn", "week") for code in ("granted", "granted_amount")}


class Links:
    """Where the figures of one report lead: to their households, or with ``may_open`` False to the lines they are the sum of."""

    def __init__(self, week: Week, *, may_open: bool, branch_id: int | None = None) -> None:
        self.week = week
        self.may_open = may_open
        self._behind = reverse("reporting:figure_households") if may_open else ""
        self._weekly = reverse("reporting:weekly")
        self._grid = reverse("grids:grid", args=[0]).replace("/0/", "/%s/")
        self._branch_id = branch_id

    def households(self, key: str, figure: str, period: str, kind: str = "") -> str:
        """Return the list behind one figure of one line."""
        level, _dash, unit = key.partition("-")
        if not self.may_open:
            if level == Level.BRANCH:
                return self.report(branch=unit, level=Level.GRID.value)
            return self.report(level=Level.GRID.value) if level in (Level.BANK, "scope") else ""
        query = {"week": self.week.code, "figure": figure, "period": period}
        query |= {"level": level, "unit": unit} if unit else {"level": Level.BANK.value}
        if kind and kind != "all":
            query["kind"] = kind
        return f"{self._behind}?{urlencode(query)}"

    def report(self, **query: object) -> str:
        """Return the report itself, narrowed or at another level."""
        return f"{self._weekly}?{urlencode({'week': self.week.code, **query})}"

    def unit(self, key: str) -> str:
        """Return what a line is about: a branch's own report, a grid's page."""
        level, _dash, unit = key.partition("-")
        if level == Level.BRANCH:
            return self.report(branch=unit, level=Level.GRID.value)
        return self._grid % unit if level == Level.GRID else ""


def linked(table: Table, links: Links, language: str) -> dict[str, Any]:
    """Return a table for ``reporting/_figures.html``: name first, each figure with its address, noughts plain."""
    plain = paper(table, language)
    columns: list[Any] = list(plain["columns"])  # type: ignore[call-overload]
    order = sorted(range(len(columns)), key=lambda at: columns[at]["key"] != "name")
    groups, at = [], 0
    for group in plain["groups"]:  # type: ignore[attr-defined]
        keys = [columns[place]["key"] for place in range(at, at + group["span"])]
        groups.append({**group, "is_name": keys == ["name"]})
        at += group["span"]
    rows = []
    for row, written in zip(table.rows, plain["rows"], strict=True):  # type: ignore[call-overload]
        cells = []
        for place in order:
            key = columns[place]["key"]
            text = written["cells"][place]
            cells.append({"text": text, "figure": columns[place]["figure"], "url": _url(row, key, links), "key": key})
        rows.append({"role": row.role.value, "cells": cells})
    return {
        "title": plain["title"],
        "notes": plain["notes"],
        "groups": sorted(groups, key=lambda group: not group["is_name"]),
        "has_groups": any(group["name"] for group in groups),
        "columns": [columns[place] for place in order],
        "rows": [row for row in rows if row["role"] != Role.TOTAL],
        "totals": [row for row in rows if row["role"] == Role.TOTAL],
    }


def _url(row: Any, key: str, links: Links) -> str:
    value = row.cells.get(key)
    if key == "name":
        return links.unit(row.key) if row.role == Role.BODY else ""
    if value in (None, "", 0):
        return ""
    figure, _dot, kind = key.partition(".")
    if row.role == Role.MINUS:
        found = _WITHDRAWN.get(key)
    elif kind in ("household", "business", "unit", "all"):  # visits by kind
        found = {"roster": ("roster", "total"), "week": ("visited", "week"), "total": ("visited", "total")}.get(figure)
        return links.households(row.key, *found, kind=kind) if found else ""
    else:
        found = _LISTS.get(key)
    if key == "completion" and value.part >= value.whole:
        return ""
    return links.households(row.key, *found) if found else ""


def stats(report: Report, links: Links, language: str) -> list[dict[str, Any]]:
    """Return the roster and every figure as blocks that lead to their lists."""
    total = report.total
    codes = ["roster", *(figure.code for figure in shown(total.all_kinds))]
    return [
        {
            "label": block["name"],
            "value": block["total"],
            "unit": block["unit"],
            "note": block["week"],
            "url": links.households(total.key, code, "total"),
        }
        for code, block in zip(codes, headline(total, language), strict=True)
    ]


def named_ratios(report: Report, language: str) -> list[dict[str, str]]:
    """Return the ratios of the scope, each with its denominator named and counted."""
    return [
        {
            "name": each.name.of(language),
            "of": each.of.of(language),
            "text": str(each.ratio),
            "whole": f"{each.ratio.whole:,}",
        }
        for each in ratios(report.total.all_kinds)
    ]


def apart(report: Report, links: Links) -> list[dict[str, Any]]:
    """Return what is counted apart and never lifts a ratio: assessable, blocked, late, in vain, off the list."""
    progress, key = report.total.all_kinds, report.total.key
    entries: tuple[tuple[str, int, str, str], ...] = (
        (_("可评议户数"), progress.assessable, "assessable", "total"),
        (_("黑灰名单户"), progress.blocked, "blocked", "total"),
        (_("本周补传（走访日在以前的周）"), progress.late, "late", "week"),
        (_("本周未遇人或已迁走"), progress.not_met, "not_met", "week"),
        (_("名单外走访（散户，不计入比率）"), progress.off_roster, "off_roster", "total"),
        (_("散户转入名单"), progress.joined, "joined", "total"),
        (_("本周撤回授信"), progress.granted.withdrawn, "withdrawn", "week"),
    )
    return [
        {"label": label, "value": value, "url": links.households(key, figure, period) if value else ""}
        for label, value, figure, period in entries
        if value or figure in ("assessable", "blocked")
    ]


def figure_name(figure: str, period: str, language: str) -> str:
    """Return what a list behind a figure is called."""
    if figure in FIGURE:
        return f"{FIGURE[figure].name.of(language)} · {_('本周') if period == 'week' else _('累计')}"
    names: Mapping[str, str] = {
        "roster": _("名单户"),
        "unvisited": _("还没有走访的户"),
        "assessable": _("可评议户"),
        "blocked": _("黑灰名单户"),
        "late": _("补传"),
        "not_met": _("未遇人或已迁走"),
        "off_roster": _("名单外走访（散户）"),
        "joined": _("散户转入名单"),
        "withdrawn": _("撤回授信"),
    }
    return names[figure]
