"""Audit samples as their pages show them: plans, the draw and its proof, what is left to inspect, what was concluded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import get_language

from config.lib import clock, releases
from config.lib.models import Release
from customers.access import Household, households_for
from grids.access import CUSTOMER_POSTS, Branch, Post, PostKind, Staff
from reporting.access import items_for, plans_for
from reporting.domain import sampling
from reporting.domain.inspection import AuditRules, Compared, Outcome, deviation_words, read_rules
from reporting.domain.quarters import Quarter
from reporting.domain.sampling import SampleSize
from reporting.models import KinDeclaration, SampleAuditor, SampleItem, SamplePlan, SampleUnit

ON_PAGE = 20
RULES = "audit_rules"
QUARTERS_BACK = 4


def language() -> str:
    """Return the language of the reader."""
    return get_language() or "zh-hans"


def rules_in_force(institution_id: int) -> tuple[Release, AuditRules] | None:
    """Return the released rules of inspection and what they say; None before the first release."""
    try:
        release = releases.in_force(institution_id, RULES, clock.today())
    except releases.NotReleased:
        return None
    return release, read_rules(release.document)


# --- Planning ---------------------------------------------------------------------------------------------------------


def quarters() -> list[Quarter]:
    """Return the running quarter and those before it that a plan may sample, the newest first."""
    found = [Quarter.containing(clock.today())]
    while len(found) <= QUARTERS_BACK:
        found.append(found[-1].previous)
    return found


def branches_to_sample(institution_id: int) -> list[tuple[int, str]]:
    """Return the branches a plan may be limited to."""
    branches = Branch.objects.filter(institution_id=institution_id, is_open=True).exclude(kind=Branch.Kind.HEAD)
    return list(branches.order_by("path").values_list("pk", "name"))


def nameable(institution_id: int) -> QuerySet[Staff]:
    """Return who may be named for a plan: auditors of the whole institution who hold no other post that opens customers'
    files, since under such a post a drawn file would not be blind to them."""
    day = clock.today()
    held = Post.objects.filter(staff=OuterRef("pk"), from_on__lte=day).filter(Q(to_on__isnull=True) | Q(to_on__gt=day))
    audits = held.filter(kind=PostKind.AUDITOR, branch__isnull=True)
    elsewhere = held.filter(kind__in=CUSTOMER_POSTS).exclude(kind=PostKind.AUDITOR, branch__isnull=True)
    people = Staff.objects.filter(institution_id=institution_id, is_active=True)
    return people.filter(Exists(audits)).exclude(Exists(elsewhere)).order_by("number")


@dataclass(frozen=True)
class Outlook:
    """What a plan would sample if it were drawn now."""

    size: SampleSize
    own: int
    kin: int
    strata: list[tuple[str, int]]


def outlook(
    *,
    quarter: str,
    branches: Sequence[int],
    auditors: Sequence[int],
    confidence_pct: Decimal,
    tolerable_pct: Decimal,
    expected_pct: Decimal,
    plan_id: int | None = None,
) -> Outlook:
    """Return size and acceptance number over the files as they stand; counts alone, the same whoever asks.

    Kin are those declared for the plan ``plan_id``; before a plan is written nobody can declare any.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select stratum, units, own, kin from acc.audit_figures(%s, %s::bigint[], %s::bigint[], %s::bigint)",
            [quarter, list(branches), list(auditors), plan_id],
        )
        rows = cursor.fetchall()
    names = branch_names(row[0] for row in rows)
    size = sampling.plan_size(
        sum(row[1] for row in rows),
        confidence=confidence_pct / 100,
        tolerable=tolerable_pct / 100,
        expected=expected_pct / 100,
    )
    strata = [(names.get(stratum, stratum), units) for stratum, units, _own, _kin in rows if units]
    return Outlook(size, sum(row[2] for row in rows), sum(row[3] for row in rows), strata)


def outlook_of(plan: SamplePlan) -> Outlook:
    """Return what a plan that was not drawn yet would sample now."""
    return outlook(
        quarter=plan.quarter,
        branches=plan.branches,
        auditors=[person.pk for person in auditors_of(plan)],
        confidence_pct=plan.confidence_pct,
        tolerable_pct=plan.tolerable_pct,
        expected_pct=plan.expected_pct,
        plan_id=plan.pk,
    )


