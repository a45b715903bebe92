"""The plan of an officer's day (先易后难): who to visit first, why in words, and what was done of it.

Weights are a released document; a place gets the sum of the points of its reasons, and every reason can be said. Nothing here
is typed by anybody: whether a visit planned was made follows from the visits stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import cos, hypot, radians
from typing import Any, Final, NamedTuple

from customers.domain.catalogue import Words
from customers.domain.contacts import ANY_DAY, WAYS, Rest

EARTH_M: Final = 6_371_000
MONTH_DAYS: Final = 30
"""Contacts are counted in full months of thirty days: a rough measure of how long ago."""

INDUSTRIES: Final[Mapping[str, Words]] = {
    "planting": Words("种植", "growing crops"),
    "breeding": Words("养殖", "raising livestock or fish"),
    "commerce": Words("经商", "trading"),
    "labour": Words("务工", "working away or by the day"),
    "wage": Words("有工资", "on a salary"),
    "rent": Words("有租金收入", "letting property or land"),
    "licensed": Words("个体工商户", "a licensed business"),
    "unlicensed": Words("无照商户", "an unlicensed business"),
    "farm": Words("家庭农场", "a family farm"),
    "coop": Words("专业合作社", "a co-operative"),
    "leading": Words("龙头企业", "a leading enterprise"),
    "institution": Words("机关事业单位", "an institution"),
    "enterprise": Words("企业", "an enterprise"),
}
"""What a place lives on: the sources of income of a household's file, the kind of a business or unit."""

_SAID: Final[Mapping[str, Words]] = {
    "late": Words("约定 {day} 走访，已过 {days} 天", "agreed for {day}, {days} days ago"),
    "agreed": Words("约定今天走访", "agreed for today"),
    "soon": Words("约定 {day} 走访", "agreed for {day}"),
    "contact": Words("联系计划到期：{what}", "contact is due: {what}"),
    "returning": Words("预计 {day} 返乡", "expected back on {day}"),
    "returned": Words("档案被退回，要补", "the file was returned"),
    "need": Words("上次走访说有需求", "said what is needed on the last visit"),
    "industry": Words("{what}", "{what}"),
    "grade": Words("评级 {what}", "rated {what}"),
    "near": Words("离您约 {metres} 米", "about {metres} m from you"),
    "group": Words("同组当天还有安排", "same group as another visit of the day"),
    "village": Words("同村当天还有安排", "same village as another visit of the day"),
    "unseen": Words("{months} 个月没走访", "not seen for {months} months"),
    "never": Words("本期还没走访过", "not visited in this campaign"),
}


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Points of each reason (kind ``day_plan``); 0 leaves a reason out."""

    agreed: int
    soon: int
    soon_days: int
    late_day: int
    late_most: int
    returned: int
    need: int
    industries: Mapping[str, int]
    grades: Mapping[str, int]
    near: int
    near_metres: int
    group: int
    village: int
    unseen_month: int
    unseen_most: int
    never: int

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Weights":
        """Read a released document; its shape was checked when it was released."""
        points = document["points"]
        return cls(
            **{name: int(points[name]) for name in _POINTS},
            **{name: int(document["measures"][name]) for name in _MEASURES},
            industries={row["code"]: int(row["points"]) for row in document.get("industries", ())},
            grades={row["code"]: int(row["points"]) for row in document.get("grades", ())},
        )


_POINTS: Final = (
    "agreed", "soon", "late_day", "late_most", "returned", "need", "near", "group", "village", "unseen_month", "unseen_most", "never",
)  # fmt: skip
_MEASURES: Final = ("soon_days", "near_metres")
PLAIN: Final = Weights(
    agreed=2, soon=2, soon_days=7, late_day=0, late_most=0, returned=0, need=0, industries={}, grades={}, near=0,
    near_metres=1, group=0, village=0, unseen_month=0, unseen_most=0, never=1,
)  # fmt: skip
"""The order of a bank that has released no weights: agreed dates, then who has not been visited."""


class Candidate(NamedTuple):
    """What is known of a place before it is visited. ``is_new``: the campaign has not seen it; ``order``: its place in the list."""

    subject_id: int
    grid_id: int
    group: str = ""
    latitude: float | None = None
    longitude: float | None = None
    agreed_on: date | None = None
    is_returned: bool = False
    has_need: bool = False
    industries: frozenset[str] = frozenset()
    grade: str = ""
    last_on: date | None = None
    is_new: bool = False
    order: str = ""
    rest: Rest = ANY_DAY


@dataclass(frozen=True, slots=True)
class Here:
    """Where the device is, in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a place comes early: points, and what its sentence names."""

    code: str
    points: int
    day: date | None = None
    count: int = 0
    what: str = ""

    def sentence(self, language: str) -> str:
        """Say it in Chinese or English."""
        named = {"industry": INDUSTRIES, "contact": WAYS}.get(self.code)
        what = named[self.what].label(language) if named and self.what else self.what
        day = f"{self.day:%m-%d}" if self.day else ""
        return (
            _SAID[self.code]
            .label(language)
            .format(day=day, days=self.count, metres=self.count, months=self.count, what=what)
        )

    def stored(self) -> dict[str, Any]:
        """Write it down as a plan keeps it."""
        return {"code": self.code, "points": self.points, "count": self.count, "what": self.what} | (
            {"day": self.day.isoformat()} if self.day else {}
        )

    @classmethod
    def kept(cls, stored: Mapping[str, Any]) -> "Reason":
        """Read what a plan keeps."""
        day = date.fromisoformat(stored["day"]) if "day" in stored else None
        return cls(stored["code"], stored["points"], day, stored["count"], stored["what"])


@dataclass(frozen=True, slots=True)
class Scored:
    """A place with its points and the reasons they are made of, the strongest first."""

    candidate: Candidate
    score: int
    reasons: tuple[Reason, ...]


def metres(one: Here, latitude: float, longitude: float) -> float:
    """Return the distance on the ground in metres, flat over the few kilometres of a day."""
    x = radians(longitude - one.longitude) * cos(radians((latitude + one.latitude) / 2))
    return EARTH_M * hypot(x, radians(latitude - one.latitude))


def score(
    candidate: Candidate,
    weights: Weights,
    *,
    on: date,
    here: Here | None = None,
    planned: frozenset[tuple[int, str]] = frozenset(),
) -> Scored:
    """Score one place for a day. ``planned`` are village and group of the day's visits; they count where ``here`` says nothing."""
    found = [
        *_agreed(candidate, weights, on),
        *_contact(candidate, weights, on),
        *_known(candidate, weights, on),
        *_close(candidate, weights, here, planned),
    ]
    reasons = sorted((one for one in found if one.points > 0), key=lambda one: (-one.points, one.code, one.what))
    return Scored(candidate, sum(one.points for one in reasons), tuple(reasons))


