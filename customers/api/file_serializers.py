"""Revisions of files as the API writes them: their totals, their sudden changes, the document in the details."""

from typing import Any

from rest_framework import serializers

from config.lib.api.fields import Reference, Yuan
from customers.api.serializers import DOCUMENT, FindingSerializer, VisitSerializer
from customers.models import ChangeFlag, Profile


class ChangeSerializer(serializers.ModelSerializer[ChangeFlag]):
    """A figure of a revision that moved further than is let pass without proof. While one is open or refused, the revision feeds no
    line."""

    base_number = serializers.IntegerField(source="base.number", read_only=True, help_text="the revision it moved from")
    before_yuan = Yuan(source="before")
    after_yuan = Yuan(source="after")
    outcome = serializers.ChoiceField(
        choices=["", *ChangeFlag.Outcome.values],
        read_only=True,
        help_text="confirmed, refused, or empty while it waits",
    )
    proofs = serializers.SerializerMethodField(help_text="how many photos or documents prove it")

    class Meta:
        model = ChangeFlag
        fields = (
            "figure",
            "base_number",
            "before_yuan",
            "after_yuan",
            "flagged_at",
            "due_on",
            "outcome",
            "settled_at",
            "proofs",
        )
        read_only_fields = fields

    def get_proofs(self, flag: ChangeFlag) -> int:
        """Return how many photos or documents prove it."""
        return len(flag.proofs.all())


class ProfileSerializer(serializers.ModelSerializer[Profile]):
    """The totals of one revision of a file, computed by the database from its document."""

    id = Reference()
    household_id = Reference(source="subject_id")
    visit_id = Reference()
    collector_id = Reference()
    form_id = Reference(allow_null=True)
    assets_yuan = Yuan(source="assets")
    disposable_yuan = Yuan(source="disposable")
    liabilities_yuan = Yuan(source="liabilities")
    guarantees_yuan = Yuan(source="guarantees")
    gross_income_yuan = Yuan(source="gross_income")
    operating_cost_yuan = Yuan(source="operating_cost")
    net_income_yuan = Yuan(source="net_income")
    expenses_yuan = Yuan(source="expenses")
    surplus_yuan = Yuan(source="surplus")
    net_assets_yuan = Yuan(source="net_assets")
    changes = ChangeSerializer(many=True, read_only=True)

    class Meta:
        model = Profile
        fields: tuple[str, ...] = (
            "id",
            "household_id",
            "number",
            "visit_id",
            "collector_id",
            "submitted_at",
            "document_hash",
            "form_id",
            "completeness",
            "assets_yuan",
            "disposable_yuan",
            "liabilities_yuan",
            "guarantees_yuan",
            "gross_income_yuan",
            "operating_cost_yuan",
            "net_income_yuan",
            "expenses_yuan",
            "surplus_yuan",
            "net_assets_yuan",
            "changes",
        )
        read_only_fields = fields


class ProfileDetails(ProfileSerializer):
    """A revision with its document."""

    document = serializers.DictField(read_only=True, help_text=DOCUMENT)
    carried = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="sections taken over as the same as last time"
    )

    class Meta(ProfileSerializer.Meta):
        fields: tuple[str, ...] = (*ProfileSerializer.Meta.fields, "carried", "document")
        read_only_fields = fields


class StoredVisit(serializers.Serializer[Any]):
    """What a submit led to."""

    visit = VisitSerializer()
    profile_id = serializers.IntegerField(allow_null=True)
    profile_number = serializers.IntegerField(allow_null=True)
    changes = ChangeSerializer(
        many=True, help_text="figures that moved suddenly: each waits for proof and a second person"
    )
    is_repeat = serializers.BooleanField(help_text="received before; nothing new was written")
    warnings = FindingSerializer(many=True)