def branch_names(codes: Iterable[str | int]) -> dict[str, str]:
    """Return the names of branches by the code of their stratum."""
    found = Branch.objects.filter(pk__in=[int(code) for code in codes]).values_list("pk", "name")
    return {str(pk): name for pk, name in found}


# --- Plans ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """How far the inspections of a plan are."""

    inspected: int = 0
    found: int = 0


@dataclass(frozen=True)
class PlanRow:
    """One line of the list of plans."""

    plan: SamplePlan
    period: str
    progress: Progress
    is_replaced: bool


def drawn_of(plan: SamplePlan) -> QuerySet[SampleItem]:
    """Return the random part of a plan, which alone its figures and its conclusion rest on."""
    return plan.items.filter(is_targeted=False)


def progress_of(plan_ids: Iterable[int]) -> dict[int, Progress]:
    """Return how many drawn items of each plan were inspected and how many of them deviate; the random part alone."""
    rows = (
        SampleItem.objects.filter(plan_id__in=list(plan_ids), is_targeted=False, inspection__result__isnull=False)
        .values("plan_id")
        .annotate(inspected=Count("pk"), found=Count("pk", filter=Q(inspection__result__is_deviation=True)))
    )
    return {row["plan_id"]: Progress(row["inspected"], row["found"]) for row in rows}


def is_replaced() -> Exists:
    """Return the condition on plans whose new draw has taken place, or was at least planned."""
    return Exists(SamplePlan.objects.filter(replaces=OuterRef("pk")))


def page_of_plans(post: Post, number: str | None) -> tuple[Page[Any], list[PlanRow]]:
    """Return one page of the plans, the newest first."""
    listed = plans_for(post).select_related("conclusion").annotate(replaced=is_replaced()).order_by("-number")
    page = Paginator(listed, ON_PAGE).get_page(number)
    plans: list[Any] = list(page.object_list)
    progress = progress_of(plan.pk for plan in plans)
    rows = [PlanRow(plan, period_of(plan), progress.get(plan.pk, Progress()), plan.replaced) for plan in plans]
    return page, rows


def period_of(plan: SamplePlan) -> str:
    """Write the quarter of a plan."""
    return Quarter.parse(plan.quarter).label(language())


def auditors_of(plan: SamplePlan) -> list[Staff]:
    """Return the named auditors of a plan."""
    return list(plan.auditors.order_by("number"))


def is_named(plan: SamplePlan, staff_id: int) -> bool:
    """Whether a person inspects for a plan."""
    return SampleAuditor.objects.filter(plan=plan, staff_id=staff_id).exists()


def size_of(plan: SamplePlan) -> SampleSize:
    """Return the size a plan was drawn with."""
    inspected = plan.sample_size or 0
    return SampleSize(
        population=plan.population_size or 0,
        confidence=sampling.exact(plan.confidence_pct) / 100,
        tolerable=sampling.exact(plan.tolerable_pct) / 100,
        expected=sampling.exact(plan.expected_pct) / 100,
        inspected=inspected,
        accepted=plan.acceptance_number or 0,
        is_census=inspected == plan.population_size,
    )


@dataclass(frozen=True)
class Stratum:
    """A branch's part of a draw."""

    code: str
    name: str
    size: int
    drawn: int
    inspected: int
    found: int


def strata_of(plan: SamplePlan) -> list[Stratum]:
    """Return the strata of a drawn plan with their part of the sample and what was found there, in the order of their codes."""
    sizes: Any = dict(plan.population.values_list("stratum").annotate(Count("pk")).order_by("stratum"))
    rows: Any = (
        drawn_of(plan)
        .values("stratum")
        .annotate(
            drawn=Count("pk"),
            inspected=Count("inspection__result"),
            found=Count("pk", filter=Q(inspection__result__is_deviation=True)),
        )
    )
    counts = {row["stratum"]: row for row in rows}
    names = branch_names(sizes)
    nothing = {"drawn": 0, "inspected": 0, "found": 0}
    found = []
    for code, size in sizes.items():
        row = counts.get(code, nothing)
        found.append(Stratum(code, names.get(code, code), size, row["drawn"], row["inspected"], row["found"]))
    return found