def _agreed(candidate: Candidate, weights: Weights, on: date) -> Iterable[Reason]:
    day = candidate.agreed_on
    if day is None:
        return
    ahead = (day - on).days
    if ahead < 0:
        yield Reason("late", weights.agreed + min(weights.late_most, -ahead * weights.late_day), day, -ahead)
    elif ahead == 0:
        yield Reason("agreed", weights.agreed, day)
    elif ahead <= weights.soon_days:
        yield Reason("soon", weights.soon, day)


def _contact(candidate: Candidate, weights: Weights, on: date) -> Iterable[Reason]:
    rest = candidate.rest
    if rest.due is not None and rest.due <= on:
        late = (on - rest.due).days
        yield Reason(
            "contact", weights.agreed + min(weights.late_most, late * weights.late_day), rest.due, what=rest.way
        )
    elif rest.seen_from is not None and rest.seen_from <= on:
        yield Reason("returning", weights.agreed, rest.back_on)


def _known(candidate: Candidate, weights: Weights, on: date) -> Iterable[Reason]:
    if candidate.is_returned:
        yield Reason("returned", weights.returned)
    if candidate.has_need:
        yield Reason("need", weights.need)
    best = max(sorted(candidate.industries), key=lambda code: weights.industries.get(code, 0), default="")
    if best:
        yield Reason("industry", weights.industries.get(best, 0), what=best)
    if candidate.grade:
        yield Reason("grade", weights.grades.get(candidate.grade, 0), what=candidate.grade)
    if candidate.last_on is not None:
        months = max(0, (on - candidate.last_on).days) // MONTH_DAYS
        yield Reason("unseen", min(weights.unseen_most, months * weights.unseen_month), count=months)
    if candidate.is_new:
        yield Reason("never", weights.never)


