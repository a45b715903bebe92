"""Rounds, decisions and lines as the API writes them; amounts in yuan as decimal strings.

Of a round that is not opened, stage, dates and counts of sheets are all there is to learn (Design, section 5a).
"""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.lib.api.fields import Reference, Yuan
from credit.models import Application, Decision, DecisionStep, LineResult, Round
from credit.selectors.lines import Said, inputs_of, model_of, said


class RoundSerializer(serializers.ModelSerializer[Round]):
    """A village round: its stage, its dates, and how many of its sheets are sealed."""

    id = Reference()
    grid_id = Reference()
    owner_id = Reference()
    sheets_sealed = serializers.IntegerField(source="sealed", read_only=True)
    sheets_counting = serializers.IntegerField(
        source="sheets_in_use", read_only=True, help_text="sheets neither withdrawn nor excused"
    )

    class Meta:
        model = Round
        fields: tuple[str, ...] = (
            "id",
            "grid_id",
            "owner_id",
            "name",
            "stage",
            "due_on",
            "started_at",
            "opened_at",
            "closed_at",
            "sheets_counting",
            "sheets_sealed",
        )
        read_only_fields = fields


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """What a round or an application made of the opinions on a household, its bounds, and where the decision stands."""

    id = Reference()
    round_id = Reference(allow_null=True, help_text="null for a decision on an application")
    application_id = Reference(allow_null=True, help_text="null for a decision of a round")
    household_id = Reference(source="subject_id")
    profile_id = Reference(allow_null=True)
    line_result_id = Reference(allow_null=True)
    merged_amount_yuan = Yuan(source="merged_amount", allow_null=True)
    model_line_yuan = Yuan(source="model_line", allow_null=True)
    product_cap_yuan = Yuan(source="product_cap")
    headroom_yuan = Yuan(source="headroom")
    proposed_amount_yuan = Yuan(source="proposed_amount", allow_null=True)
    binding = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="the bounds that decided")
    last_step = serializers.ChoiceField(
        source="last_verb", choices=DecisionStep.Verb.choices, read_only=True, allow_null=True
    )
    last_amount_yuan = Yuan(source="last_amount", allow_null=True)

    class Meta:
        model = Decision
        fields: tuple[str, ...] = (
            "id",
            "round_id",
            "application_id",
            "household_id",
            "number",
            "outcome",
            "profile_id",
            "line_result_id",
            "merged_amount_yuan",
            "model_line_yuan",
            "product_cap_yuan",
            "headroom_yuan",
            "proposed_amount_yuan",
            "binding",
            "last_step",
            "last_amount_yuan",
            "created_at",
        )
        read_only_fields = fields


class StepSerializer(serializers.ModelSerializer[DecisionStep]):
    """One person's step on a decision."""

    staff_id = Reference()
    amount_yuan = Yuan(source="amount", allow_null=True)

    class Meta:
        model = DecisionStep
        fields: tuple[str, ...] = ("number", "verb", "amount_yuan", "reason", "staff_id", "post_kind", "taken_at")
        read_only_fields = fields


class DecisionDetails(DecisionSerializer):
    """A decision with the trace of its computation and every step taken on it."""

    trace = serializers.DictField(read_only=True, help_text="how the figure came about, step by step")
    steps = serializers.SerializerMethodField()

    class Meta(DecisionSerializer.Meta):
        fields: tuple[str, ...] = (*DecisionSerializer.Meta.fields, "trace", "steps")
        read_only_fields = fields

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, decision: Decision) -> Any:
        return StepSerializer(decision.steps.order_by("number"), many=True).data


class ApplicationSerializer(serializers.ModelSerializer[Application]):
    """An application of a household for a line outside a round: what is asked, where it stands, until when. Its decision is among
    the decisions."""

    id = Reference()
    household_id = Reference(source="subject_id")
    grid_id = Reference()
    owner_id = Reference(allow_null=True, help_text="the officer whose turn it is; null: whoever holds the post")
    received_by_id = Reference()
    amount_yuan = Yuan(source="amount")

    class Meta:
        model = Application
        fields: tuple[str, ...] = (
            "id",
            "household_id",
            "grid_id",
            "channel",
            "mode",
            "purpose",
            "amount_yuan",
            "months",
            "stage",
            "stage_since",
            "due_on",
            "owner_id",
            "received_by_id",
            "received_at",
            "ended_at",
        )
        read_only_fields = fields


class LineResultSerializer(serializers.ModelSerializer[LineResult]):
    """The result of a credit model for one household in one run. A line of null: facts are missing, ``reasons`` says which."""

    id = Reference()
    run_id = Reference()
    household_id = Reference(source="subject_id")
    profile_id = Reference()
    line_yuan = Yuan(source="line", allow_null=True)
    shown_yuan = Yuan(source="shown", allow_null=True, help_text="a second line shown beside, where the model has one")
    score = serializers.DecimalField(max_digits=9, decimal_places=2, read_only=True, allow_null=True)
    grade = serializers.SerializerMethodField()
    reasons = serializers.SerializerMethodField()
    binding = serializers.SerializerMethodField(help_text="the caps that decided")
    computed_at = serializers.DateTimeField(source="run.run.finished_at", read_only=True, allow_null=True)
    as_of = serializers.DateTimeField(source="run.as_of", read_only=True)
    published_at = serializers.DateTimeField(source="run.published_at", read_only=True, allow_null=True)
    withdrawn_at = serializers.DateTimeField(source="run.withdrawn_at", read_only=True, allow_null=True)

    class Meta:
        model = LineResult
        fields: tuple[str, ...] = (
            "id",
            "run_id",
            "household_id",
            "profile_id",
            "line_yuan",
            "shown_yuan",
            "score",
            "grade",
            "reasons",
            "binding",
            "as_of",
            "published_at",
            "withdrawn_at",
            "computed_at",
        )
        read_only_fields = fields

    def _said(self, result: LineResult) -> Said:
        return said(result, model_of(result.run.model))

    def get_grade(self, result: LineResult) -> str:
        return self._said(result).grade

    @extend_schema_field(serializers.ListField(child=serializers.DictField()))
    def get_reasons(self, result: LineResult) -> Any:
        return self._said(result).reasons

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_binding(self, result: LineResult) -> Any:
        return self._said(result).binding


class LineResultDetails(LineResultSerializer):
    """A result with the facts it was computed from and the versions of model and parameters."""

    model = serializers.CharField(source="run.model", read_only=True)
    model_sha256 = serializers.CharField(source="run.model.sha256", read_only=True)
    parameters = serializers.SerializerMethodField()
    inputs = serializers.SerializerMethodField()
    inputs_hash = serializers.CharField(source="inputs_hash.hex", read_only=True)

    class Meta(LineResultSerializer.Meta):
        fields: tuple[str, ...] = (
            *LineResultSerializer.Meta.fields,
            "model",
            "model_sha256",
            "parameters",
            "inputs",
            "inputs_hash",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.DictField())
    def get_inputs(self, result: LineResult) -> Any:
        return inputs_of(result).as_document()

    def get_parameters(self, result: LineResult) -> str:
        return str(result.run.bases or "")