def population_of(plan: SamplePlan) -> dict[int, str]:
    """Return the frozen population: subject id -> stratum."""
    return dict(SampleUnit.objects.filter(plan=plan).values_list("subject_id", "stratum"))


# --- The proof --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Repeat:
    """A draw done again from what was frozen, beside what is kept of the first."""

    plan: SamplePlan
    population_hash: str
    is_same_population: bool
    is_same_size: bool
    is_same_sample: bool
    drawn: tuple[int, ...]
    quotas: Mapping[str, int]

    @property
    def is_identical(self) -> bool:
        """Whether everything is as it was."""
        return self.is_same_population and self.is_same_size and self.is_same_sample


def repeat(plan: SamplePlan) -> Repeat:
    """Draw a drawn plan again from its frozen population and its seed, and compare; nothing is written."""
    members = population_of(plan)
    size = sampling.plan_size(
        len(members),
        confidence=plan.confidence_pct / 100,
        tolerable=plan.tolerable_pct / 100,
        expected=plan.expected_pct / 100,
    )
    again = sampling.draw(members, sample=size.inspected, seed=plan.seed)
    kept = list(drawn_of(plan).order_by("order").values_list("subject_id", "stratum"))
    return Repeat(
        plan=plan,
        population_hash=again.population_hash,
        is_same_population=again.population_hash == plan.population_hash and len(members) == plan.population_size,
        is_same_size=(size.inspected, size.accepted) == (plan.sample_size, plan.acceptance_number),
        is_same_sample=kept == [(subject, members[subject]) for subject in again.subjects],
        drawn=again.subjects,
        quotas=again.quotas,
    )


# --- Inspections ------------------------------------------------------------------------------------------------------

TODO, DONE, DEVIATING = "todo", "done", "deviating"
RANDOM, TARGETED = "random", "targeted"


@dataclass(frozen=True)
class ItemRow:
    """One household of a list: who and where, never what its file says; ``is_kin`` when the reader declared it as his kin's."""

    item: SampleItem
    household: Household | None
    head: str
    is_kin: bool = False

    @property
    def is_done(self) -> bool:
        """Whether it was inspected."""
        return hasattr(self.item, "inspection")


def worklist(post: Post, *, plan_id: int | None, branch: str, state: str, part: str = "") -> QuerySet[SampleItem]:
    """Return items to inspect, those of open plans the person is named for, or of one plan; of one part or of both."""
    items = items_for(post)
    if plan_id is not None:
        items = items.filter(plan_id=plan_id)
    else:
        live = plans_for(post).filter(state=SamplePlan.State.DRAWN, auditors=post.staff_id).exclude(is_replaced())
        items = items.filter(plan__in=live.values("pk"))
    if branch:
        items = items.filter(stratum=branch)
    if part in (RANDOM, TARGETED):
        items = items.filter(is_targeted=part == TARGETED)
    if state == TODO:
        items = items.filter(inspection__isnull=True)
    elif state == DONE:
        items = items.filter(inspection__isnull=False)
    elif state == DEVIATING:
        items = items.filter(inspection__result__is_deviation=True)
    return items


def page_of_items(
    post: Post, items: QuerySet[SampleItem], number: str | None
) -> tuple[Page[SampleItem], list[ItemRow]]:
    """Return one page of items, village by village."""
    listed = items.select_related("plan", "grid", "inspection__result", "inspection__auditor")
    # What is left comes first, village by village; then what was done, the latest first.
    left_first = F("inspection__pk").desc(nulls_first=True)
    in_order = listed.order_by("-plan__number", left_first, "grid__branch_id", "grid__pinyin", "grid_id", "order")
    page = Paginator(in_order, ON_PAGE)
    found = page.get_page(number)
    return found, rows_of(post, list(found.object_list))


def rows_of(post: Post, items: Sequence[SampleItem]) -> list[ItemRow]:
    """Return the lines of items in their order; three queries whatever their number."""
    homes = households_for(post).in_bulk([item.subject_id for item in items])
    heads = heads_of(item.pk for item in items)
    kin = kin_among(items, post.staff_id)
    return [
        ItemRow(item, homes.get(item.subject_id), heads.get(item.pk, ""), (item.plan_id, item.subject_id) in kin)
        for item in items
    ]


