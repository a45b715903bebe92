"""The only door to reports: which weeks a post may open, and which of their lines it is shown (Design, section 1).

Counts are no customer data, but a post is shown its own: an officer his grids and himself, a branch manager his branch and
below, approver, auditor and leader the branches they are appointed for or the whole bank. Households behind a figure are
reached under row security alone, and never by a leader, who sees aggregates.
"""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.http import Http404

from grids.access import Post, PostKind, branches_for, grids_for
from reporting.domain.figures import Level
from reporting.domain.rollup import Line
from reporting.models import (
    Conclusion,
    Inspection,
    KinDeclaration,
    ReportRow,
    SampleAuditor,
    SampleItem,
    SamplePlan,
    WeeklyReport,
)

READERS = (PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR, PostKind.LEADER)
OVERSEERS = (PostKind.BRANCH_MANAGER, PostKind.LEADER)
HOUSEHOLD_READERS = (PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR)

STORED_LEVEL = {
    Level.BANK: ReportRow.Level.TOTAL,
    Level.BRANCH: ReportRow.Level.BRANCH,
    Level.GRID: ReportRow.Level.GRID,
    Level.OFFICER: ReportRow.Level.OFFICER,
    Level.COLLECTOR: ReportRow.Level.COLLECTOR,
}


@dataclass(frozen=True)
class Scope:
    """What a post is shown: everything, some branches, or an officer's own grids and himself."""

    is_whole: bool = False
    branches: frozenset[int] = frozenset()
    grids: frozenset[int] = frozenset()
    staff_id: int | None = None

    def admits(self, line: Line) -> bool:
        """Tell whether a line of a report is shown; the same rule as ``rows``."""
        if self.is_whole:
            return True
        if self.staff_id is not None:
            if line.level == Level.GRID:
                return line.unit_id in self.grids
            return line.level in (Level.OFFICER, Level.COLLECTOR) and line.unit_id == self.staff_id
        return (line.unit_id if line.level == Level.BRANCH else line.parent_id) in self.branches

    def rows(self) -> Q:
        """Return the same rule as a condition on stored rows."""
        if self.is_whole:
            return Q()
        if self.staff_id is not None:
            people = (ReportRow.Level.OFFICER, ReportRow.Level.COLLECTOR)
            return Q(level=ReportRow.Level.GRID, unit_id__in=self.grids) | Q(level__in=people, unit_id=self.staff_id)
        beneath = (ReportRow.Level.GRID, ReportRow.Level.OFFICER, ReportRow.Level.COLLECTOR)
        return Q(level=ReportRow.Level.BRANCH, unit_id__in=self.branches) | Q(
            level__in=beneath, parent_id__in=self.branches
        )


def scope_of(post: Post) -> Scope:
    """Return what a post is shown today; nothing for the posts that do not read reports."""
    if post.kind not in READERS:
        return Scope()
    if post.kind == PostKind.OFFICER:
        return Scope(grids=frozenset(grids_for(post).values_list("pk", flat=True)), staff_id=post.staff_id)
    if post.branch_id is None:
        return Scope(is_whole=post.kind != PostKind.BRANCH_MANAGER)
    return Scope(branches=frozenset(branches_for(post).values_list("pk", flat=True)))


def reports_for(post: Post) -> QuerySet[WeeklyReport]:
    """Return the frozen weeks a post may open, newest first: those of its own institution."""
    reports = WeeklyReport.objects.filter(institution_id=post.staff.institution_id).order_by("-starts_on", "-pk")
    return reports if post.kind in READERS else reports.none()


def open_report(post: Post, year: int, number: int) -> WeeklyReport:
    """Return a frozen week, or raise Http404; where two campaigns share a week, the newer one's."""
    report = reports_for(post).filter(iso_year=year, iso_week=number).first()
    if report is None:
        raise Http404
    return report


def rows_for(scope: Scope, report: WeeklyReport) -> QuerySet[ReportRow]:
    """Return the lines of a frozen week a scope is shown, in their stored order."""
    return ReportRow.objects.filter(scope.rows(), report=report).order_by("level", "order")


def lines_for(scope: Scope, lines: list[Line]) -> list[Line]:
    """Return the lines of a preview a scope is shown."""
    return [line for line in lines if scope.admits(line)]


def may_open_households(post: Post) -> bool:
    """Whether a post may go from a figure to its households."""
    return post.kind in HOUSEHOLD_READERS


# --- Audit ------------------------------------------------------------------------------------------------------------
# Samples are the auditor's who audits the whole institution: one limited to a branch sees no plan, since a population that
# depends on who draws it proves nothing.


def plans_for(post: Post) -> QuerySet[SamplePlan]:
    """Return the sample plans a post may see."""
    plans = SamplePlan.objects.filter(institution_id=post.staff.institution_id)
    return plans if post.kind == PostKind.AUDITOR and post.is_whole else plans.none()


def open_sample(post: Post, pk: int) -> SamplePlan:
    """Return a plan with its rules and who planned and drew it, or raise Http404."""
    plan = plans_for(post).select_related("rules", "planned_by", "drawn_by", "replaces", "institution").filter(pk=pk)
    found = plan.first()
    if found is None:
        raise Http404
    return found


def open_named_sample(post: Post, pk: int) -> SamplePlan:
    """Return a plan the acting auditor is named for, or raise Http404."""
    found = open_sample(post, pk)
    if not SampleAuditor.objects.filter(plan=found, staff_id=post.staff_id).exists():
        raise Http404
    return found


def kin_for(post: Post) -> QuerySet[KinDeclaration]:
    """Return what the acting auditor himself declared for the plans his post may see."""
    return KinDeclaration.objects.filter(auditor_id=post.staff_id, plan__in=plans_for(post))


def open_kin(post: Post, plan_id: int, pk: int) -> KinDeclaration:
    """Return a declaration of the acting auditor with its plan, or raise Http404."""
    found = kin_for(post).select_related("plan").filter(pk=pk, plan_id=plan_id).first()
    if found is None:
        raise Http404
    return found


def items_for(post: Post) -> QuerySet[SampleItem]:
    """Return the items to inspect, drawn and targeted, of the plans a post may see."""
    return SampleItem.objects.filter(plan__in=plans_for(post))


def open_item(post: Post, pk: int) -> SampleItem:
    """Return an item with its plan, its village and who added it by hand, or raise Http404."""
    item = items_for(post).select_related("plan__rules", "grid__branch", "added_by").filter(pk=pk).first()
    if item is None:
        raise Http404
    return item


def inspection_of(item: SampleItem) -> Inspection | None:
    """Return the inspection of an opened item with its result, None while it is left to do."""
    return Inspection.objects.select_related("auditor", "result__collector").filter(item=item).first()


def conclusions_for(post: Post) -> QuerySet[Conclusion]:
    """Return the conclusions a post may see."""
    return Conclusion.objects.filter(plan__in=plans_for(post))


def open_conclusion(post: Post, plan_id: int) -> Conclusion:
    """Return the conclusion of a plan with the plan, or raise Http404."""
    found = (
        conclusions_for(post)
        .select_related("plan__rules", "plan__institution", "concluded_by")
        .filter(plan_id=plan_id)
        .first()
    )
    if found is None:
        raise Http404
    return found
