"""The parameters of applications: ways in with their caps, freshness of files, deadlines, ages, purposes, reasons of refusal."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from config.lib.parameters.kinds import About, Area, ParameterKind, Use, counted_by, register
from config.lib.parameters.shape import Group, Problem, Rows, Scalar, Value, document
from config.lib.tables import Words
from credit.domain.applications import ApplicationRules
from credit.selectors.applications import RULES
from credit.selectors.lines import models_released

YUAN, MONTHS, YEARS = Words("元", "yuan"), Words("个月", "months"), Words("周岁", "years")
WORKING = Words("个工作日", "working days")


def _whole(name: str, zh: str, en: str, unit: Words, low: int, high: int) -> Scalar:
    return Scalar(name=name, label=Words(zh, en), value=Value.WHOLE, unit=unit, low=Decimal(low), high=Decimal(high))


def _codes(name: str, zh: str, en: str) -> Rows:
    return Rows(
        name=name,
        label=Words(zh, en),
        most=20,
        members=(
            Scalar(name="code", label=Words("代码", "Code"), value=Value.CODE),
            Scalar(name="zh", label=Words("中文", "Chinese"), longest=40),
            Scalar(name="en", label=Words("英文", "English"), longest=80),
        ),
    )


def _problems(given: Any, about: About) -> Iterator[Problem]:
    for name in ("modes", "purposes", "refusals", "documents"):
        codes = [row["code"] for row in given[name]]
        if not codes:
            yield Problem((name,), Words("至少一条", "At least one is needed"))
        for place, code in enumerate(codes):
            if code in codes[:place]:
                yield Problem((name, place, "code"), Words("代码重复", "This code stands twice"))
    models = dict(models_released(about.institution_id, about.on))
    if given["model"] not in models:
        yield Problem(("model",), Words("这个模型在当天没有发布", "This model is not released on that day"))
    elif (named := models[given["model"]].modes) is not None:
        for place, row in enumerate(given["modes"]):
            if row["code"] not in named.caps:
                known = ", ".join(named.caps)
                yield Problem(
                    ("modes", place, "code"),
                    Words(f"模型没有这种方式；请用：{known}", f"The model does not know this way in; use {known}"),
                )
    try:
        ApplicationRules.from_document(given)
    except (ValueError, KeyError, TypeError) as error:
        yield Problem((), Words(f"申请读不了这份规则：{error}", f"Applications cannot read these rules: {error}"))


register(
    ParameterKind(
        code=RULES,
        title=Words("单户申请规则", "Rules of applications"),
        note=Words(
            "受理时冻结在每笔申请里；额度边界和审批权限按“整村授信规则”",
            "Frozen in each application on receipt; bounds and authority are those of the rules of a round",
        ),
        area=Area.RULES,
        shape=document(
            Scalar(name="model", label=Words("单独测算用的模型", "Model for a single household"), value=Value.CODE),
            Rows(
                name="modes",
                label=Words("方式", "Ways in"),
                most=6,
                members=(
                    Scalar(name="code", label=Words("代码", "Code"), value=Value.CODE),
                    Scalar(name="zh", label=Words("中文", "Chinese"), longest=20),
                    Scalar(name="en", label=Words("英文", "English"), longest=40),
                    Scalar(
                        name="product_cap",
                        label=Words("产品上限", "Cap of the product"),
                        value=Value.DECIMAL,
                        unit=YUAN,
                        low=Decimal(0),
                        is_above=True,
                    ),
                    _whole("longest_months", "最长期限", "Longest tenor", MONTHS, 1, 360),
                ),
            ),
            Scalar(
                name="combined_cap",
                label=Words("线上线下合计上限", "Combined cap, online and offline"),
                value=Value.DECIMAL,
                unit=YUAN,
                low=Decimal(0),
                is_above=True,
                is_optional=True,
                empty=Words("不另设", "none"),
                note=Words(
                    "这笔额度加上这户在本行已有的贷款和未用授信",
                    "This line with the household's loans and undrawn lines at this bank",
                ),
            ),
            _whole("fresh_months", "采集表多久以内有效", "A file counts for", MONTHS, 1, 60),
            _whole(
                "visit_days", "受理前多少天内走访有效", "A visit counts before receipt", Words("天", "days"), 0, 365
            ),
            Group(
                name="days",
                label=Words("办理期限", "Deadlines"),
                members=(
                    _whole("investigation", "调查", "Investigation", WORKING, 0, 60),
                    _whole("proposal", "客户经理提交", "The officer's proposal", WORKING, 0, 60),
                    _whole("branch", "支行审批", "The branch", WORKING, 0, 60),
                    _whole("approval", "业务审批", "The approver", WORKING, 0, 60),
                ),
            ),
            Group(
                name="age",
                label=Words("年龄", "Age"),
                members=(
                    _whole("least", "最低", "At least", YEARS, 16, 30),
                    _whole("most_male", "到期时最高（男）", "At most at maturity, men", YEARS, 40, 100),
                    _whole("most_female", "到期时最高（女）", "At most at maturity, women", YEARS, 40, 100),
                ),
            ),
            Scalar(
                name="credit_query",
                label=Words("须有查询征信的书面同意", "Written consent to a credit query is needed"),
                value=Value.FLAG,
            ),
            _codes("purposes", "用途", "Purposes"),
            _codes("refusals", "不予授信的原因", "Reasons of refusal"),
            _codes("documents", "资料种类", "Kinds of documents"),
        ),
        problems=_problems,
        uses=(Use(title=Words("单户申请", "applications"), count=counted_by("applications_under")),),
    )
)
