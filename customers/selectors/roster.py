"""Roster imports as pages show them: the list, one import with its preview, its findings in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from config.lib.display import number
from config.lib.sheets import Sheet, write_workbook
from config.lib.tables import Column, Row, Shape, Table, Words
from customers import access
from customers.domain.roster import words
from customers.domain.roster.columns import Header
from customers.domain.roster.problems import Problem
from customers.domain.roster.tally import FIGURES
from customers.models import RosterImport, RosterProblem, RosterRemark, Subject
from grids.access import Grid, Post

PER_PAGE = 20
MOST_IN_SHEET = 100_000
State = RosterImport.State
KINDS = RosterImport.Source.choices


def language() -> str:
    """Return the language of the page."""
    return get_language() or "zh-hans"


def tone_of(roster: RosterImport) -> str:
    """Return the tone of an import's state: errors are red although the check went well."""
    if roster.state == State.CHECKED:
        return "red" if roster.summary.get("errors") else "yellow" if roster.summary.get("warnings") else "wait"
    if roster.answer:
        return "orange"
    return {State.WRITTEN: "good", State.DISCARDED: "neutral", State.BROKEN: "red", State.FAILED: "red"}.get(
        State(roster.state), "wait"
    )


def label_of(roster: RosterImport) -> str:
    """Return the state of an import in words; a checked file with errors waits for nobody."""
    if roster.answer:
        return _("已退回")
    if roster.state == State.CHECKED and roster.summary.get("errors"):
        return _("有错误")
    return str(roster.get_state_display())


def list_rosters(post: Post, filters: Mapping[str, str], page: str | None) -> Page[RosterImport]:
    """Return one page of a post's imports, the newest first."""
    rows = access.rosters_for(post).select_related("branch", "uploaded_by").order_by("-uploaded_at", "-pk")
    if filters.get("source_kind") in RosterImport.Source.values:
        rows = rows.filter(source_kind=filters["source_kind"])
    if filters.get("state") in State.values:
        rows = rows.filter(state=filters["state"])
    return Paginator(rows, PER_PAGE).get_page(page)


def waiting(post: Post) -> int:
    """Return how many checked files without errors wait for this post's confirmation."""
    rows = access.rosters_for(post).filter(state=State.CHECKED, summary__errors={})
    return rows.exclude(uploaded_by=post.staff_id).count()


# --- Preview ------------------------------------------------------------------------------------------------------


def villages_of(roster: RosterImport) -> list[dict[str, Any]]:
    """Return the figures of an import by village, in the order of the pinyin, and what is not 0 in words (``told``)."""
    figures = roster.summary.get("villages", {})
    say = in_words if roster.lists == Subject.Kind.HOUSEHOLD else entities_in_words
    grids = Grid.objects.filter(pk__in=[int(pk) for pk in figures]).order_by("pinyin", "pk").values_list("pk", "name")
    return [{"pk": pk, "name": name, **figures[str(pk)], "told": say(figures[str(pk)])} for pk, name in grids]


def in_words(figures: Mapping[str, int]) -> str:
    """Write what of the figures of a village is not 0."""
    pairs = (
        (_("新增"), "new", "people_new"),
        (_("变更"), "changed", "people_changed"),
        (_("不变"), "unchanged", "people_unchanged"),
        (_("文件中没有"), "missing", "people_missing"),
    )
    parts = [
        _("%(what)s %(homes)s 户 %(people)s 人")
        % {"what": what, "homes": number(figures[homes]), "people": number(figures[people])}
        for what, homes, people in pairs
        if figures[homes] or figures[people]
    ]
    if figures["listed"]:
        parts.append(_("散户列入 %(homes)s 户") % {"homes": number(figures["listed"])})
    if figures["moves"]:
        parts.append(_("迁户申请 %(people)s 人") % {"people": number(figures["moves"])})
    return " · ".join(parts)


