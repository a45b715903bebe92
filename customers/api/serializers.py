"""Customers as the API writes them: names within one's scope, ID and phone numbers masked, amounts in yuan."""

from typing import Any

from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.lib.api.fields import Reference
from config.lib.models import Release
from customers.domain.effective import LONGEST_DWELL
from customers.models import (
    Business,
    Consent,
    Household,
    HouseholdEvent,
    ListEntry,
    ListRelease,
    Person,
    ProfileCheck,
    Unit,
    Visit,
)
from customers.selectors.effective import reasons_of
from customers.selectors.identity import masked

DOCUMENT = "the file as a document; its form is read at forms/. Amounts are decimal strings in yuan"


# --- Households ---------------------------------------------------------------------------------------------------


class HouseholdSerializer(serializers.ModelSerializer[Household]):
    """A household of the roster, or found in the field. Its id is that of the subject."""

    id = Reference(source="pk")
    grid_id = Reference()
    head_id = Reference(allow_null=True)
    borrower_id = Reference(allow_null=True)
    head_name = serializers.SerializerMethodField()
    listed_on = serializers.DateField(source="subject.listed_on", read_only=True, allow_null=True)
    found_on = serializers.DateField(source="subject.found_on", read_only=True, allow_null=True)
    left_on = serializers.DateField(source="subject.left_on", read_only=True, allow_null=True)
    left_reason = serializers.CharField(source="subject.left_reason", read_only=True)

    class Meta:
        model = Household
        fields: tuple[str, ...] = (
            "id",
            "grid_id",
            "number",
            "group",
            "address",
            "head_id",
            "head_name",
            "borrower_id",
            "listed_on",
            "found_on",
            "left_on",
            "left_reason",
            "next_visit_on",
            "latitude",
            "longitude",
        )
        read_only_fields = fields

    def get_head_name(self, household: Household) -> str:
        return household.head.name if household.head is not None else ""


class PersonSerializer(serializers.ModelSerializer[Person]):
    """A present member of a household. Numbers in clear are for pages alone, where each reveal is recorded."""

    id = Reference()
    birth_year = serializers.SerializerMethodField()
    id_number_masked = serializers.CharField(source="masked.id_number", read_only=True)
    phone_masked = serializers.CharField(source="masked.phone", read_only=True)

    class Meta:
        model = Person
        fields: tuple[str, ...] = ("id", "name", "relation", "sex", "birth_year", "id_number_masked", "phone_masked")
        read_only_fields = fields

    def get_birth_year(self, person: Person) -> int | None:
        return person.born_on.year if person.born_on else None

    def to_representation(self, person: Person) -> dict[str, Any]:
        person.masked = masked(person)  # type: ignore[attr-defined]
        return super().to_representation(person)


class HouseholdDetails(HouseholdSerializer):
    """A household with its present members."""

    members = serializers.SerializerMethodField()

    class Meta(HouseholdSerializer.Meta):
        fields: tuple[str, ...] = (*HouseholdSerializer.Meta.fields, "members")
        read_only_fields = fields

    @extend_schema_field(PersonSerializer(many=True))
    def get_members(self, household: Household) -> Any:
        present = [one for one in household.people.all() if one.left_on is None and one.erased_at is None]
        return PersonSerializer(sorted(present, key=lambda one: one.pk), many=True).data


# --- Businesses and units -------------------------------------------------------------------------------------------


class _EntitySerializer(serializers.ModelSerializer[Any]):
    id = Reference(source="pk")
    grid_id = Reference()
    uscc = serializers.CharField(source="subject.uscc", read_only=True, allow_null=True)
    principal_name = serializers.SerializerMethodField()
    principal_person_id = serializers.SerializerMethodField()
    listed_on = serializers.DateField(source="subject.listed_on", read_only=True, allow_null=True)
    found_on = serializers.DateField(source="subject.found_on", read_only=True, allow_null=True)
    left_on = serializers.DateField(source="subject.left_on", read_only=True, allow_null=True)
    left_reason = serializers.CharField(source="subject.left_reason", read_only=True)

    def get_principal_name(self, entity: Business | Unit) -> str:
        principal = getattr(entity.subject, "principal", None)
        return principal.name if principal is not None else ""

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_principal_person_id(self, entity: Business | Unit) -> int | None:
        principal = getattr(entity.subject, "principal", None)
        return principal.person_id if principal is not None else None


