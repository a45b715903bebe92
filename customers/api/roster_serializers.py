"""Rosters over the API: the file from its check to its end, its findings, its upload."""

from typing import Any

from rest_framework import serializers

from config.lib.api.fields import Reference
from customers.models import (
    RosterImport,
    RosterProblem,
)


class RosterSerializer(serializers.ModelSerializer[RosterImport]):
    """A roster file from its check to its end. It is written once a second person confirmed it, on its page."""

    id = Reference()
    branch_id = Reference()
    run_id = Reference(allow_null=True)
    uploaded_by_id = Reference()
    confirmed_by_id = Reference(allow_null=True)
    rows = serializers.SerializerMethodField(help_text="rows of the file, null until they were counted")
    totals = serializers.DictField(
        child=serializers.IntegerField(), source="summary.totals", default=dict, help_text="what it brings, by outcome"
    )
    errors_by_code = serializers.DictField(
        child=serializers.IntegerField(),
        source="summary.errors",
        default=dict,
        help_text="findings that stop it, by code",
    )
    warnings_by_code = serializers.DictField(
        child=serializers.IntegerField(),
        source="summary.warnings",
        default=dict,
        help_text="findings to look at, by code",
    )

    class Meta:
        model = RosterImport
        fields: tuple[str, ...] = (
            "id",
            "branch_id",
            "file_name",
            "file_sha256",
            "source_kind",
            "source",
            "obtained_on",
            "legal_basis",
            "state",
            "run_id",
            "rows",
            "totals",
            "errors_by_code",
            "warnings_by_code",
            "uploaded_by_id",
            "uploaded_at",
            "confirmed_by_id",
            "confirmed_at",
        )
        read_only_fields = fields

    def get_rows(self, roster: RosterImport) -> int | None:
        return roster.summary.get("rows")


class RosterProblemSerializer(serializers.ModelSerializer[RosterProblem]):
    """One finding of one cell; identifying values are masked."""

    where = serializers.SerializerMethodField()
    what = serializers.SerializerMethodField()
    remedy = serializers.SerializerMethodField()

    class Meta:
        model = RosterProblem
        fields: tuple[str, ...] = ("row", "column", "code", "is_error", "value", "where", "what", "remedy")
        read_only_fields = fields

    def get_where(self, problem: RosterProblem) -> str:
        return str(problem.told["where"])  # type: ignore[attr-defined]

    def get_what(self, problem: RosterProblem) -> str:
        return str(problem.told["what"])  # type: ignore[attr-defined]

    def get_remedy(self, problem: RosterProblem) -> str:
        return str(problem.told["remedy"])  # type: ignore[attr-defined]


class RosterUpload(serializers.Serializer[Any]):
    """A roster file (.xlsx or .csv) and where it comes from; without source, day and legal basis nobody may keep it."""

    branch = serializers.IntegerField()
    source_kind = serializers.ChoiceField(
        choices=RosterImport.Source.choices,
        required=False,
        help_text="what list it is; a household register when left out",
    )
    source = serializers.CharField(max_length=100, help_text="who gave it")  # type: ignore[assignment]
    obtained_on = serializers.DateField()
    legal_basis = serializers.CharField(max_length=200)
    file = serializers.FileField()
