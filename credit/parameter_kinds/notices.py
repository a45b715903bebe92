"""The parameters of the last stages of a round: what is shown in the village and for how long, and the bands of its report."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

from config.lib.parameters.kinds import About, Area, ParameterKind, Use, counted_by, register
from config.lib.parameters.shape import Items, Problem, Rows, Scalar, Value, document, exact
from config.lib.tables import Words
from credit.domain.notices import REPORT_RULES, RULES

WORKING_DAYS = Words("个工作日", "working days")
PARAGRAPH = Scalar(name="", label=Words("段", "Paragraph"), value=Value.LONG, longest=300)


def _days(name: str, zh: str, en: str) -> Scalar:
    return Scalar(
        name=name, label=Words(zh, en), value=Value.WHOLE, unit=WORKING_DAYS, low=Decimal(1), high=Decimal(30)
    )


def _bands_rise(given: Any, _about: About) -> Iterator[Problem]:
    figures = [exact(amount) or Decimal(0) for amount in given["bands"]]
    for place, (lower, higher) in enumerate(pairwise(figures), start=1):
        if higher <= lower:
            yield Problem(("bands", place), Words("须比前一档高", "Must be above the band before"))


register(
    ParameterKind(
        code=RULES,
        title=Words("公示规则", "Rules of public notices"),
        note=Words(
            "整村授信结果在村里公示什么、公示多久；已公示的不变",
            "What of a round is shown in the village, and how long; notices already posted keep theirs",
        ),
        area=Area.RULES,
        shape=document(
            _days("days", "公示期", "Days of a notice"),
            _days("answer_days", "异议办结期限", "Days to settle an objection"),
            Scalar(
                name="shows",
                label=Words("姓名旁边写", "Beside the name"),
                value=Value.CHOICE,
                choices=(
                    ("grade", Words("等级", "the grade")),
                    ("granted", Words("只写“已授信”", "only that a line was granted")),
                ),
            ),
            Scalar(
                name="amounts_from",
                label=Words("从告知书第几版起可公示金额", "Amounts from version of the consent notice"),
                value=Value.WHOLE,
                low=Decimal(1),
                empty=Words("不公示金额", "amounts are never shown"),
                note=Words(
                    "只公示在该版或以后版本告知书下同意的农户的金额；告知书须先写明会公示金额",
                    "Only of households that agreed under that version or a later one, which must say that amounts are shown",
                ),
            ),
            Rows(
                name="kinds",
                label=Words("异议种类", "Kinds of objection"),
                most=20,
                members=(
                    Scalar(name="code", label=Words("代码", "Code"), value=Value.CODE),
                    Scalar(name="zh", label=Words("中文", "Chinese"), longest=40),
                    Scalar(name="en", label=Words("英文", "English"), longest=80),
                ),
            ),
            Items(
                name="zh", label=Words("表下的说明（中文）", "Words beneath the list (Chinese)"), item=PARAGRAPH, most=6
            ),
            Items(
                name="en", label=Words("表下的说明（英文）", "Words beneath the list (English)"), item=PARAGRAPH, most=6
            ),
        ),
        uses=(Use(title=Words("公示", "notices"), count=counted_by("notices_under")),),
    )
)
register(
    ParameterKind(
        code=REPORT_RULES,
        title=Words("村级报告", "Village report"),
        note=Words(
            "结束时的村级报告按这些金额分档；已出的报告不变",
            "The amounts by which the report of a closed round is banded; reports already made keep theirs",
        ),
        area=Area.RULES,
        shape=document(
            Items(
                name="bands",
                label=Words("分档（含）", "Bands, up to and including"),
                item=Scalar(
                    name="",
                    label=Words("金额", "Amount"),
                    value=Value.DECIMAL,
                    unit=Words("元", "yuan"),
                    low=Decimal(0),
                    is_above=True,
                ),
                most=12,
            ),
        ),
        problems=_bands_rise,
        uses=(Use(title=Words("村级报告", "village reports"), count=counted_by("village_reports_under")),),
    )
)