_ENTITY = (
    "id",
    "grid_id",
    "kind",
    "name",
    "uscc",
    "address",
    "principal_name",
    "principal_person_id",
    "listed_on",
    "found_on",
    "left_on",
    "left_reason",
    "next_visit_on",
    "latitude",
    "longitude",
)


class BusinessSerializer(_EntitySerializer):
    """A business of a list, or found in the field. Its id is that of the subject; ``principal_person_id`` names the household
    member who answers for it, where he is one."""

    class Meta:
        model = Business
        fields: tuple[str, ...] = (*_ENTITY, "licence_name", "trade", "founded_on")
        read_only_fields = fields


class UnitSerializer(_EntitySerializer):
    """A unit of a list, or found in the field. Its id is that of the subject; its principal is the contact."""

    class Meta:
        model = Unit
        fields: tuple[str, ...] = _ENTITY
        read_only_fields = fields


# --- Visits and files ---------------------------------------------------------------------------------------------


class VisitReason(serializers.Serializer[Any]):
    """One requirement of an effective visit that was not met."""

    code = serializers.CharField()
    value = serializers.CharField(help_text="what there was; may be empty")
    wanted = serializers.CharField(help_text="what the rules ask; may be empty")
    text = serializers.CharField(help_text="what to do next time, in the language of the request")


class VisitSerializer(serializers.ModelSerializer[Visit]):
    """A visit as it was received; never changed."""

    id = Reference()
    household_id = Reference(source="subject_id")
    recorded_grid_id = Reference()
    lead_id = Reference()
    partner_id = Reference(allow_null=True)
    person_met_id = Reference(allow_null=True)
    typed_by_id = Reference(allow_null=True)
    needs = serializers.ListField(child=serializers.DictField(), read_only=True)
    is_effective = serializers.BooleanField(
        read_only=True, help_text="under the rules of its day; before rules were released: whether somebody was met"
    )
    reasons = serializers.SerializerMethodField(help_text="why a visit is not effective; empty where it is")
    rules_id = Reference(allow_null=True)

    class Meta:
        model = Visit
        fields: tuple[str, ...] = (
            "id",
            "client_uuid",
            "household_id",
            "recorded_grid_id",
            "lead_id",
            "partner_id",
            "typed_by_id",
            "person_met_id",
            "met_role",
            "purpose",
            "channel",
            "called",
            "entry",
            "outcome",
            "device_at",
            "received_at",
            "latitude",
            "longitude",
            "accuracy_m",
            "dwell_minutes",
            "is_effective",
            "reasons",
            "rules_id",
            "needs",
            "note",
            "next_visit_on",
        )
        read_only_fields = fields

    @extend_schema_field(VisitReason(many=True))
    def get_reasons(self, visit: Visit) -> list[dict[str, str]]:
        texts = reasons_of(visit, get_language() or "zh-hans")
        return [{**reason, "text": text} for reason, text in zip(visit.reasons, texts, strict=True)]


class ConsentSerializer(serializers.ModelSerializer[Consent]):
    """One thing a household said about its data; the last word on a scope counts. Never changed."""

    id = Reference()
    household_id = Reference(source="subject_id")
    visit_id = Reference(allow_null=True)
    person_id = Reference(allow_null=True)
    whose_id = Reference(allow_null=True)
    guardian_id = Reference(allow_null=True)
    taken_by_id = Reference()
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)
    refused = serializers.ListField(child=serializers.CharField(), read_only=True)
    is_signed = serializers.SerializerMethodField(help_text="a signature is kept; it is opened on its page, on record")

    class Meta:
        model = Consent
        fields: tuple[str, ...] = (
            "id",
            "household_id",
            "visit_id",
            "how",
            "scopes",
            "refused",
            "credit_purpose",
            "notice_version",
            "person_id",
            "whose_id",
            "guardian_id",
            "taken_by_id",
            "given_at",
            "is_signed",
        )
        read_only_fields = fields

    def get_is_signed(self, consent: Consent) -> bool:
        return consent.signature_id is not None


class RemarkSerializer(serializers.Serializer[Any]):
    """What the second officer said about one place of a file."""

    path = serializers.CharField()
    text = serializers.CharField()


