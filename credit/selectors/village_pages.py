"""The report of a village in words: the page with its charts and the paper say the same, from the same document."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.lib.display import day, moment, number, ratio, wan_figure
from config.lib.tables import Column, Role, Row, Shape, Table, Words, paper
from credit.domain.village_report import coverage
from credit.models import Round, VillageReport
from credit.selectors.village_reports import FOLLOW_UP
from customers.selectors.assessment import Card, cards

WHOLES: dict[str, Any] = {
    "roster": gettext_lazy("全部户数"),
    "assessable": gettext_lazy("可评议户数"),
    "assessed": gettext_lazy("已评议户数"),
    "granted": gettext_lazy("已授信户数"),
}
PARTS: dict[str, Any] = {
    "assessed": gettext_lazy("评议"),
    "granted": gettext_lazy("授信"),
    "publicised": gettext_lazy("公示"),
    "signed": gettext_lazy("已签约"),
    "carded": gettext_lazy("已发卡"),
    "drawn": gettext_lazy("已用信"),
}
COLOURS: dict[str, Any] = {"black": gettext_lazy("黑名单"), "grey": gettext_lazy("灰名单")}


@dataclass(frozen=True)
class Covered:
    """One ratio: what was reached, of which denominator, both counts and the exact ratio in words and from 0 to 1."""

    name: str
    of: str
    part: int
    whole: int
    text: str
    share: Fraction | None


@dataclass(frozen=True)
class Page:
    """A report ready to be read. ``kept`` is None while the round runs: then it is a preview of today."""

    document: Mapping[str, Any]
    kept: VillageReport | None
    coverage: list[Covered]
    bands: Table
    stages: Table
    follow: Table
    language: str

    @property
    def counts(self) -> Mapping[str, int]:
        """What was counted."""
        counts: Mapping[str, int] = self.document["counts"]
        return counts

    @property
    def status(self) -> str:
        """Whether it still moves."""
        return _("已冻结") if self.kept else _("未冻结 · 预览")

    @property
    def stamp(self) -> str:
        """When it was measured."""
        return _("结束于 %(at)s") % {"at": moment(self.kept.made_at)} if self.kept else _("截至现在")

    def headline(self) -> list[dict[str, str]]:
        """Return the figures at the top: label, value, unit, note."""
        counts, households = self.counts, _("户")
        blocked = " · ".join(
            f"{COLOURS.get(code, code)} {number(count)}" for code, count in self.document["blocked"].items()
        )
        covered = next(
            one.text
            for one in self.coverage
            if (one.name, one.of) == (str(PARTS["granted"]), str(WHOLES["assessable"]))
        )
        return [
            {
                "label": _("名册"),
                "value": number(counts["roster"]),
                "unit": households,
                "note": blocked or _("没有名单户"),
            },
            {
                "label": _("可评议"),
                "value": number(counts["assessable"]),
                "unit": households,
                "note": _("已评议 %(count)s 户") % {"count": number(counts["assessed"])},
            },
            {
                "label": _("授信"),
                "value": number(counts["granted"]),
                "unit": households,
                "note": _("占可评议户数 %(share)s") % {"share": covered},
            },
            {
                "label": _("授信金额"),
                "value": wan_figure(Decimal(self.document["amount"])),
                "unit": _("万元"),
                "note": _("户均 %(each)s 万元") % {"each": self._each()},
            },
        ]

    def _each(self) -> str:
        granted = self.counts["granted"]
        return wan_figure(Decimal(self.document["amount"]) / granted) if granted else "—"

    def agreement(self) -> list[dict[str, str]]:
        """Return how far the assessors agreed."""
        found = self.document["agreement"]
        whole = found["households"]

        def of(part: int) -> str:
            share = ratio(Fraction(part, whole)) if whole else "—"
            return _("%(part)s / %(whole)s（%(share)s）") % {
                "part": number(part),
                "whole": number(whole),
                "share": share,
            }

        return [
            {"name": _("有两个以上金额"), "value": f"{number(whole)} {_('户')}"},
            {"name": _("差距在分歧上限内"), "value": of(found["within"])},
            {"name": _("金额完全相同"), "value": of(found["identical"])},
            {"name": _("差距中位数"), "value": "—" if found["spread"] is None else ratio(Fraction(found["spread"]))},
        ]

    def agreement_note(self) -> str:
        """Return how agreement is measured."""
        return _("差距为最高与最低之差，除以中位数；分歧上限 %(limit)s %%。") % {
            "limit": number(Decimal(self.document["agreement"]["limit_percent"]))
        }

    def notice(self) -> list[dict[str, str]]:
        """Return what became of the public notice."""
        found = self.document["notices"]
        if not found["notices"]:
            return [{"name": _("公示"), "value": _("没有公示")}]
        return [
            {"name": _("公示次数"), "value": number(found["notices"])},
            {"name": _("公示户数"), "value": f"{number(self.counts['publicised'])} {_('户')}"},
            {"name": _("异议"), "value": number(found["objections"])},
            {
                "name": _("其中"),
                "value": _("成立 %(upheld)s，不成立 %(dismissed)s") % found,
            },
        ]

    def charts(self) -> dict[str, dict[str, Any]]:
        """Return the charts of the page: coverage, amounts by band, days per stage."""
        shown = [one for one in self.coverage if one.share is not None]
        return {
            "coverage": {
                "kind": "bars",
                "title": _("覆盖面"),
                "format": "ratio",
                "horizontal": True,
                "labels": [f"{one.name} / {one.of}" for one in shown],
                "series": [{"name": _("比率"), "values": [str(_places(one.share)) for one in shown]}],
            },
            "bands": {
                "kind": "bars",
                "title": _("授信金额分档"),
                "format": "count",
                "unit": _("户"),
                "labels": [str(row.cells["band"]) for row in self.bands.rows if row.role is Role.BODY],
                "series": [
                    {
                        "name": _("户数"),
                        "values": [row.cells["households"] for row in self.bands.rows if row.role is Role.BODY],
                    }
                ],
            },
            "stages": {
                "kind": "bars",
                "title": _("各阶段用时"),
                "format": "count",
                "unit": _("天"),
                "horizontal": True,
                "labels": [str(row.cells["stage"]) for row in self.stages.rows if row.role is Role.BODY],
                "series": [
                    {
                        "name": _("天数"),
                        "values": [row.cells["days"] for row in self.stages.rows if row.role is Role.BODY],
                    }
                ],
            },
        }

    def follow_up(self) -> list[dict[str, Any]]:
        """Return why households still need somebody, with how many."""
        return [
            {"code": code, "label": label, "count": len(self.document["follow_up"][code])}
            for code, label in FOLLOW_UP.items()
            if code in self.document["follow_up"]
        ]


def page_of(document: Mapping[str, Any], kept: VillageReport | None, language: str) -> Page:
    """Return a report ready to be read, in a language."""
    covered = [
        Covered(str(PARTS[part]), str(WHOLES[whole]), found.part, found.whole, str(found), found.value)
        for part, whole, found in coverage(document["counts"])
    ]
    return Page(document, kept, covered, _bands(document), _stages(document), _follow(document), language)


def _places(value: Fraction | None) -> Decimal:
    """A length on the page; the ratio beside it is the exact one."""
    return Decimal(0) if value is None else (Decimal(value.numerator) / value.denominator).quantize(Decimal("0.0001"))


def _bands(document: Mapping[str, Any]) -> Table:
    rows = [
        Row(
            cells={
                "band": _band(band["above"], band["upto"]),
                "households": band["households"],
                "amount": Decimal(band["amount"]),
            }
        )
        for band in document["bands"]
    ]
    total = Row(
        cells={
            "band": _("合计"),
            "households": document["counts"]["granted"],
            "amount": Decimal(document["amount"]),
        },
        role=Role.TOTAL,
    )
    return Table(
        title=Words("授信金额分档", "Lines by amount"),
        columns=(
            Column(key="band", name=Words("档次（万元）", "Band (万元)"), width=20),
            Column(key="households", name=Words("户数", "Households"), shape=Shape.COUNT),
            Column(key="amount", name=Words("金额（万元）", "Amount (万元)"), shape=Shape.WAN),
        ),
        rows=[*rows, total],
    )


def _band(above: str, upto: str | None) -> str:
    low = f"{Decimal(above) / 10_000:,.10g}"
    if upto is None:
        return _("%(low)s 以上") % {"low": low} if Decimal(above) else _("全部")
    high = f"{Decimal(upto) / 10_000:,.10g}"
    return _("%(high)s 及以下") % {"high": high} if not Decimal(above) else f"{low} – {high}"


def _stages(document: Mapping[str, Any]) -> Table:
    names = dict(Round.Stage.choices)
    rows = [
        Row(
            cells={
                "stage": str(names.get(one["stage"], one["stage"])),
                "entered": datetime.fromisoformat(one["entered"]).date() if one["entered"] else None,
                "left": datetime.fromisoformat(one["left"]).date() if one["left"] else None,
                "days": one["days"],
                "working": one["working"],
            }
        )
        for one in document["stages"]
    ]
    return Table(
        title=Words("各阶段用时", "Time spent in each stage"),
        columns=(
            Column(key="stage", name=Words("阶段", "Stage"), width=14),
            Column(key="entered", name=Words("开始", "Entered"), shape=Shape.DAY, width=12),
            Column(key="left", name=Words("结束", "Left"), shape=Shape.DAY, width=12),
            Column(key="days", name=Words("天数", "Days"), shape=Shape.COUNT, width=8),
            Column(key="working", name=Words("工作日", "Working days"), shape=Shape.COUNT, width=10),
        ),
        rows=rows,
        notes=(Words("首尾两天都计入。", "The first and the last day are both counted."),),
    )


def _follow(document: Mapping[str, Any]) -> Table:
    return Table(
        title=Words("还要跟进的农户", "Households to follow up"),
        columns=(
            Column(key="why", name=Words("原因", "Why"), width=20),
            Column(key="households", name=Words("户数", "Households"), shape=Shape.COUNT),
        ),
        rows=[
            Row(cells={"why": str(label), "households": len(document["follow_up"][code])}, key=code)
            for code, label in FOLLOW_UP.items()
            if code in document["follow_up"]
        ],
    )


def to_follow(document: Mapping[str, Any], code: str) -> list[int]:
    """Return the households of one reason, or of all in their order, each once."""
    found = document["follow_up"]
    wanted = [code] if code in found else [one for one in FOLLOW_UP if one in found]
    return list(dict.fromkeys(subject for one in wanted for subject in found[one]))


@dataclass(frozen=True)
class Follow:
    """A household somebody still has to see to, with every reason."""

    card: Card | None
    subject_id: int
    reasons: list[str]


def followed(document: Mapping[str, Any], subject_ids: list[int]) -> list[Follow]:
    """Return households of the follow-up list with how they are called; one query."""
    called = cards(subject_ids)
    found = document["follow_up"]
    return [
        Follow(
            called.get(subject),
            subject,
            [str(label) for code, label in FOLLOW_UP.items() if subject in found.get(code, ())],
        )
        for subject in subject_ids
        if subject in called
    ]


def report_paper(page: Page, round: Round) -> dict[str, Any]:
    """Return what the template ``village`` prints, already written for the reader."""
    facts, bank = page.document["facts"], round.grid.institution.name
    opened = facts["opened_at"]
    most_households = max((band["households"] for band in page.document["bands"]), default=0) or 1
    most_days = max((one["days"] for one in page.document["stages"]), default=0) or 1
    return {
        "bank": bank,
        "village": f"{facts['town']}{facts['village']}",
        "round": facts["round"],
        "is_frozen": page.kept is not None,
        "status": page.status,
        "period": page.stamp,
        "headline": [
            {"name": one["label"], "value": one["value"], "unit": one["unit"], "note": one["note"]}
            for one in page.headline()
        ],
        "facts": [
            {"name": _("支行"), "value": facts["branch"]},
            {"name": _("负责人"), "value": facts["owner"]},
            {"name": _("开启"), "value": day(date.fromisoformat(opened[:10])) if opened else "—"},
        ],
        "coverage": [
            {
                "name": one.name,
                "of": _("分母：%(of)s") % {"of": one.of},
                "text": f"{number(one.part)} / {number(one.whole)}　{one.text}",
                "share": float(_places(one.share)),
            }
            for one in page.coverage
        ],
        "bands": {
            "table": paper(page.bands, page.language),
            "bars": [
                {
                    "name": _band(band["above"], band["upto"]),
                    "text": number(band["households"]),
                    "share": band["households"] / most_households,
                }
                for band in page.document["bands"]
            ],
        },
        "agreement": page.agreement(),
        "agreement_note": page.agreement_note(),
        "stages": {
            "table": paper(page.stages, page.language),
            "bars": [
                {
                    "name": str(row.cells["stage"]),
                    "text": number(row.cells["days"]),
                    "share": one["days"] / most_days,
                }
                for row, one in zip(page.stages.rows, page.document["stages"], strict=True)
            ],
        },
        "notice": page.notice(),
        "follow": paper(page.follow, page.language),
        "fingerprint": page.kept.sha256 if page.kept else "",
        "stamp": page.stamp,
    }
