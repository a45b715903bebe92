"""Frozen weekly reports and audit samples over the API."""

from typing import Any, ClassVar

from django.db.models import QuerySet

from config.lib.api.views import Filter, Rows
from grids.access import Post, PostKind
from reporting.access import READERS, plans_for, reports_for, rows_for, scope_of
from reporting.api.serializers import PlanSerializer, ReportDetails, ReportSerializer


class WeeklyReports(Rows):
    """Frozen weeks, newest first; the details hold the lines the post is shown."""

    posts: ClassVar[Any] = frozenset(READERS)
    serializer_class = ReportSerializer
    details = ReportDetails
    newest_first = True
    filters: ClassVar[dict[str, Filter]] = {
        "campaign": Filter("campaign_id", "integer", "only of this campaign"),
        "starts_on": Filter("starts_on", "date", "the week of this Monday"),
    }

    def rows(self, post: Post) -> QuerySet[Any]:
        return reports_for(post).defer("sentences", "parameters")

    def get_object(self) -> Any:
        report = super().get_object()
        report.shown_rows = rows_for(scope_of(self.request.post), report)  # type: ignore[attr-defined]
        return report


class SamplePlans(Rows):
    """Audit samples with their conclusions, newest first."""

    posts: ClassVar[Any] = frozenset({PostKind.AUDITOR})
    serializer_class = PlanSerializer
    newest_first = True
    filters: ClassVar[dict[str, Filter]] = {
        "quarter": Filter("quarter", "text", "only of this quarter, 2026Q4"),
    }

    def rows(self, post: Post) -> QuerySet[Any]:
        return plans_for(post).select_related("conclusion")
