"""What makes a visit effective (有效走访) under the released rules, and what to do next time where it is not (Domain, section 2.7).

Nobody met is never effective. Everything else is an indicator that a bank switches on or off (null: not asked). A visit is judged
once, when it is received, under the rules of that day. What is not known never counts against anybody: no position, no known
place of the household, no birth date, no time on the page. A refusal or a family away is no talk: how long it took and who was met
are asked of a talk alone. What was written on paper and typed later has neither photo of the place, position nor time on a page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, radians
from typing import Any, Final

from customers.domain.visits import FILED_OUTCOMES, PHONE, SITE, TYPED, UNREACHED, VIDEO

KIND: Final = "visit_rules"
OUTCOMES: Final = ("interviewed", "partial", "refused", "away")
ROLES: Final = ("principal", "employee", "family", "other")
LONGEST_DWELL: Final = 1440
"""Minutes; a page left open over night counts a day at most."""
EARTH_M: Final = 6_371_000.0

Point = tuple[float, float]
"""Latitude and longitude in degrees."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What one way of meeting must show; None and False: not asked. ``counts``: the way counts at all."""

    counts: bool = True
    photos: int | None = None
    accuracy_m: int | None = None
    distance_m: int | None = None
    dwell_minutes: int | None = None
    person: bool = False
    file_percent: int | None = None
    partner: bool = False


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The released rules: what each channel asks, from which age a member counts as met, which roles do at a business."""

    channels: Mapping[str, Asked]
    outcomes: frozenset[str]
    roles: frozenset[str]
    age: int | None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a visit. ``distance_m``: how far the fix lies from the known place or outside the grid's limit, its error taken off;
    ``age`` of the member met in years; ``dwell_minutes`` on the device. None: not known."""

    outcome: str
    channel: str = SITE
    entry: str = "page"
    is_household: bool = True
    photos: int = 0
    accuracy_m: float | None = None
    distance_m: float | None = None
    dwell_minutes: int | None = None
    has_person: bool = False
    age: int | None = None
    role: str = ""
    has_partner: bool = False
    file_percent: int | None = None


@dataclass(frozen=True)
class Reason:
    """One thing that was missing: its code, what there was and what the rules ask."""

    code: str
    value: str = ""
    wanted: str = ""

    def sentence(self, language: str) -> str:
        """What to do next time, in one language."""
        zh, en = SENTENCES[self.code]
        return (en if language.startswith("en") else zh).format(value=self.value, wanted=self.wanted)

    def kept(self) -> dict[str, str]:
        """Return the reason as it is stored."""
        return {"code": self.code, "value": self.value, "wanted": self.wanted}


@dataclass(frozen=True)
class Verdict:
    """Whether a visit is effective; ``reasons`` say why not, and are empty exactly when it is."""

    effective: bool
    reasons: tuple[Reason, ...] = ()


def read(document: Mapping[str, Any]) -> Rules:
    """Return the rules of a released document."""
    video, phone = document["video"], document["phone"]
    return Rules(
        channels={
            SITE: Asked(
                photos=document["site"]["photos"],
                accuracy_m=document["site"]["accuracy_m"],
                distance_m=document["site"]["distance_m"],
                dwell_minutes=document["site"]["dwell_minutes"],
                person=document["site"]["person"],
                file_percent=document["site"]["file_percent"],
                partner=document["site"]["partner"],
            ),
            VIDEO: Asked(
                counts=video["counts"],
                dwell_minutes=video["dwell_minutes"],
                person=video["person"],
                file_percent=video["file_percent"],
            ),
            PHONE: Asked(counts=phone["counts"], person=phone["person"], file_percent=phone["file_percent"]),
        },
        outcomes=frozenset(document["outcomes"]),
        roles=frozenset(document["roles"]),
        age=document["age"],
    )


def judge(facts: Facts, rules: Rules) -> Verdict:
    """Judge one visit; the reasons stand in the order of the page."""
    if facts.outcome in UNREACHED or facts.outcome not in rules.outcomes:
        return Verdict(False, (Reason(f"outcome_{facts.outcome}"),))
    asked = rules.channels[facts.channel]
    if not asked.counts:
        return Verdict(False, (Reason(f"channel_{facts.channel}"),))
    found = tuple(_lacking(facts, asked, rules))
    return Verdict(not found, found)


