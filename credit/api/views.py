"""Rounds, applications, decisions and line results over the API."""

from typing import Any, ClassVar

from django.db.models import QuerySet

from config.lib.api.views import Filter, Rows
from credit.access import ROUND_POSTS, applications_for, decisions_for, line_results_for, rounds_for
from credit.api.serializers import (
    ApplicationSerializer,
    DecisionDetails,
    DecisionSerializer,
    LineResultDetails,
    LineResultSerializer,
    RoundSerializer,
)
from credit.domain.applications import Stage
from credit.domain.stages import STAGES
from credit.selectors.decisions import with_standing
from credit.selectors.rounds import with_counts
from grids.access import Post

HOUSEHOLD = Filter("subject_id", "integer", "only of this household")


class Rounds(Rows):
    """Village rounds of the post's scope, newest first."""

    posts: ClassVar[Any] = frozenset(ROUND_POSTS)
    serializer_class = RoundSerializer
    newest_first = True
    filters: ClassVar[dict[str, Filter]] = {
        "grid": Filter("grid_id", "integer", "only of this village"),
        "stage": Filter("stage", "text", "only in this stage", STAGES),
    }

    def rows(self, post: Post) -> QuerySet[Any]:
        return with_counts(rounds_for(post).filter(parent__isnull=True)).defer("settings")


class Decisions(Rows):
    """Decisions in force of opened rounds and of applications: the newest computation of each, newest first."""

    posts: ClassVar[Any] = frozenset(ROUND_POSTS)
    serializer_class = DecisionSerializer
    details = DecisionDetails
    newest_first = True
    filters: ClassVar[dict[str, Filter]] = {
        "household": HOUSEHOLD,
        "round": Filter("round_id", "integer", "only of this round"),
        "application": Filter("application_id", "integer", "only on this application"),
        "outcome": Filter(
            "outcome",
            "text",
            "only with this outcome",
            ("merged", "refused", "supplement", "divergent", "needs_file", "proposed"),
        ),
    }

    def rows(self, post: Post) -> QuerySet[Any]:
        return with_standing(decisions_for(post)).defer("trace")

    def row(self, post: Post) -> QuerySet[Any]:
        return with_standing(decisions_for(post))


class Applications(Rows):
    """Applications of single households outside a round, newest first."""

    posts: ClassVar[Any] = frozenset(ROUND_POSTS)
    serializer_class = ApplicationSerializer
    newest_first = True
    filters: ClassVar[dict[str, Filter]] = {
        "household": HOUSEHOLD,
        "stage": Filter("stage", "text", "only in this stage", tuple(stage.value for stage in Stage)),
    }

    def rows(self, post: Post) -> QuerySet[Any]:
        return applications_for(post).defer("settings")


class LineResults(Rows):
    """Published results of credit models for the households of the post's scope, newest first; an approver sees those of
    runs not published yet too."""

    posts: ClassVar[Any] = frozenset(ROUND_POSTS)
    serializer_class = LineResultSerializer
    details = LineResultDetails
    newest_first = True
    filters: ClassVar[dict[str, Filter]] = {
        "household": HOUSEHOLD,
        "run": Filter("run_id", "integer", "only of this run"),
    }

    def rows(self, post: Post) -> QuerySet[Any]:
        return line_results_for(post).prefetch_related("run__model", "run__run")

    def row(self, post: Post) -> QuerySet[Any]:
        return line_results_for(post).select_related("run__model", "run__bases", "run__run")
