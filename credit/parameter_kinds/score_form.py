"""The score form of a round: items with full points and the table that turns a sum into an amount."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from config.lib.parameters.kinds import About, Area, ParameterKind, Use, counted_by, register
from config.lib.parameters.shape import Problem, Rows, Scalar, Value, document
from config.lib.tables import Words
from credit.domain.scores import MOST_ITEMS, MOST_POINTS, ScoreForm
from credit.domain.sensitive import sensitive_words

SCORE_KIND = "score_form"
POINTS = Words("分", "points")
YUAN = Words("元", "yuan")
ROUNDS = Use(title=Words("评议轮次", "rounds"), count=counted_by("rounds_under"))


def _problems(given: Any, _about: About) -> Iterator[Problem]:
    """What the reader refuses beyond the shape."""
    steps = [int(band["least"]) for band in given["bands"]]
    full = sum(int(item["full"]) for item in given["items"])
    for place, least in enumerate(steps):
        if least > full:
            yield Problem(("bands", place, "least"), Words(f"超过满分 {full}", f"Above the full {full} points"))
        elif place and least <= steps[place - 1]:
            yield Problem(("bands", place, "least"), Words("须比前一档高", "Must be above the band before"))
    amounts = [Decimal(str(band["amount"])) for band in given["bands"]]
    for place in range(1, len(amounts)):
        if amounts[place] < amounts[place - 1]:
            words = Words("分高了额度不能低", "More points cannot give less")
            yield Problem(("bands", place, "amount"), words)
    try:
        ScoreForm.from_document(given)
    except (ValueError, KeyError, TypeError) as error:
        yield Problem((), Words("评议读不了这份打分表", f"A round cannot read this form: {error}"))


def _warnings(given: Any) -> Iterator[Words]:
    """Items that sound of health, marriage or belief (Domain, section 3.3)."""
    found = [item for item in given["items"] if sensitive_words(f"{item['zh']} {item['en']}")]
    if found:
        yield Words(
            "有的项目像是涉及敏感个人信息："
            + "、".join(item["zh"] for item in found)
            + "。这类信息须有专门目的和本人单独同意，建议改成和还款能力有关的说法。",
            "Some items seem to be sensitive personal information: "
            + ", ".join(item["en"] for item in found)
            + ". It needs a purpose of its own and the person's separate consent; better word them by ability to repay.",
        )


register(
    ParameterKind(
        code=SCORE_KIND,
        title=Words("评议打分表", "Score form of a round"),
        note=Words(
            "评议员可以逐项打分代替金额，按表折成建议额度；开始评议时冻结在每一轮里",
            "Assessors may give points instead of an amount; the table turns them into one. Frozen in each round when it starts",
        ),
        area=Area.RULES,
        shape=document(
            Scalar(name="offered", label=Words("在评议表上提供", "Offered on sheets"), value=Value.FLAG),
            Rows(
                name="items",
                label=Words("项目", "Item"),
                code="code",
                most=MOST_ITEMS,
                members=(
                    Scalar(name="code", label=Words("代码", "Code"), value=Value.CODE),
                    Scalar(name="zh", label=Words("中文", "Chinese"), longest=20),
                    Scalar(name="en", label=Words("英文", "English"), longest=40),
                    Scalar(
                        name="full",
                        label=Words("满分", "Full points"),
                        value=Value.WHOLE,
                        unit=POINTS,
                        low=Decimal(1),
                        high=Decimal(MOST_POINTS),
                    ),
                ),
            ),
            Rows(
                name="bands",
                label=Words("分档", "Band"),
                most=12,
                note=Words("从低到高；低于最低一档没有建议额度", "From the lowest; below the first there is no amount"),
                members=(
                    Scalar(
                        name="least",
                        label=Words("从多少分起", "From"),
                        value=Value.WHOLE,
                        unit=POINTS,
                        low=Decimal(0),
                        high=Decimal(MOST_ITEMS * MOST_POINTS),
                    ),
                    Scalar(
                        name="amount",
                        label=Words("建议额度", "Amount"),
                        value=Value.DECIMAL,
                        unit=YUAN,
                        low=Decimal(0),
                        is_above=True,
                    ),
                ),
            ),
        ),
        problems=_problems,
        warnings=_warnings,
        uses=(ROUNDS,),
    )
)
