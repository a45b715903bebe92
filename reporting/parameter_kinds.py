"""The parameters of reporting: who falls behind in the weekly report, what an audit asks and tolerates."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from config.lib.parameters.kinds import About, Area, ParameterKind, Use, counted_by, register
from config.lib.parameters.shape import Group, Problem, Rows, Scalar, Value, document
from config.lib.tables import Words
from reporting.domain.inspection import EXISTENCE, FIELDS, BadRules, read_rules
from reporting.selectors.samples import RULES as AUDIT_RULES
from reporting.selectors.weekly import RULES_RELEASE

PERCENT = Words("%", "%")


def _audit_problems(given: Any, _about: About) -> Iterator[Problem]:
    plan = given["plan"]
    if Decimal(plan["expected_pct"]) >= Decimal(plan["tolerable_pct"]):
        words = Words("须小于可容忍差错率", "Must be below the tolerable rate")
        yield Problem(("plan", "expected_pct"), words)
    for place, entry in enumerate(given["fields"]):
        try:
            read_rules({**given, "fields": [entry]})
        except BadRules as error:
            words = Words("这一项只有对与错，不能有容差", "This field is right or wrong and takes no tolerance")
            yield Problem(("fields", place), words if "exact" in str(error) else Words(str(error), str(error)))


def _percent(name: str, zh: str, en: str, low: str, high: str) -> Scalar:
    return Scalar(
        name=name,
        label=Words(zh, en),
        value=Value.DECIMAL,
        unit=PERCENT,
        low=Decimal(low),
        high=Decimal(high),
        is_above=True,
    )


register(
    ParameterKind(
        code=AUDIT_RULES,
        title=Words("审计抽查规则", "Rules of audit samples"),
        note=Words(
            "查哪些项、容差多少、样本量怎么定；已定的计划不变",
            "What is asked, what is tolerated, how large a sample is; plans made keep theirs",
        ),
        area=Area.RULES,
        shape=document(
            Scalar(
                name="due_days",
                label=Words("整改期限", "Days to put right"),
                value=Value.WHOLE,
                unit=Words("天", "days"),
                low=Decimal(1),
                high=Decimal(366),
            ),
            Group(
                name="plan",
                label=Words("样本量", "Size of the sample"),
                members=(
                    _percent("confidence_pct", "置信度", "Confidence", "50", "99.9"),
                    _percent("tolerable_pct", "可容忍差错率", "Tolerable rate", "0", "50"),
                    Scalar(
                        name="expected_pct",
                        label=Words("预计差错率", "Expected rate"),
                        value=Value.DECIMAL,
                        unit=PERCENT,
                        low=Decimal(0),
                        high=Decimal(50),
                    ),
                ),
            ),
            Rows(
                name="fields",
                label=Words("核对项", "Key field"),
                members=(
                    Scalar(
                        name="code",
                        label=Words("项目", "Field"),
                        value=Value.CHOICE,
                        choices=tuple((code, one.label) for code, one in FIELDS.items() if one is not EXISTENCE),
                    ),
                    Scalar(
                        name="tolerance_pct",
                        label=Words("容差", "Tolerance"),
                        value=Value.DECIMAL,
                        unit=PERCENT,
                        low=Decimal(0),
                        high=Decimal(100),
                        is_optional=True,
                    ),
                    Scalar(
                        name="allowance",
                        label=Words("容许差额", "Allowance"),
                        value=Value.DECIMAL,
                        low=Decimal(0),
                        is_optional=True,
                        note=Words("按该项的单位：亩、元", "In the unit of the field: mu, yuan"),
                    ),
                ),
            ),
        ),
        problems=_audit_problems,
        uses=(Use(title=Words("抽查计划", "audit plans"), count=counted_by("plans_under")),),
    )
)
register(
    ParameterKind(
        code=RULES_RELEASE,
        title=Words("周报规则", "Rules of the weekly report"),
        note=Words("落后名单怎么列；已冻结的周报不变", "Who is listed as behind; frozen reports stay"),
        area=Area.RULES,
        shape=document(
            Scalar(
                name="laggard_below",
                label=Words("完成率低于多少列入落后名单", "Listed as behind below a completion of"),
                value=Value.SHARE,
                note=Words("写 1/2 或 0.5，即 50 %", "Write 1/2 or 0.5, that is 50 %"),
            ),
            Scalar(
                name="laggard_limit",
                label=Words("落后名单最多列", "Listed at most"),
                value=Value.WHOLE,
                unit=Words("个网格", "grids"),
                low=Decimal(1),
                high=Decimal(200),
            ),
        ),
        uses=(Use(title=Words("已冻结的周报", "frozen reports"), count=counted_by("reports_under")),),
    )
)
