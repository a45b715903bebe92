"""Weekly reports and samples as the API writes them: frozen figures as they were frozen."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.lib.api.fields import Reference
from reporting.models import Conclusion, ReportRow, SamplePlan, WeeklyReport


class ReportSerializer(serializers.ModelSerializer[WeeklyReport]):
    """The frozen report of one ISO week of a campaign."""

    id = Reference()
    campaign_id = Reference()
    week = serializers.SerializerMethodField(help_text="2026-W47")

    class Meta:
        model = WeeklyReport
        fields: tuple[str, ...] = ("id", "campaign_id", "week", "starts_on", "cut_at", "frozen_at", "rows_hash")
        read_only_fields = fields

    def get_week(self, report: WeeklyReport) -> str:
        return f"{report.iso_year}-W{report.iso_week:02d}"


class ReportRowSerializer(serializers.ModelSerializer[ReportRow]):
    """One line of a report: the bank, a branch, a grid, an officer or a collector. Figures by kind of subject, amounts in
    yuan as decimal strings; ratios are left to the reader, with their denominator named."""

    unit_id = Reference(allow_null=True)
    parent_id = Reference(allow_null=True)
    owner_id = Reference(allow_null=True)
    week = serializers.DictField(read_only=True, help_text="first events of the week")
    cumulative = serializers.DictField(read_only=True, help_text="first events since the campaign began")

    class Meta:
        model = ReportRow
        fields: tuple[str, ...] = (
            "level",
            "order",
            "unit_id",
            "parent_id",
            "name",
            "owner",
            "owner_id",
            "roster",
            "blocked",
            "week",
            "cumulative",
            "rank",
            "rank_change",
        )
        read_only_fields = fields


class ReportDetails(ReportSerializer):
    """A report with the lines its reader is shown."""

    rows = ReportRowSerializer(many=True, read_only=True, source="shown_rows")

    class Meta(ReportSerializer.Meta):
        fields: tuple[str, ...] = (*ReportSerializer.Meta.fields, "rows")
        read_only_fields = fields


class ConclusionSerializer(serializers.ModelSerializer[Conclusion]):
    """What a sample ended with, by the rule agreed before the draw."""

    concluded_by_id = Reference()

    class Meta:
        model = Conclusion
        fields: tuple[str, ...] = ("found", "is_accepted", "upper_limit_ratio", "concluded_by_id", "concluded_at")
        read_only_fields = fields


class PlanSerializer(serializers.ModelSerializer[SamplePlan]):
    """An audit sample: what was agreed before the draw, what was drawn, what it showed."""

    id = Reference()
    planned_by_id = Reference()
    branches = serializers.ListField(child=serializers.IntegerField(), read_only=True)
    conclusion = serializers.SerializerMethodField()

    class Meta:
        model = SamplePlan
        fields: tuple[str, ...] = (
            "id",
            "number",
            "title",
            "quarter",
            "branches",
            "confidence_pct",
            "tolerable_pct",
            "expected_pct",
            "state",
            "seed",
            "population_size",
            "population_hash",
            "sample_size",
            "acceptance_number",
            "planned_by_id",
            "planned_at",
            "drawn_at",
            "conclusion",
        )
        read_only_fields = fields

    @extend_schema_field(ConclusionSerializer(allow_null=True))
    def get_conclusion(self, plan: SamplePlan) -> Any:
        conclusion = getattr(plan, "conclusion", None)
        return None if conclusion is None else ConclusionSerializer(conclusion).data