def _lacking(facts: Facts, asked: Asked, rules: Rules) -> Iterable[Reason]:
    is_talk = facts.outcome in FILED_OUTCOMES
    if is_talk and asked.person:
        yield from _person(facts, rules)
    if asked.partner and not facts.has_partner:
        yield Reason("partner")
    if is_talk and _is_below(facts.file_percent, asked.file_percent):
        yield Reason("file", str(facts.file_percent), str(asked.file_percent))
    if facts.entry in TYPED:
        return
    if is_talk and _is_below(facts.dwell_minutes, asked.dwell_minutes):
        yield Reason("dwell", str(facts.dwell_minutes), str(asked.dwell_minutes))
    if _is_below(facts.photos, asked.photos):
        yield Reason("photos", str(facts.photos), str(asked.photos))
    if _is_below(asked.accuracy_m, facts.accuracy_m):
        yield Reason("accuracy", f"{facts.accuracy_m:.0f}", str(asked.accuracy_m))
    if _is_below(asked.distance_m, facts.distance_m):
        yield Reason("distance", f"{facts.distance_m:.0f}", str(asked.distance_m))


def _is_below(figure: float | None, other: float | None) -> bool:
    """Whether both are known and the first is less: what is not asked or not known is never too little."""
    return figure is not None and other is not None and figure < other


def _person(facts: Facts, rules: Rules) -> Iterable[Reason]:
    if not facts.is_household:
        if facts.role not in rules.roles:
            yield Reason("role")
    elif not facts.has_person:
        yield Reason("person")
    elif rules.age is not None and facts.age is not None and facts.age < rules.age:
        yield Reason("age", str(facts.age), str(rules.age))


# --- What the page says before the visit is sent ----------------------------------------------------------------------


@dataclass(frozen=True)
class Need:
    """One thing the page looks at while the visit is filled in: in which channels, what is wanted (a number, or codes), in words."""

    code: str
    channels: tuple[str, ...]
    wanted: str
    zh: str
    en: str


def needs(rules: Rules, *, is_household: bool) -> list[Need]:
    """Return what is still to be done for an effective visit, in the order of the page; one entry for each thing and number."""
    found: dict[tuple[str, str], list[str]] = {("outcome", " ".join(sorted(rules.outcomes))): list(rules.channels)}
    for channel, asked in rules.channels.items():
        for code, wanted in _wanted(asked, rules, is_household):
            found.setdefault((code, str(wanted)), []).append(channel)
    return [
        Need(code, tuple(channels), wanted, *(words.format(wanted=wanted) for words in NEEDS[code]))
        for (code, wanted), channels in found.items()
    ]


def _wanted(asked: Asked, rules: Rules, is_household: bool) -> Iterable[tuple[str, Any]]:
    if not asked.counts:
        yield "channel", ""
        return
    if asked.person:
        yield ("person", "") if is_household else ("role", " ".join(sorted(rules.roles)))
        if is_household and rules.age is not None:
            yield "age", rules.age
    if asked.partner:
        yield "partner", ""
    numbers = {
        name: getattr(asked, name) for name in ("dwell_minutes", "photos", "accuracy_m", "distance_m", "file_percent")
    }
    yield from ((name.partition("_")[0], number) for name, number in numbers.items() if number is not None)


# --- Where a fix lies ------------------------------------------------------------------------------------------------


def _flat(origin: Point, point: Point) -> Point:
    """Return metres east and north of an origin, flat over the few kilometres of a county."""
    middle = cos(radians((origin[0] + point[0]) / 2))
    return EARTH_M * radians(point[1] - origin[1]) * middle, EARTH_M * radians(point[0] - origin[0])


def distance(
    fix: Point | None, accuracy_m: float | None, place: Point | None, limit: Mapping[str, Any] | None
) -> float | None:
    """Return how far a fix surely lies from the known place, else outside the limit of the grid (a GeoJSON polygon); None when
    either is not known. The error of the fix is taken off, so that a poor fix is never held against anybody."""
    if fix is None:
        return None
    if place is not None:
        away = hypot(*_flat(fix, place))
    elif limit:
        away = _outside(fix, limit)
    else:
        return None
    return max(0.0, away - (accuracy_m or 0.0))


def _outside(fix: Point, limit: Mapping[str, Any]) -> float:
    polygons = limit["coordinates"] if limit.get("type") == "MultiPolygon" else [limit["coordinates"]]
    rings = [[_flat(fix, (north, east)) for east, north, *_more in polygon[0]] for polygon in polygons if polygon]
    if any(_holds(ring) for ring in rings):
        return 0.0
    return min((_to_line(a, b) for ring in rings for a, b in pairwise(ring)), default=0.0)


