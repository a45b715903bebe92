"""The guard against sudden changes: flag a revision, prove it, settle it by a second person, compare everything again at night.

A flag never stands in the way of a submission; it holds the revision back from what is computed (``lib.trusted``).
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from io import BytesIO
from itertools import pairwise
from typing import Any

from django.db import connection, transaction

from config.lib import audit, clock, files
from config.lib.clock import SHANGHAI
from config.lib.models import Release
from config.lib.weeks import business_day, working_day_after
from config.lib.working_days import changes_of
from customers.domain import guard
from customers.domain.moved import PARTS
from customers.models import ChangeFlag, ChangeProof, Evidence, Profile, ProfileCheck, Subject
from customers.selectors.changes import KIND, limits_on, trusted_before, watched
from grids.selectors.institutions import institution_ids

LONGEST_ANSWER = 200


class ChangeRefusedError(Exception):
    """A step on sudden changes is not possible; ``code`` says why: own, settled, newer, proof, answer."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


# --- On submission ----------------------------------------------------------------------------------------------------


def flag_changes(profile: Profile) -> list[ChangeFlag]:
    """Flag the figures of a revision just submitted that moved too far; a first revision costs nothing."""
    if profile.number == 1:
        return []
    release = limits_on(profile.institution_id, business_day(profile.submitted_at))
    if release is None:
        return []
    limits = guard.read(release.document)
    earlier = trusted_before(profile.subject_id, profile.number, profile.submitted_at, limits.window_days)
    if not earlier:
        return []
    # The sums are the database's own.
    profile.refresh_from_db(fields=list(guard.FIGURES))
    found = guard.sudden_changes(watched(profile), earlier, limits)
    if not found:
        return []
    changes = changes_of(profile.institution_id)
    due_on = working_day_after(business_day(profile.submitted_at), limits.due_days, changes)
    return ChangeFlag.objects.bulk_create(
        ChangeFlag(
            institution_id=profile.institution_id,
            grid_id=profile.grid_id,
            recorded_grid_id=profile.grid_id,
            subject_id=profile.subject_id,
            profile=profile,
            figure=one.figure,
            base_id=one.base,
            before=one.before,
            after=one.after,
            release=release,
            found=ChangeFlag.Found.SUBMITTED,
            flagged_at=profile.submitted_at,
            due_on=due_on,
        )
        for one in found
    )


@dataclass(frozen=True)
class Proof:
    """A photo or document sent with a visit: which figure it proves, and of which item ("assets.0"; "" for the whole)."""

    figure: str
    content: bytes
    name: str
    item: str = ""


def prove_on_submission(*, staff: Any, visit: Any, flags: Collection[ChangeFlag], proofs: Iterable[Proof]) -> None:
    """Keep what the officer sent as proof: with the flag of its figure, else, where nothing was flagged, with the visit like any
    photo. Raises FileRefused."""
    by_figure = {flag.figure: flag for flag in flags}
    place = {
        "institution_id": visit.institution_id,
        "grid_id": visit.grid_id,
        "recorded_grid_id": visit.grid_id,
        "subject_id": visit.subject_id,
    }
    for proof in proofs:
        file = files.store_document(
            content=BytesIO(proof.content),
            name=proof.name,
            institution_id=visit.institution_id,
            grid_id=visit.grid_id,
            stored_by_id=staff.pk,
            subject_id=visit.subject_id,
        )
        evidence = Evidence.objects.create(**place, visit=visit, file=file)
        if (flag := by_figure.get(proof.figure)) is not None:
            ChangeProof.objects.create(
                **place, flag=flag, evidence=evidence, item=_item_of(flag, proof.item), added_by=staff
            )


# --- Proof --------------------------------------------------------------------------------------------------------------