class CheckSerializer(serializers.ModelSerializer[ProfileCheck]):
    """The second officer's verdict on a revision."""

    id = Reference()
    household_id = Reference(source="subject_id")
    profile_id = Reference()
    checker_id = Reference()
    remarks = RemarkSerializer(many=True, read_only=True)

    class Meta:
        model = ProfileCheck
        fields: tuple[str, ...] = ("id", "household_id", "profile_id", "checker_id", "verdict", "remarks", "checked_at")
        read_only_fields = fields


class ListReleaseSerializer(serializers.ModelSerializer[ListRelease]):
    """A request to release an entry: asked for by one person, confirmed or refused by another."""

    id = Reference()
    asked_by_id = Reference()
    confirmed_by_id = Reference(allow_null=True)
    rejected_by_id = Reference(allow_null=True)

    class Meta:
        model = ListRelease
        fields: tuple[str, ...] = (
            "id",
            "reason",
            "asked_by_id",
            "asked_at",
            "confirmed_by_id",
            "confirmed_at",
            "rejected_by_id",
            "rejected_at",
            "answer",
        )
        read_only_fields = fields


class ListEntrySerializer(serializers.ModelSerializer[ListEntry]):
    """An entry on a list; it counts once confirmed and until released."""

    id = Reference()
    household_id = Reference(source="subject_id")
    person_id = Reference(allow_null=True)
    proposed_by_id = Reference()
    confirmed_by_id = Reference(allow_null=True)
    rejected_by_id = Reference(allow_null=True)
    released_by_id = Reference(allow_null=True)
    releases = ListReleaseSerializer(many=True, read_only=True)

    class Meta:
        model = ListEntry
        fields: tuple[str, ...] = (
            "id",
            "household_id",
            "person_id",
            "colour",
            "reason",
            "note",
            "proposed_by_id",
            "proposed_at",
            "confirmed_by_id",
            "confirmed_at",
            "rejected_by_id",
            "rejected_at",
            "answer",
            "review_on",
            "released_by_id",
            "released_at",
            "releases",
        )
        read_only_fields = fields


# --- The life of households ---------------------------------------------------------------------------------------


class HouseholdEventSerializer(serializers.ModelSerializer[HouseholdEvent]):
    """A change in the life of a household: proposed, confirmed on each side it concerns, carried out once."""

    id = Reference()
    household_id = Reference(source="subject_id")
    grid_id = Reference()
    person_id = Reference(allow_null=True)
    to_household_id = Reference(
        source="to_subject_id", allow_null=True, help_text="who receives, or the household founded"
    )
    to_grid_id = Reference(allow_null=True)
    effects = serializers.DictField(
        read_only=True,
        help_text="people by id: people, head, relations, relation; why a household leaves; corrected fields",
    )
    proposed_by_id = Reference()
    giving_by_id = Reference(allow_null=True, help_text="who confirmed for the household that gives")
    receiving_by_id = Reference(allow_null=True, help_text="who confirmed for the side that receives")
    ended_by_id = Reference(allow_null=True, help_text="who refused or withdrew")

    class Meta:
        model = HouseholdEvent
        fields: tuple[str, ...] = (
            "id",
            "household_id",
            "grid_id",
            "kind",
            "person_id",
            "to_household_id",
            "to_grid_id",
            "on",
            "reason",
            "effects",
            "state",
            "needs_giving",
            "needs_receiving",
            "proposed_by_id",
            "proposed_at",
            "giving_by_id",
            "giving_at",
            "receiving_by_id",
            "receiving_at",
            "done_at",
            "ended_by_id",
            "ended_at",
            "answer",
        )
        read_only_fields = fields


# --- Forms --------------------------------------------------------------------------------------------------------


class FormSerializer(serializers.ModelSerializer[Release]):
    """A collection form in force: what it asks, in the order of the page."""

    id = Reference()
    document = serializers.DictField(
        read_only=True, help_text="the definition: steps, sections, fields, options, in both languages"
    )

    class Meta:
        model = Release
        fields: tuple[str, ...] = ("id", "key", "version", "effective_on", "sha256", "document")
        read_only_fields = fields


# --- Submitting a visit -------------------------------------------------------------------------------------------


