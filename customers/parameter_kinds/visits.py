"""The parameters of going out: contact with those away or refusing, the order of visits, what makes a visit effective."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from config.lib.parameters.kinds import About, Area, ParameterKind, Use, counted_by, register
from config.lib.parameters.shape import Chosen, Group, Problem, Rows, Scalar, Value, document
from config.lib.tables import Words
from customers.domain import catalogue, dayplan, effective, prices
from customers.selectors.contacts import KIND as CONTACT_PLANS


def _days(name: str, zh: str, en: str, most: int) -> Scalar:
    return Scalar(
        name=name,
        label=Words(zh, en),
        value=Value.WHOLE,
        unit=Words("天", "days"),
        low=Decimal(1),
        high=Decimal(most),
    )


register(
    ParameterKind(
        code=CONTACT_PLANS,
        title=Words("外出和拒访的联系", "Contact with those away or refusing"),
        note=Words(
            "联系计划到期或临近返乡之前，不再列入走访建议",
            "Until contact is due or the return is near, they are left out of what is suggested",
        ),
        area=Area.RULES,
        shape=document(
            _days("refusal_days", "拒访后多少天内不再上门", "After a refusal nobody knocks for", 365),
            _days("unreachable_days", "没有说定时，多少天后再联系", "Contact is made again after", 180),
            _days("near_days", "返乡日和春节前多少天列出", "Listed again before the return or the festival by", 60),
            Rows(
                name="festivals",
                label=Words("春节（正月初一）", "Spring Festival (first day)"),
                code="",
                most=30,
                is_optional=True,
                members=(Scalar(name="on", label=Words("日期", "Day"), value=Value.DAY),),
            ),
        ),
    )
)


def _points(name: str, zh: str, en: str, most: int = 100) -> Scalar:
    return Scalar(
        name=name,
        label=Words(zh, en),
        value=Value.WHOLE,
        unit=Words("分", "points"),
        low=Decimal(0),
        high=Decimal(most),
    )


def _pointed(name: str, label: Words, choices: tuple[tuple[str, Words], ...]) -> Rows:
    return Rows(
        name=name,
        label=label,
        most=len(choices),
        is_optional=True,
        members=(
            Scalar(name="code", label=label, value=Value.CHOICE, choices=choices),
            _points("points", "分值", "Points"),
        ),
    )


register(
    ParameterKind(
        code="day_plan",
        title=Words("走访排序", "Order of visits"),
        note=Words(
            "先易后难：各项理由加分，分高的先走；0 分即不考虑",
            "Easy first: each reason adds its points, the most points come first; 0 leaves a reason out",
        ),
        area=Area.RULES,
        shape=document(
            Group(
                name="points",
                label=Words("理由的分值", "Points of the reasons"),
                members=(
                    _points("agreed", "约定的日期到了或已过", "The agreed day has come or gone by"),
                    _points("late_day", "每过一天再加", "For every day gone by"),
                    _points("late_most", "过期最多加", "Days gone by, at most"),
                    _points("soon", "约定的日期快到了", "The agreed day is near"),
                    _points("returned", "档案被退回", "The file was returned"),
                    _points("need", "上次走访说有需求", "Said what is needed on the last visit"),
                    _points("never", "本期没走访过", "Not visited in the campaign"),
                    _points("unseen_month", "每个月没走访", "For every month without a visit"),
                    _points("unseen_most", "多月没走访最多加", "Months without a visit, at most"),
                    _points(
                        "near", "离设备近（就在身边得满分）", "Near the device (all points at hand, none at the limit)"
                    ),
                    _points(
                        "group",
                        "同组当天还有安排（没有位置时）",
                        "Another visit in the same group (without a position)",
                    ),
                    _points(
                        "village",
                        "同村当天还有安排（没有位置时）",
                        "Another visit in the same village (without a position)",
                    ),
                ),
            ),
            Group(
                name="measures",
                label=Words("怎样算", "What counts"),
                members=(
                    Scalar(
                        name="soon_days",
                        label=Words("几天内算快到了", "Near means within"),
                        value=Value.WHOLE,
                        unit=Words("天", "days"),
                        low=Decimal(1),
                        high=Decimal(30),
                    ),
                    Scalar(
                        name="near_metres",
                        label=Words("多远以内算近", "Near the device means within"),
                        value=Value.WHOLE,
                        unit=Words("米", "m"),
                        low=Decimal(100),
                        high=Decimal(50_000),
                    ),
                ),
            ),
            _pointed(
                "industries",
                Words("从事", "Lives on"),
                tuple((code, Words(one.zh, one.en)) for code, one in dayplan.INDUSTRIES.items()),
            ),
            _pointed(
                "grades",
                Words("评级", "Rating"),
                tuple((code, Words(one.zh, one.en)) for code, one in catalogue.GRADES.items()),
            ),
        ),
        uses=(Use(title=Words("安排的走访", "planned visits"), count=counted_by("visits_by_weights")),),
    )
)


_NOT_ASKED = Words("不要求", "Not asked")


def _asked(name: str, label: Words, unit: Words, low: int, high: int, note: Words | None = None) -> Scalar:
    return Scalar(
        name=name,
        label=label,
        value=Value.WHOLE,
        unit=unit,
        low=Decimal(low),
        high=Decimal(high),
        empty=_NOT_ASKED,
        note=note or Words("", ""),
    )


_MINUTES, _METRES = Words("分钟", "minutes"), Words("米", "m")
_DWELL = _asked(
    "dwell_minutes",
    Words("停留至少", "Stay at least"),
    _MINUTES,
    1,
    240,
    Words(
        "从打开走访页到提交，没有测到的不算不足", "From opening the page to sending; not measured is not held against"
    ),
)
_FILE = _asked(
    "file_percent",
    Words("档案至少填到", "File filled in to at least"),
    Words("%", "%"),
    1,
    100,
    Words("只看交了档案的走访", "Of visits with a file alone"),
)
_PERSON = Scalar(name="person", label=Words("须记下见到谁", "Who was met is named"), value=Value.FLAG)
_COUNTS = Scalar(name="counts", label=Words("计入有效走访", "Counts as effective"), value=Value.FLAG)

register(
    ParameterKind(
        code=effective.KIND,
        title=Words("有效走访规则", "Rules of effective visits"),
        note=Words(
            "走访提交时按当天的规则判定一次；不知道的不算不足，不影响提交",
            "A visit is judged once, when it is sent; what is not known is not held against anybody, and nothing is refused",
        ),
        area=Area.RULES,
        shape=document(
            Chosen(
                name="outcomes",
                label=Words("哪些结果可以有效", "Outcomes that may count"),
                choices=(
                    ("interviewed", Words("已面谈", "interviewed")),
                    ("partial", Words("部分了解", "learned in part")),
                    ("refused", Words("拒访", "refused")),
                    ("away", Words("举家外出（已联系）", "all away, contacted")),
                ),
                note=Words("没有见到人的不会有效", "Nobody met never counts"),
            ),
            _asked(
                "age",
                Words("见到的成员至少", "The member met is at least"),
                Words("岁", "years old"),
                1,
                60,
                Words("不知道生日的不算不足", "An unknown birth date is not held against"),
            ),
            Chosen(
                name="roles",
                label=Words("商户和单位见到谁算", "Whom to meet at a business or unit"),
                choices=(
                    ("principal", Words("负责人", "who answers for it")),
                    ("employee", Words("店员或员工", "staff")),
                    ("family", Words("家里人", "family")),
                    ("other", Words("其他人", "somebody else")),
                ),
            ),
            Group(
                name="site",
                label=Words("上门", "At the door"),
                members=(
                    _asked("photos", Words("照片至少", "Photos, at least"), Words("张", "photos"), 1, 6),
                    _asked(
                        "accuracy_m",
                        Words("定位误差不超过", "Fix good to"),
                        _METRES,
                        10,
                        5000,
                        Words("没有定位的不算不足", "No position is not held against"),
                    ),
                    _asked(
                        "distance_m",
                        Words("离登记的位置不超过", "Distance from the known place, at most"),
                        _METRES,
                        50,
                        50_000,
                        Words(
                            "已扣除定位误差；没有登记位置的看网格实测边界，都没有就不看",
                            "The error of the fix taken off; without a known place the surveyed limit of the grid, else nothing",
                        ),
                    ),
                    _DWELL,
                    _PERSON,
                    _FILE,
                    Scalar(name="partner", label=Words("须两人同去", "Two go together"), value=Value.FLAG),
                ),
            ),
            Group(name="video", label=Words("视频", "By video"), members=(_COUNTS, _DWELL, _PERSON, _FILE)),
            Group(name="phone", label=Words("电话", "By phone"), members=(_COUNTS, _PERSON, _FILE)),
        ),
        uses=(Use(title=Words("走访", "visits"), count=counted_by("visits_under_rules")),),
    )
)


def _price_problems(given: Any, _about: About) -> Iterator[Problem]:
    for place, row in enumerate(given["prices"]):
        if Decimal(row["high"]) < Decimal(row["low"]):
            yield Problem(("prices", place, "high"), Words("不能低于最低价", "Must not be below the lowest price"))


def _price(name: str, zh: str, en: str) -> Scalar:
    return Scalar(
        name=name,
        label=Words(zh, en),
        value=Value.DECIMAL,
        unit=Words("元", "yuan"),
        low=Decimal(0),
        high=Decimal(100_000_000),
    )


# The assets of households, then those that only the forms of businesses know.
PRICED = (
    *((kind.code, Words(kind.zh, kind.en)) for kind in catalogue.ASSETS.values()),
    ("premises", Words("经营用房", "business premises")),
    ("equipment", Words("生产设备", "production equipment")),
)
register(
    ParameterKind(
        code=prices.KIND,
        title=Words("参考价", "Reference prices"),
        note=Words(
            "采集时数量旁边显示；金额按数量折合超出范围的问一次，不拦提交",
            "Shown beside the quantity; an amount outside the range by its quantity is asked about once, never refused",
        ),
        area=Area.RULES,
        shape=document(
            Rows(
                name="prices",
                label=Words("参考价", "Price"),
                code="kind",
                most=60,
                members=(
                    Scalar(name="kind", label=Words("资产种类", "Asset"), value=Value.CHOICE, choices=PRICED),
                    Scalar(name="unit_zh", label=Words("单位", "Unit in Chinese"), longest=10),
                    Scalar(name="unit_en", label=Words("单位（英文）", "Unit"), longest=20),
                    _price("low", "最低", "Lowest"),
                    _price("high", "最高", "Highest"),
                ),
            ),
        ),
        problems=_price_problems,
    )
)