def add_proof(
    *,
    staff: Any,
    post_id: int | None,
    profile: Profile,
    figures: Collection[str],
    content: bytes,
    name: str,
    note: str = "",
    item: str = "",
) -> Evidence:
    """Store a photo or PDF as proof of changes of some figures; of all that are open when none is named.

    Raises FileRefused for what is neither or too large, ChangeRefusedError when nothing of it is open any more.
    """
    with transaction.atomic():
        flags = [flag for flag in _locked(profile) if not figures or flag.figure in figures]
        if not flags:
            raise ChangeRefusedError("settled")
        file = files.store_document(
            content=BytesIO(content),
            name=name,
            institution_id=profile.institution_id,
            grid_id=profile.grid_id,
            stored_by_id=staff.pk,
            subject_id=profile.subject_id,
        )
        place = {
            "institution_id": profile.institution_id,
            "grid_id": profile.grid_id,
            "recorded_grid_id": profile.grid_id,
            "subject_id": profile.subject_id,
        }
        evidence = Evidence.objects.create(**place, file=file, caption=note.strip()[:60])
        ChangeProof.objects.bulk_create(
            ChangeProof(**place, flag=flag, evidence=evidence, item=_item_of(flag, item), added_by=staff)
            for flag in flags
        )
        audit.record(
            staff=staff,
            verb="prove_change",
            about=profile.subject.kind,
            about_id=profile.subject_id,
            detail={"revision": profile.number, "figures": sorted(flag.figure for flag in flags)},
            post_id=post_id,
        )
    return evidence


def _item_of(flag: ChangeFlag, item: str) -> str:
    """The item where it belongs to the figure, else the figure as a whole."""
    return item[:60] if item.startswith(f"{PARTS[flag.figure][0]}.") else ""


def _locked(profile: Profile) -> list[ChangeFlag]:
    return list(ChangeFlag.objects.select_for_update().filter(profile=profile, outcome="").order_by("pk"))


# --- The second person --------------------------------------------------------------------------------------------------


def settle(*, staff: Any, post_id: int | None, profile: Profile, outcome: str, answer: str) -> list[ChangeFlag]:
    """Confirm or refuse the open changes of a file's newest revision, all at once.

    Confirmed, which needs a proof of each, the revision may feed a line as soon as it has passed the second check. Refused, which
    needs words, it never will: a file that was not checked yet goes back with these words. Raises ChangeRefusedError.
    """
    visit = profile.visit
    if staff.pk in (visit.lead_id, visit.partner_id, visit.typed_by_id, profile.collector_id):
        raise ChangeRefusedError("own")
    said = answer.strip()[:LONGEST_ANSWER]
    if outcome == ChangeFlag.Outcome.REFUSED and not said:
        raise ChangeRefusedError("answer")
    now = clock.now()
    with transaction.atomic():
        # A submit refers to the subject and waits for this lock: no newer revision comes in between.
        subject = Subject.objects.select_for_update().get(pk=profile.subject_id)
        if Profile.objects.filter(subject_id=profile.subject_id, number__gt=profile.number).exists():
            raise ChangeRefusedError("newer")
        flags = _locked(profile)
        if not flags:
            raise ChangeRefusedError("settled")
        proved = set(ChangeProof.objects.filter(flag__in=flags).values_list("flag_id", flat=True))
        if outcome == ChangeFlag.Outcome.CONFIRMED and proved != {flag.pk for flag in flags}:
            raise ChangeRefusedError("proof")
        ChangeFlag.objects.filter(pk__in=[flag.pk for flag in flags]).update(
            outcome=outcome, settled_by=staff, settled_at=now, answer=said
        )
        if outcome == ChangeFlag.Outcome.REFUSED:
            _return(staff, profile, flags, said, now)
        audit.record(
            staff=staff,
            verb=f"change_{outcome}",
            about=subject.kind,
            about_id=profile.subject_id,
            detail={"revision": profile.number, "figures": sorted(flag.figure for flag in flags)},
            post_id=post_id,
        )
    return flags


