"""Long work over the API: one's runs, their progress, and stopping one."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from config.lib import audit, jobs, runs
from config.lib.api.errors import ErrorSerializer, Refused
from config.lib.api.fields import Reference
from config.lib.api.views import Filter, Rows
from config.lib.models import JobRun


class RunSerializer(serializers.ModelSerializer[JobRun]):
    """One run of long work: how far it is, and what it led to."""

    id = Reference()
    asked_by_id = Reference(allow_null=True)
    is_stopping = serializers.SerializerMethodField(help_text="asked to stop, not stopped yet")

    class Meta:
        model = JobRun
        fields: tuple[str, ...] = (
            "id",
            "kind",
            "key",
            "state",
            "asked_by_id",
            "chunks_total",
            "chunks_done",
            "units_total",
            "units_done",
            "is_stopping",
            "queued_at",
            "started_at",
            "finished_at",
            "result",
            "error",
        )
        read_only_fields = fields

    def get_is_stopping(self, run: JobRun) -> bool:
        return run.cancel_asked_by_id is not None and not run.is_over


class Runs(Rows):
    """Runs of long work: one's own; an administrator's those of his institution."""

    is_for_all_posts: ClassVar[bool] = True
    serializer_class = RunSerializer
    newest_first = True
    filters: ClassVar[dict[str, Filter]] = {
        "state": Filter("state", "text", "only runs in this state", tuple(JobRun.State.values)),
        "kind": Filter("kind", "text", "only runs of this kind"),
    }

    def rows(self, post: Any) -> QuerySet[JobRun]:
        return runs.runs_for(self.request)  # type: ignore[arg-type]

    def check_permissions(self, request: Request) -> None:
        """Stopping is open to whoever sees the run."""
        super(Rows, self).check_permissions(request)

    @extend_schema(request=None, responses={200: RunSerializer, 409: ErrorSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: int) -> Response:
        """Ask a run to stop between two parts; 409 when it is over already."""
        run = self.get_object()
        if run.is_over:
            raise Refused(409, str(run.get_state_display()))
        jobs.ask_to_cancel(run, int(request.user.pk or 0))
        audit.record(
            staff=request.user,
            verb="run_cancelled",
            about="run",
            about_id=run.pk,
            post_id=getattr(request.post, "pk", None),  # type: ignore[attr-defined]
        )
        return Response(RunSerializer(self.get_object()).data)
