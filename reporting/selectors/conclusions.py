"""Conclusions of audit samples: the list, and one as page and paper show it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.lib import display
from config.lib.clock import SHANGHAI
from config.lib.tables import Table, paper
from grids.access import Post
from reporting.access import conclusions_for
from reporting.domain import audit_paper
from reporting.domain.audit_paper import Returned
from reporting.domain.quarters import Quarter
from reporting.domain.sampling import percent_text
from reporting.models import Conclusion, SamplePlan
from reporting.selectors import samples

ON_PAGE = 20


def page_of_conclusions(post: Post, number: str | None) -> tuple[Page[Conclusion], list[dict[str, Any]]]:
    """Return one page of the conclusions, the newest first, each with its sentence."""
    listed = conclusions_for(post).select_related("plan", "concluded_by").order_by("-concluded_at", "-pk")
    page = Paginator(listed, ON_PAGE).get_page(number)
    rows = [
        {"row": one, "plan": one.plan, "period": samples.period_of(one.plan), "sentence": sentence_of(one)}
        for one in page.object_list
    ]
    return page, rows


def _code() -> str:
    return "zh" if samples.language().startswith("zh") else "en"


def sentence_of(conclusion: Conclusion) -> str:
    """Return the stored sentence in the reader's language."""
    return str(conclusion.document["sentence"][_code()])


def listed(names: Iterable[str]) -> str:
    """Write names one after the other."""
    return ("、" if _code() == "zh" else ", ").join(names)


@dataclass(frozen=True)
class Told:
    """A conclusion in the reader's language."""

    conclusion: Conclusion
    period: str
    sentence: str
    sizing: str
    figures: list[tuple[str, int]]
    auditors: str
    proof: list[dict[str, str]]
    strata: Table
    classes: Table
    returned: list[samples.ReturnedRow]
    targeted: str
    targeted_returned: list[samples.ReturnedRow]
    due_on: date

    @property
    def by_collector(self) -> list[tuple[str, list[samples.ReturnedRow]]]:
        """What goes back of the random part, officer by officer."""
        grouped: dict[tuple[int, str], list[samples.ReturnedRow]] = {}
        for row in self.returned:
            grouped.setdefault((row.collector_id, row.collector), []).append(row)
        return [(name, rows) for (_pk, name), rows in grouped.items()]


def told(post: Post, conclusion: Conclusion) -> Told:
    """Return everything a conclusion says; what goes back is read under the acting person's row security."""
    document, plan = conclusion.document, conclusion.plan
    language = samples.language()
    return Told(
        conclusion=conclusion,
        period=samples.period_of(plan),
        sentence=sentence_of(conclusion),
        sizing=document["sizing"][_code()],
        figures=[
            (_("总体"), document["population"]),
            (_("样本"), document["sample"]),
            (_("可接受差错"), document["acceptance_number"]),
            (_("发现差错"), conclusion.found),
            (_("剔除本人工作"), plan.excluded.get("own_work", 0)),
            (_("剔除亲属"), plan.excluded.get("kin", 0)),
        ],
        auditors=listed(document["auditors"]),
        proof=proof_of(plan),
        strata=audit_paper.strata_table(document, language),
        classes=audit_paper.classes_table(document, language),
        returned=samples.returned_of(post, document["returned"]),
        targeted=targeted_words(document.get("targeted")),
        targeted_returned=samples.returned_of(post, document.get("targeted", {}).get("returned", ())),
        due_on=date.fromisoformat(document["due_on"]),
    )


def targeted_words(targeted: Mapping[str, int] | None) -> str:
    """Say how the targeted part went, which the sentence of the conclusion leaves out; empty when there was none."""
    if not targeted or not targeted["chosen"]:
        return ""
    return _(
        "重点抽查 %(chosen)s 户，检查 %(inspected)s 户，有差错 %(found)s 户。人工选定，不计入样本、差错数和以上结论。"
    ) % {name: display.number(targeted[name]) for name in ("chosen", "inspected", "found")}