def _return(staff: Any, profile: Profile, flags: list[ChangeFlag], said: str, now: datetime) -> None:
    if ProfileCheck.objects.filter(profile=profile).exists():
        return
    ProfileCheck.objects.create(
        institution_id=profile.institution_id,
        grid_id=profile.grid_id,
        recorded_grid_id=profile.grid_id,
        subject_id=profile.subject_id,
        profile=profile,
        checker=staff,
        verdict=ProfileCheck.Verdict.RETURNED,
        remarks=[{"path": "", "text": said}],
        checked_at=now,
    )


# --- At night -----------------------------------------------------------------------------------------------------------


@dataclass
class Drift:
    """What comparing everything again found: ``missing`` flags now raised, ``surplus`` ones no rule asks for, ``differing`` in
    their figures. The last two are told, never changed: what was found stands."""

    expected: int = 0
    missing: list[int] = field(default_factory=list)
    surplus: list[int] = field(default_factory=list)
    differing: list[int] = field(default_factory=list)


# Every newest revision against those trusted when it was submitted; figures stand in one index, so that no document is read.
EXPECTED = """
    with pair as (
        select profile.id, profile.subject_id, profile.number, profile.submitted_at as at,
               profile.assets, profile.liabilities, profile.net_income, profile.expenses,
               base.id as base_id, base.submitted_at as base_at, base.assets as base_assets,
               base.liabilities as base_liabilities, base.net_income as base_net_income, base.expenses as base_expenses
        from customers_profile as profile
        join customers_profile as base
          on base.subject_id = profile.subject_id and base.number < profile.number
         and base.submitted_at between profile.submitted_at - make_interval(hours => 24 * %(window)s) and profile.submitted_at
        where profile.number > 1
          and profile.institution_id = %(institution)s and profile.submitted_at >= %(since)s and profile.submitted_at < %(until)s
          and not exists (
              select 1 from customers_profile as newer
              where newer.subject_id = profile.subject_id and newer.number > profile.number)
    ), moved as materialized (
        -- Few files move that far: which of their earlier revisions were trusted is asked for these alone, one by one.
        select pair.id as profile_id, pair.subject_id, pair.number, pair.at, figure.name as figure,
               pair.base_id, pair.base_at, figure.before, figure.after
        from pair cross join lateral (values
            ('assets', pair.base_assets, pair.assets, %(assets_percent)s::numeric, %(assets_floor)s::numeric),
            ('liabilities', pair.base_liabilities, pair.liabilities, %(liabilities_percent)s, %(liabilities_floor)s),
            ('net_income', pair.base_net_income, pair.net_income, %(net_income_percent)s, %(net_income_floor)s),
            ('expenses', pair.base_expenses, pair.expenses, %(expenses_percent)s, %(expenses_floor)s)
        ) as figure(name, before, after, percent, floor)
        where abs(figure.after - figure.before) >= figure.floor
          and abs(figure.after - figure.before) * 100 > figure.percent * abs(figure.before)
    )
    select distinct on (moved.profile_id, moved.figure)
           moved.profile_id, moved.subject_id, moved.figure, moved.base_id, moved.before, moved.after
    from moved
    where exists (select 1 from lib.trusted(moved.at) as held where held.profile_id = moved.base_id)
      and not exists (
          select 1 from customers_changeflag as proved
          join customers_profile as later on later.id = proved.profile_id
          cross join lateral lib.trusted(moved.at) as held
          where proved.subject_id = moved.subject_id and proved.figure = moved.figure
            and proved.outcome = 'confirmed' and proved.settled_at <= moved.at
            and held.profile_id = later.id and later.number < moved.number
            and (later.submitted_at, later.id) > (moved.base_at, moved.base_id))
    order by moved.profile_id, moved.figure, moved.base_at desc, moved.base_id desc
"""
# One statement, hence one snapshot: what is expected, what of it is missing and raised, and what does not agree.
_COMPARE = f"""
    with expected as materialized ({EXPECTED}),
    raised as (
        insert into customers_changeflag (institution_id, grid_id, recorded_grid_id, subject_id, profile_id, figure, base_id,
                                          before, after, release_id, found, flagged_at, due_on)
        select subject.institution_id, subject.grid_id, subject.grid_id, subject.id, expected.profile_id, expected.figure,
               expected.base_id, expected.before, expected.after, %(release)s, 'sweep', %(now)s, %(due_on)s
        from expected join customers_subject as subject on subject.id = expected.subject_id
        where not exists (
            select 1 from customers_changeflag as flag
            where flag.profile_id = expected.profile_id and flag.figure = expected.figure)
        on conflict do nothing
        returning id
    )
    select 'expected', count(*), null from expected
    union all select 'missing', count(*), array_agg(id order by id) from raised
    union all
    select 'differing', count(*), array_agg(flag.id order by flag.id)
    from expected join customers_changeflag as flag on flag.profile_id = expected.profile_id and flag.figure = expected.figure
    where (flag.base_id, flag.before, flag.after) is distinct from (expected.base_id, expected.before, expected.after)
    union all
    select 'surplus', count(*), array_agg(flag.id order by flag.id)
    from customers_changeflag as flag join customers_profile as profile on profile.id = flag.profile_id
    where flag.outcome = '' and profile.institution_id = %(institution)s
      and profile.submitted_at >= %(since)s and profile.submitted_at < %(until)s
      and not exists (
          select 1 from customers_profile as newer
          where newer.subject_id = profile.subject_id and newer.number > profile.number)
      and not exists (
          select 1 from expected where expected.profile_id = flag.profile_id and expected.figure = flag.figure)
"""  # noqa: S608


