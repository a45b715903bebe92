"""What a round prepares, as its pages show it: people, plan against done, checklist, village summary, rules in words."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Min, Q, Sum

from config.lib import clock, releases
from config.lib.display import day
from config.lib.models import Release
from config.lib.parameters.kinds import find
from config.lib.parameters.reading import Block
from credit.models import Round, RoundDay, RoundPerson, RoundTask, SheetSubject, VillageSummary
from credit.selectors.listing import Line, lines
from customers.selectors.rosters_of_rounds import visited_of

PAGE = 50


def people_of(round: Round) -> list[dict[str, Any]]:
    """Return director and liaison of a round, named or not."""
    rows = {row.role: row for row in RoundPerson.objects.filter(round=round).select_related("staff")}
    return [
        {"role": role, "label": label, "row": rows.get(role), "name": _name(rows.get(role))}
        for role, label in RoundPerson.Role.choices
    ]


def _name(row: RoundPerson | None) -> str:
    if row is None:
        return ""
    return row.staff.name if row.staff else row.name


# --- The plan -----------------------------------------------------------------------------------------------------------


def plan_of(round: Round) -> list[RoundDay]:
    """Return the plan of a round by day and team."""
    return list(RoundDay.objects.filter(round=round).order_by("on", "team"))


def progress_of(rounds: Sequence[Round]) -> dict[int, dict[str, int]]:
    """Return of each planned round what was planned in all, planned by today, and done: households visited since its first day.

    Two queries, however many rounds. What is done is read from the visits, never typed.
    """
    today = clock.today()
    rows = RoundDay.objects.filter(round__in=rounds).order_by().values("round_id")
    plans = {
        row["round_id"]: row
        for row in rows.annotate(
            whole=Sum("households"), due=Sum("households", filter=Q(on__lte=today), default=0), first=Min("on")
        )
    }
    begun = {
        one.grid_id: plans[one.pk]["first"] for one in rounds if one.pk in plans and plans[one.pk]["first"] <= today
    }
    done = visited_of(begun)
    return {
        one.pk: {"whole": plan["whole"], "due": plan["due"], "done": done.get(one.grid_id, 0)}
        for one in rounds
        if (plan := plans.get(one.pk))
    }


# --- The checklist ------------------------------------------------------------------------------------------------------


def checklist(round: Round, language: str) -> dict[str, Any] | None:
    """Return the released checklist with what is done: the village's points, and how many households have each of theirs."""
    release = _in_force(round, "round_tasks")
    if release is None:
        return None
    village = {row.code: row for row in RoundTask.objects.filter(round=round, subject=None).select_related("done_by")}
    homes = RoundTask.objects.filter(round=round, subject__isnull=False).order_by()
    counts = dict(homes.values_list("code").annotate(count=Count("pk")))
    word = _word(language)
    points = [
        {"code": one["code"], "label": one[word], "row": village.get(one["code"])}
        for one in release.document["village"]
    ]
    return {
        "village": points,
        "done": sum(1 for one in points if one["row"]),
        "household": [
            {"code": one["code"], "label": one[word], "count": counts.get(one["code"], 0)}
            for one in release.document["household"]
        ],
        "release": release,
    }


def households_to_tick(
    round: Round, number: str | None
) -> tuple[Page[SheetSubject], list[tuple[Line, dict[str, bool]]]]:
    """Return one page of a round's list with what is done at each household."""
    rows = SheetSubject.objects.filter(round=round).exclude(excluded_because=SheetSubject.Excluded.LEFT)
    page = Paginator(rows.order_by("subject__household__number", "pk"), PAGE).get_page(number)
    shown = list(page.object_list)
    done: dict[int, dict[str, bool]] = {row.subject_id: {} for row in shown}
    ticked = RoundTask.objects.filter(round=round, subject__in=list(done)).values_list("subject_id", "code")
    for subject_id, code in ticked:
        done[subject_id][code] = True
    return page, [(line, done[line.row.subject_id]) for line in lines(shown)]


# --- The village summary ------------------------------------------------------------------------------------------------


def summary_of(round: Round) -> VillageSummary | None:
    """Return the newest edition of a round's village summary."""
    rows = VillageSummary.objects.filter(round=round).select_related("form", "written_by")
    return rows.order_by("-number").first()


def questions_of(round: Round, language: str, answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the questions in force with the answers given, in a language."""
    release = _in_force(round, "village_summary")
    return [] if release is None else asked(release, language, answers)


def asked(release: Release, language: str, answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the questions of one release with the answers given."""
    word = _word(language)
    return [
        {
            "code": one["code"],
            "label": one[word],
            "kind": one["kind"],
            "unit": one.get(f"unit_{word}", ""),
            "value": answers.get(one["code"], ""),
        }
        for one in release.document["questions"]
    ]


# --- Rules and provenance -----------------------------------------------------------------------------------------------


def rules_in_words(round: Round, language: str) -> tuple[Release | None, Block | None]:
    """Return the release a round is frozen under, or would be today, and what it says."""
    release = round.rules or _in_force(round, "round_rules")
    kind = find("round_rules")
    return (release, kind.read(release.document, language)) if release is not None and kind else (release, None)


def provenance_of(round: Round) -> dict[str, Any] | None:
    """Return where the frozen roster came from, its days written for the reader; None before it is frozen."""
    told = round.provenance
    if not told:
        return None
    file = told.get("file") or {}
    return {
        "households": told["households"],
        "frozen_on": _day(told.get("frozen_on", "")),
        "listed": [{"on": _day(one["on"]), "households": one["households"]} for one in told["listed"]],
        "official": {**told["official"], "on": _day(told["official"]["on"])},
        "file": {**file, "obtained_on": _day(file["obtained_on"])} if file else None,
    }


def _day(text: str) -> str:
    return day(date.fromisoformat(text)) if text else ""


def _in_force(round: Round, kind: str) -> Release | None:
    return releases.together(round.institution_id, (kind,), clock.today()).get(kind)


def _word(language: str) -> str:
    return "en" if language.startswith("en") else "zh"