def entities_in_words(figures: Mapping[str, int]) -> str:
    """Write what of the figures of a grid is not 0, of businesses or units."""
    pairs = ((_("新增"), "new"), (_("变更"), "changed"), (_("不变"), "unchanged"), (_("文件中没有"), "missing"))
    parts = [
        _("%(what)s %(count)s 家") % {"what": what, "count": number(figures[name])}
        for what, name in pairs
        if figures[name]
    ]
    if figures["listed"]:
        parts.append(_("散户列入 %(count)s 家") % {"count": number(figures["listed"])})
    return " · ".join(parts)


def totals_of(roster: RosterImport) -> dict[str, int]:
    """Return the figures of an import over all villages."""
    return {**dict.fromkeys(FIGURES, 0), **roster.summary.get("totals", {})}


def stats_of(roster: RosterImport, totals: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the figures of an import as tiles: households, with their people beneath; or businesses, or units."""
    if roster.lists != Subject.Kind.HOUSEHOLD:
        names = (
            (_("新增"), totals["new"]),
            (_("变更"), totals["changed"]),
            (_("不变"), totals["unchanged"]),
            (_("散户列入名册"), totals["listed"]),
            (_("文件中没有"), totals["missing"]),
            (_("未入格"), roster.summary.get("unplaced", 0)),
        )
        return [{"label": label, "value": number(count), "unit": _("家")} for label, count in names]
    tiles = [
        (_("新增"), "new", "people_new"),
        (_("变更"), "changed", "people_changed"),
        (_("不变"), "unchanged", "people_unchanged"),
        (_("文件中没有"), "missing", "people_missing"),
    ]
    found: list[dict[str, Any]] = [
        {
            "label": label,
            "value": number(totals[homes]),
            "unit": _("户"),
            "note": _("%(people)s 人") % {"people": number(totals[people])},
        }
        for label, homes, people in tiles
    ]
    if totals["listed"]:
        found.append({"label": _("散户列入名册"), "value": number(totals["listed"]), "unit": _("户")})
    found.append({"label": _("迁户申请"), "value": number(totals["moves"]), "unit": _("人").lower()})
    return found


# --- Findings -----------------------------------------------------------------------------------------------------


def header_of(roster: RosterImport) -> Header | None:
    """Return the header of the file as the check found it."""
    stored = roster.summary.get("header")
    if not stored:
        return None
    return Header(stored["row"], stored["places"], stored["titles"], (), (), ())


def columns_of(roster: RosterImport) -> list[tuple[str, str]]:
    """Return the columns of the file a remark may name, in their order, with their letters; none of a file checked before its rows
    were kept."""
    header = header_of(roster)
    if header is None or not roster.summary.get("spans"):
        return []
    return [
        (field, words.column(field, header, language()))
        for field in sorted(header.places, key=header.places.__getitem__)
    ]


def remarks_of(roster: RosterImport) -> list[dict[str, Any]]:
    """Return the remarks on cells a roster was sent back with, in the order of the file."""
    if not roster.answer:
        return []
    header = header_of(roster)
    rows = RosterRemark.objects.filter(roster=roster).order_by("row", "pk").values_list("row", "column", "text")
    return [{"row": row, "column": words.column(name, header, language()), "text": text} for row, name, text in rows]


def problems_of(roster: RosterImport, filters: Mapping[str, str]) -> QuerySet[RosterProblem]:
    """Return the findings of an import, errors first, in the order of the file; filters: level, code, village."""
    rows = RosterProblem.objects.filter(roster=roster).order_by("-is_error", "row", "pk")
    if filters.get("level") in ("error", "warning"):
        rows = rows.filter(is_error=filters["level"] == "error")
    if filters.get("code") in words.WORDS:
        rows = rows.filter(code=filters["code"])
    village = filters.get("village", "")
    if village.isdigit():
        rows = rows.filter(_rows_of_village(roster.summary.get("runs", []), int(village)))
    return rows


def _rows_of_village(runs: Sequence[Sequence[int]], grid: int) -> Q:
    wanted = Q(pk__in=())
    for at, (first, here) in enumerate(runs):
        if here == grid:
            until = Q(row__lt=runs[at + 1][0]) if at + 1 < len(runs) else Q()
            wanted |= Q(row__gte=first) & until
    return wanted


def filters_of(roster: RosterImport, villages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the filters of the findings."""
    counts = {**roster.summary.get("warnings", {}), **roster.summary.get("errors", {})}
    codes = [(code, f"{title_of(code)} ({count})") for code, count in sorted(counts.items(), key=lambda one: -one[1])]
    found: list[dict[str, Any]] = [
        {
            "name": "level",
            "label": _("错误和提醒"),
            "kind": "select",
            "options": [("error", _("错误")), ("warning", _("提醒"))],
            "main": True,
        },
        {"name": "code", "label": _("全部问题"), "kind": "select", "options": codes, "main": True},
    ]
    if roster.summary.get("runs") and len(villages) > 1:
        options = [(one["pk"], one["name"]) for one in villages]
        found.append({"name": "village", "label": _("全部网格"), "kind": "select", "options": options})
    return found


def title_of(code: str) -> str:
    """Return a kind of finding in words, without the value of a single one."""
    english = language().startswith("en")
    return words.WORDS[code][0][english].format(value="…", also="…")


def told(rows: Sequence[RosterProblem], header: Header | None) -> list[dict[str, Any]]:
    """Return findings in words: where, what, what to do."""
    found = []
    for row in rows:
        problem = Problem(row.row, row.column, row.code, row.value, row.is_error, row.detail.get("also", ""))
        sentence = words.describe(problem, header, language())
        found.append({"row": row, "where": sentence.where, "what": sentence.what, "remedy": sentence.remedy})
    return found


def problems_workbook(roster: RosterImport, rows: QuerySet[RosterProblem], made_at: Any) -> bytes:
    """Return the findings as an .xlsx, to correct the file by; the first 100,000 where there are more."""
    header = header_of(roster)
    total = rows.count()
    lines = [
        Row(
            cells={
                "level": _("错误") if one["row"].is_error else _("提醒"),
                "row": one["row"].row or None,
                "where": one["where"],
                "value": one["row"].value,
                "what": one["what"],
                "remedy": one["remedy"],
            }
        )
        for one in told(list(rows[:MOST_IN_SHEET]), header)
    ]
    notes = [Words(f"{roster.file_name}，共 {total:,} 条", f"{roster.file_name}: {total:,} findings")]
    if total > MOST_IN_SHEET:
        notes.append(Words(f"只列出前 {MOST_IN_SHEET:,} 条", f"The first {MOST_IN_SHEET:,} are listed"))
    table = Table(
        title=Words("名册问题清单", "Findings of a roster"),
        columns=[
            Column(key="level", name=Words("级别", "Level"), width=8),
            Column(key="row", name=Words("行", "Row"), shape=Shape.COUNT, width=8),
            Column(key="where", name=Words("位置", "Where"), width=22),
            Column(key="value", name=Words("值", "Value"), shape=Shape.CODE, width=24),
            Column(key="what", name=Words("问题", "What"), width=46),
            Column(key="remedy", name=Words("怎么办", "What to do"), width=46),
        ],
        rows=lines,
        notes=notes,
    )
    return write_workbook([Sheet(table=table)], language=language(), created=made_at)


def counts_of(roster: RosterImport) -> list[dict[str, Any]]:
    """Return how often each kind of finding occurs, errors first, the most frequent first."""
    found = [
        {"code": code, "title": title_of(code), "count": count, "is_error": is_error}
        for is_error, counts in ((True, roster.summary.get("errors", {})), (False, roster.summary.get("warnings", {})))
        for code, count in counts.items()
    ]
    return sorted(found, key=lambda one: (not one["is_error"], -one["count"], one["code"]))