def _holds(ring: Sequence[Point]) -> bool:
    """Whether a ring of metres around the fix holds it."""
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], *ring[:1]], strict=True):
        if (y1 > 0) != (y2 > 0) and x1 + (x2 - x1) * y1 / (y1 - y2) > 0:
            inside = not inside
    return inside


def _to_line(a: Point, b: Point) -> float:
    (x1, y1), (x2, y2) = a, b
    square = (x2 - x1) ** 2 + (y2 - y1) ** 2
    part = max(0.0, min(1.0, -(x1 * (x2 - x1) + y1 * (y2 - y1)) / square)) if square else 0.0
    return hypot(x1 + part * (x2 - x1), y1 + part * (y2 - y1))


# --- Words ----------------------------------------------------------------------------------------------------------

SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "outcome_nobody": (
        "这次没有见到人；约好时间再去，或先打电话",
        "Nobody was met this time; agree a time, or call first",
    ),
    "outcome_moved": (
        "这户已搬离；下次先问清新住处",
        "The family has moved; ask for the new address before the next visit",
    ),
    "outcome_away": (
        "全家外出；下次改用视频或电话走访，或等人回来",
        "The family is away; meet by video or phone, or wait until somebody is back",
    ),
    "outcome_refused": (
        "这次没有谈成；下次可请村干部陪同",
        "There was no talk this time; next time ask somebody of the village to come along",
    ),
    "outcome_interviewed": ("本行规则没有把“已面谈”算作有效", "The bank's rules do not count an interview"),
    "outcome_partial": ("这次只了解了一部分；下次把其余的补上", "Only part was learned; ask about the rest next time"),
    "channel_video": ("视频走访不计入有效走访；方便时上门一次", "Visits by video are counted apart; call at the door"),
    "channel_phone": ("电话走访不计入有效走访；方便时上门一次", "Visits by phone are counted apart; call at the door"),
    "person": ("下次选上见到的是哪位家庭成员", "Next time choose which member of the household was met"),
    "role": ("下次请见负责人、店员或家里人，并选上", "Next time meet who answers for it, staff or family, and say so"),
    "age": (
        "见到的成员 {value} 岁；下次约 {wanted} 岁以上的成员在家时去",
        "The member met is {value}; next time go when somebody of {wanted} or more is in",
    ),
    "partner": ("下次两人同去，并选上同访人", "Next time go with a colleague, and name the colleague"),
    "file": (
        "档案填到 {value}%；下次填到 {wanted}% 以上",
        "The file is {value}% filled in; next time fill in {wanted}% or more",
    ),
    "dwell": (
        "走访页打开了 {value} 分钟；下次进门就打开，至少聊 {wanted} 分钟",
        "The page was open for {value} minutes; next time open it at the door and talk for at least {wanted}",
    ),
    "photos": ("照片 {value} 张；下次当场拍 {wanted} 张", "{value} photos; next time take {wanted} on the spot"),
    "accuracy": (
        "定位误差 {value} 米；下次到门外开阔处等到误差 {wanted} 米以内",
        "The fix was good to {value} m; next time step outside until it is good to {wanted} m",
    ),
    "distance": (
        "定位离登记的位置 {value} 米；下次在户里提交，位置变了就告诉支行更正",
        "The fix lies {value} m from the known place; next time send from there, or have the place corrected",
    ),
}

NEEDS: Final[Mapping[str, tuple[str, str]]] = {
    "outcome": ("见到人、谈过", "Somebody was met"),
    "channel": ("这种方式单独计数，上门一次才计入", "This way is counted apart; a visit at the door counts"),
    "person": ("选上见到的是谁", "Choose who was met"),
    "role": ("选上见到的是谁", "Choose whom you met"),
    "age": ("见到的成员满 {wanted} 岁", "The member met is {wanted} or more"),
    "partner": ("选上同访人", "Name the colleague who came along"),
    "dwell": ("停留 {wanted} 分钟", "Stay {wanted} minutes"),
    "photos": ("当场拍 {wanted} 张照片", "Take {wanted} photo(s) on the spot"),
    "accuracy": ("到开阔处，定位误差 {wanted} 米以内", "Step outside: the fix good to {wanted} m"),
    "distance": ("在登记位置 {wanted} 米以内提交", "Within {wanted} m of the known place"),
    "file": ("档案填到 {wanted}%（提交后计算）", "The file {wanted}% filled in (counted when sent)"),
}