def _spans(institution_id: int) -> Iterator[tuple[Release, date, date]]:
    """Yield each release of the thresholds with the first day it is in force and the first it is not."""
    newest: dict[date, Release] = {}
    rows = Release.objects.filter(institution_id=institution_id, kind=KIND, key="").order_by("effective_on", "version")
    for release in rows:
        newest[release.effective_on] = release
    days = [*sorted(newest), date.max]
    for since, until in pairwise(days):
        yield newest[since], since, until


def _midnight(day: date) -> datetime:
    return datetime.combine(day if day != date.max else date(9999, 1, 1), time(), SHANGHAI)


def bounds(institution_id: int, release: Release, since: date, until: date) -> dict[str, Any]:
    """Return what ``EXPECTED`` is run with for the revisions submitted from one day until before another."""
    limits = guard.read(release.document)
    values: dict[str, Any] = {
        "institution": institution_id,
        "since": _midnight(since),
        "until": _midnight(until),
        "window": limits.window_days,
        "release": release.pk,
    }
    for name in guard.FIGURES:
        limit = limits.figures.get(name)
        # A figure nobody watches can reach no floor.
        values[f"{name}_percent"] = limit.percent if limit else 0
        values[f"{name}_floor"] = limit.floor if limit else "Infinity"
    return values


def compare_all(institution_id: int) -> Drift:
    """Compare the newest revision of every file again and raise the flags that are missing, set-based.

    For files that came in beside ``submit_visit``, and as proof that nothing slipped through. Run as the worker.
    """
    drift = Drift()
    now, changes = clock.now(), changes_of(institution_id)
    for release, since, until in _spans(institution_id):
        values = bounds(institution_id, release, since, until)
        due_days = guard.read(release.document).due_days
        values |= {"now": now, "due_on": working_day_after(business_day(now), due_days, changes)}
        with connection.cursor() as cursor:
            cursor.execute(_COMPARE, values)
            found = {name: (count, ids or []) for name, count, ids in cursor.fetchall()}
        drift.expected += found["expected"][0]
        drift.missing += found["missing"][1]
        drift.differing += found["differing"][1]
        drift.surplus += found["surplus"][1]
    return drift


def compare_institutions() -> dict[int, Drift]:
    """Compare the files of every institution, by its id; run as the worker."""
    return {institution_id: compare_all(institution_id) for institution_id in institution_ids()}