class NewMember(serializers.Serializer[Any]):
    """A member who came to the household; name and relation are enough."""

    name = serializers.CharField()
    relation = serializers.CharField(help_text="a code other than head")
    born_on = serializers.DateField(required=False, allow_null=True)
    id_number = serializers.CharField(required=False, allow_blank=True, default="", max_length=40)
    labour = serializers.CharField(required=False, allow_blank=True, default="")
    occupation = serializers.CharField(required=False, allow_blank=True, default="")
    away = serializers.BooleanField(required=False, default=False)


class LeavingMember(serializers.Serializer[Any]):
    """A member who is no longer here; never the head, and no longer in the document."""

    person_id = serializers.IntegerField(min_value=1)
    reason = serializers.CharField(help_text="moved, deceased or other")
    on = serializers.DateField()


class VisitSubmission(serializers.Serializer[Any]):
    """A visit as a program sends it. Codes and rules are those of the page; what breaks one is answered with 422."""

    client_uuid = serializers.UUIDField(help_text="made by the client; sending the same visit again is safe")
    household_id = serializers.IntegerField(min_value=1, help_text="a household, or the id of a business or unit")
    purpose = serializers.CharField(help_text="census, revisit, signing or other")
    outcome = serializers.CharField(help_text="interviewed, partial, refused, away, nobody or moved")
    channel = serializers.CharField(required=False, default="site", help_text="site, video (with a photo) or phone")
    called = serializers.CharField(
        required=False, allow_blank=True, default="", help_text="by phone: self, or home for the contact at home"
    )
    form = serializers.CharField(
        required=False, allow_blank=True, default="", help_text="key of the form in force, the first one when left out"
    )
    device_at = serializers.DateTimeField(required=False, allow_null=True)
    partner_id = serializers.IntegerField(required=False, allow_null=True)
    person_met_id = serializers.IntegerField(required=False, allow_null=True)
    met_role = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        help_text="at a business or unit: principal, employee, family or other",
    )
    consent = serializers.CharField(
        required=False, allow_blank=True, default="", help_text="standing, spoken, signed, drawn, photo or none"
    )
    scopes = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        allow_null=True,
        help_text="agreed to: collection, position, credit_query, publicity, messages; left out: collection and, where the "
        "notice names it, position",
    )
    credit_purpose = serializers.CharField(
        required=False, allow_blank=True, default="", help_text="of a credit query: lending, post_loan or guarantee"
    )
    guardian_id = serializers.IntegerField(required=False, allow_null=True, help_text="who consents for a child")
    cannot_decide = serializers.BooleanField(
        required=False, default=False, help_text="whoever was met cannot decide; the guardian consents"
    )
    signature = serializers.CharField(
        required=False, allow_blank=True, default="", help_text="picture of drawn or photo, base64; kept sealed"
    )
    document = serializers.DictField(required=False, allow_null=True, help_text=DOCUMENT)
    confirmed = serializers.ListField(
        child=serializers.CharField(), required=False, default=list, help_text="paths whose question was answered"
    )
    same = serializers.ListField(
        child=serializers.CharField(), required=False, default=list, help_text="sections the same as last time"
    )
    joining = NewMember(many=True, required=False, default=list, help_text="members who came, kept with the visit")
    leaving = LeavingMember(many=True, required=False, default=list, help_text="members who left, kept with the visit")
    latitude = serializers.DecimalField(
        max_digits=9, decimal_places=6, min_value=-90, max_value=90, required=False, allow_null=True
    )
    longitude = serializers.DecimalField(
        max_digits=9, decimal_places=6, min_value=-180, max_value=180, required=False, allow_null=True
    )
    accuracy_m = serializers.DecimalField(max_digits=8, decimal_places=1, min_value=0, required=False, allow_null=True)
    dwell_minutes = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=LONGEST_DWELL,
        help_text="minutes from first opening the visit to sending it, on the device; left out: not measured",
    )
    note = serializers.CharField(required=False, allow_blank=True, default="")
    next_visit_on = serializers.DateField(required=False, allow_null=True)


class VisitWithPhotos(serializers.Serializer[Any]):
    """The same with photos: the visit as JSON text in one part, each photo a part of its own."""

    visit = serializers.CharField(help_text="a VisitSubmission as JSON")
    photos = serializers.ListField(child=serializers.ImageField(), required=False, help_text="at most 6")


class FindingSerializer(serializers.Serializer[Any]):
    """Something odd that did not stand in the way."""

    path = serializers.CharField()
    code = serializers.CharField()
    text = serializers.CharField()