def excluded_of(plan: SamplePlan) -> str:
    """Write how many subjects were left out of the population, and why."""
    return _("已剔除本人工作 %(own)s 户、亲属 %(kin)s 户") % {
        "own": display.number(plan.excluded.get("own_work", 0)),
        "kin": display.number(plan.excluded.get("kin", 0)),
    }


def proof_of(plan: SamplePlan) -> list[dict[str, str]]:
    """Return what an outsider needs to repeat the draw."""
    return [
        {"name": _("总体指纹"), "value": plan.population_hash},
        {"name": _("种子"), "value": plan.seed},
        {"name": _("方法"), "value": plan.method},
        {"name": _("抽取时间"), "value": display.moment(plan.drawn_at)},
    ]


def rules_words(plan: SamplePlan) -> str:
    """Name the released rules a plan compares by."""
    return _("审计规则第 %(version)s 版") % {"version": plan.rules.version}


def shown(table: Table) -> dict[str, Any]:
    """Return a table with every cell written, for the page."""
    written: dict[str, Any] = paper(table, samples.language())
    columns = written["columns"]
    for row in written["rows"]:
        row["cells"] = [
            {"text": text, "figure": column["figure"]} for text, column in zip(row["cells"], columns, strict=True)
        ]
    return written


def _households(count: int) -> str:
    return ngettext("%(count)s 户", "%(count)s 户", count) % {"count": display.number(count)}


def _returned(rows: Sequence[samples.ReturnedRow]) -> list[Returned]:
    return [
        Returned(
            number=row.household.number if row.household else "",
            place=row.item.grid.name,
            what="；".join(row.what) if _code() == "zh" else "; ".join(row.what),
            collector=row.collector,
        )
        for row in rows
    ]


def paper_of(post: Post, conclusion: Conclusion) -> dict[str, Any]:
    """Return the data of the PDF (``config/lib/typst/conclusion.typ``)."""
    one, language = told(post, conclusion), samples.language()
    plan = conclusion.plan
    quarter = Quarter.parse(plan.quarter)
    # A draw inside its quarter covers the files up to that day.
    last = min(quarter.last_day, plan.drawn_at.astimezone(SHANGHAI).date()) if plan.drawn_at else quarter.last_day
    tables = [one.strata]
    if one.classes.rows:
        tables.append(one.classes)
    due_on = conclusion.document["due_on"]
    if one.returned:
        tables.append(audit_paper.returned_table(_returned(one.returned), due_on))
    apart = [audit_paper.returned_table(_returned(one.targeted_returned), due_on)] if one.targeted_returned else []
    return {
        "bank": plan.institution.name,
        "plan": _("第 %(number)s 号 · %(title)s") % {"number": plan.number, "title": plan.title},
        "period": _("%(first)s 至 %(last)s") % {"first": display.day(quarter.first_day), "last": display.day(last)},
        "is_accepted": conclusion.is_accepted,
        "sentence": one.sentence,
        "sizing": one.sizing,
        "facts": [
            *({"name": name, "value": _households(count)} for name, count in one.figures),
            {"name": _("审计人员"), "value": one.auditors},
        ],
        "proof": one.proof,
        "tables": [paper(table, language) for table in tables],
        "apart": one.targeted,
        "apart_tables": [paper(table, language) for table in apart],
        "signatures": [
            {"role": _("审计"), "name": conclusion.concluded_by.name, "at": ""},
            {"role": _("复核人"), "name": "", "at": ""},
            {"role": _("支行"), "name": "", "at": ""},
        ],
        "stamp": _("结论作出于 %(at)s") % {"at": display.moment(conclusion.concluded_at)},
    }


def confidence_words(plan: SamplePlan) -> str:
    """Write what a plan demands: 95 % 置信度，可容忍 5 %，预期 1 %."""
    return _("%(confidence)s %% 置信度，可容忍 %(tolerable)s %%，预期 %(expected)s %%") % {
        name: percent_text(getattr(size, name))
        for size in (samples.size_of(plan),)
        for name in ("confidence", "tolerable", "expected")
    }