def _close(
    candidate: Candidate, weights: Weights, here: Here | None, planned: frozenset[tuple[int, str]]
) -> Iterable[Reason]:
    if here is not None and candidate.latitude is not None and candidate.longitude is not None:
        away = metres(here, candidate.latitude, candidate.longitude)
        if away < weights.near_metres:
            yield Reason("near", int(weights.near * (1 - away / weights.near_metres)), count=round(away / 10) * 10)
    elif candidate.group and (candidate.grid_id, candidate.group) in planned:
        yield Reason("group", weights.group)
    elif any(grid == candidate.grid_id for grid, _group in planned):
        yield Reason("village", weights.village)


def ordered(
    candidates: Iterable[Candidate],
    weights: Weights,
    *,
    on: date,
    here: Here | None = None,
    planned: Iterable[tuple[int, str]] = (),
) -> list[Scored]:
    """Return the places that have a reason, the most points first; ties by agreed date, list order and number, whatever order they
    came in. Whoever is kept in touch with otherwise is left out until his day (``contacts``)."""
    places = frozenset(planned)
    found = []
    # Thousands of places share few reasons: those alike but for who they are, are scored once.
    alike: dict[Any, Scored] = {}
    for one in candidates:
        if one.rest.until is not None and one.rest.until > on:
            continue
        where = (
            (one.latitude, one.longitude)
            if here is not None and one.latitude is not None and one.longitude is not None
            else (one.grid_id, one.group)
            if places
            else None
        )
        rest = None if one.rest is ANY_DAY else one.rest
        facts = (
            one.agreed_on,
            rest,
            one.is_returned,
            one.has_need,
            one.industries,
            one.grade,
            one.last_on,
            one.is_new,
            where,
        )
        like = alike.get(facts)
        if like is None:
            like = alike[facts] = score(one, weights, on=on, here=here, planned=places)
        if like.score > 0:
            found.append(Scored(one, like.score, like.reasons))
    # The last word first: sorting keeps the order of what is level, and keys of one value cost a fraction of tuples.
    found.sort(key=lambda one: one.candidate.subject_id)
    found.sort(key=lambda one: one.candidate.order)
    found.sort(key=lambda one: one.candidate.agreed_on or date.max)
    found.sort(key=lambda one: one.score, reverse=True)
    return found


def ahead_by(first: Scored, second: Scored) -> Reason | None:
    """Return what puts one place before another: the reason with the largest lead in points; None where they are level."""
    theirs = {one.code: one.points for one in second.reasons}
    if first.score == second.score or not first.reasons:
        return None
    return max(first.reasons, key=lambda one: (one.points - theirs.get(one.code, 0), one.code))


# --- What was done of it ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One line of a plan: a place, or so many visits in a village (``subject_id`` None)."""

    key: int
    on: date
    grid_id: int
    subject_id: int | None = None
    wanted: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A visit as stored: day of the device, and whether it counts as visited (Semantics, section 2)."""

    on: date
    subject_id: int
    grid_id: int
    counts: bool


@dataclass(frozen=True, slots=True)
class Done:
    """Of a line: visits wanted, made, and in vain (nobody met)."""

    wanted: int
    made: int
    in_vain: int

    @property
    def is_done(self) -> bool:
        """Whether all wanted visits were made."""
        return self.made >= self.wanted


def settle(stops: Sequence[Stop], calls: Iterable[Call]) -> dict[int, Done]:
    """Tell of every line of a plan what was done. A place is met once; what is planned by itself does not count for its village."""
    made: dict[tuple[date, int], tuple[int, bool]] = {}
    for call in calls:
        _grid, counted = made.get((call.on, call.subject_id), (call.grid_id, False))
        made[call.on, call.subject_id] = (call.grid_id, counted or call.counts)
    single = {(stop.on, stop.subject_id) for stop in stops if stop.subject_id is not None}
    by_grid: dict[tuple[date, int], list[bool]] = {}
    for (on, subject_id), (grid_id, counted) in made.items():
        if (on, subject_id) not in single:
            by_grid.setdefault((on, grid_id), []).append(counted)
    found = {}
    for stop in stops:
        if stop.subject_id is not None:
            visit = made.get((stop.on, stop.subject_id))
            results = [visit[1]] if visit else []
        else:
            results = by_grid.get((stop.on, stop.grid_id), [])
        found[stop.key] = Done(stop.wanted, min(stop.wanted, sum(results)), sum(not one for one in results))
    return found