def kin_among(items: Iterable[SampleItem], staff_id: int) -> set[tuple[int, int]]:
    """Return (plan, subject) of the items an auditor declared as his kin's."""
    wanted = {(item.plan_id, item.subject_id) for item in items}
    declared = KinDeclaration.objects.filter(
        auditor_id=staff_id,
        withdrawn_at__isnull=True,
        plan_id__in={plan for plan, _subject in wanted},
        subject_id__in={subject for _plan, subject in wanted},
    )
    return wanted & set(declared.values_list("plan_id", "subject_id"))


def heads_of(item_ids: Iterable[int]) -> dict[int, str]:
    """Return the name of the head of each drawn household, which is hidden with its file but needed to find it."""
    with connection.cursor() as cursor:
        cursor.execute("select item_id, head from acc.drawn_heads(%s::bigint[])", [list(item_ids)])
        return dict(cursor.fetchall())


def open_plans(post: Post) -> list[SamplePlan]:
    """Return the plans under inspection the person is named for, the newest first."""
    live = plans_for(post).filter(state=SamplePlan.State.DRAWN, auditors=post.staff_id).exclude(is_replaced())
    return list(live.order_by("-number"))


def strata_codes(plans: Sequence[SamplePlan]) -> list[tuple[str, str]]:
    """Return the branches drawn from in some plans, for a filter."""
    codes = SampleItem.objects.filter(plan__in=plans).order_by().values_list("stratum", flat=True).distinct()
    return sorted(branch_names(codes).items(), key=lambda pair: int(pair[0]))


def is_open(plan: SamplePlan) -> bool:
    """Whether a plan is under inspection: drawn, not concluded, not replaced by a new draw."""
    later = SamplePlan.objects.filter(replaces=plan).exclude(state=SamplePlan.State.PLANNED)
    return plan.state == SamplePlan.State.DRAWN and not later.exists()


def next_item(post: Post, item: SampleItem) -> SampleItem | None:
    """Return the next item of a plan an auditor may inspect, the same village first; his kin's are another's."""
    kin = KinDeclaration.objects.filter(plan_id=item.plan_id, auditor_id=post.staff_id, withdrawn_at__isnull=True)
    left = (
        items_for(post).filter(plan_id=item.plan_id, inspection__isnull=True).exclude(subject__in=kin.values("subject"))
    )
    same = left.filter(grid_id=item.grid_id).order_by("order").first()
    return same or left.order_by("grid__branch_id", "grid__pinyin", "grid_id", "order").first()


def replacement_of(plan: SamplePlan) -> SamplePlan | None:
    """Return the new plan that takes the place of one, drawn or not."""
    return SamplePlan.objects.filter(replaces=plan).first()


def compared_of(item: SampleItem) -> list[Compared]:
    """Return the comparison of an inspected item."""
    return [Compared.stored(one) for one in item.inspection.result.comparison]


def deviations_of(compared: Iterable[Compared]) -> list[str]:
    """Say what deviates, one clause each."""
    return [deviation_words(one, language()) for one in compared if one.outcome == Outcome.DEVIATES]


# --- Conclusions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReturnedRow:
    """A file that goes back: to whom, and what deviates."""

    item: SampleItem
    household: Household | None
    head: str
    collector: str
    collector_id: int
    what: list[str]


def returned_of(post: Post, returned: Iterable[Mapping[str, Any]]) -> list[ReturnedRow]:
    """Return files a conclusion sends back, by collector, with what deviates in the reader's language."""
    entries = {entry["item"]: entry for entry in returned}
    items = SampleItem.objects.filter(pk__in=list(entries)).select_related("grid", "inspection__result")
    rows = [
        ReturnedRow(
            row.item,
            row.household,
            row.head,
            entries[row.item.pk]["collector"],
            entries[row.item.pk]["collector_id"],
            deviations_of(compared_of(row.item)),
        )
        for row in rows_of(post, list(items))
    ]
    return sorted(rows, key=lambda row: (row.collector_id, row.item.order or 0, row.item.pk))
