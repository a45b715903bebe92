"""The parameters of signing: reasons for what was not signed, how many others a call list mixes in, how long a card is valid."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from config.lib.parameters.kinds import About, Area, ParameterKind, Use, counted_by, register
from config.lib.parameters.shape import Problem, Rows, Scalar, Value, document
from config.lib.tables import Words
from credit.selectors.signing import RULES

OUTCOMES = ("declined", "away", "later")


def _reasons(name: str, zh: str, en: str) -> Rows:
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


def _problems(given: Any, _about: About) -> Iterator[Problem]:
    for name in OUTCOMES:
        codes = [row["code"] for row in given[name]]
        if not codes:
            yield Problem((name,), Words("至少一条", "At least one is needed"))
        for place, code in enumerate(codes):
            if len(code) > 24:
                yield Problem((name, place, "code"), Words("代码不超过 24 个字符", "A code has 24 characters at most"))
            if code in codes[:place]:
                yield Problem((name, place, "code"), Words("代码重复", "This code stands twice"))


register(
    ParameterKind(
        code=RULES,
        title=Words("签约规则", "Rules of signing"),
        note=Words(
            "没有签约的原因、走访单里搭配的服务走访户数、预授信卡有效期",
            "Reasons for what was not signed, service visits mixed into call lists, how long a card is valid",
        ),
        area=Area.RULES,
        shape=document(
            _reasons("declined", "不签约的原因", "Reasons for not signing"),
            _reasons("away", "外出的原因", "Reasons for being away"),
            _reasons("later", "暂缓的原因", "Reasons for putting it off"),
            Scalar(
                name="others_per_signing",
                label=Words("每一户签约搭配服务走访", "Service visits for each household to sign"),
                value=Value.WHOLE,
                unit=Words("户", "households"),
                low=Decimal(1),
                high=Decimal(5),
            ),
            Scalar(
                name="card_months",
                label=Words("预授信卡有效期", "A card is valid for"),
                value=Value.WHOLE,
                unit=Words("个月", "months"),
                low=Decimal(1),
                high=Decimal(60),
            ),
        ),
        problems=_problems,
        uses=(Use(title=Words("签约记录", "records of signing"), count=counted_by("signings_under")),),
    )
)
