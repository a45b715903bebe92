"""Households, visits, files, checks and list entries over the API; visits are submitted here too."""

import json
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from config.lib.api.errors import ErrorSerializer, Refused, problems_of
from config.lib.api.views import Filter, Rows
from customers import access
from customers.api.file_serializers import ProfileDetails, ProfileSerializer, StoredVisit
from customers.api.serializers import (
    BusinessSerializer,
    CheckSerializer,
    ConsentSerializer,
    FormSerializer,
    HouseholdDetails,
    HouseholdEventSerializer,
    HouseholdSerializer,
    ListEntrySerializer,
    UnitSerializer,
    VisitSerializer,
    VisitSubmission,
    VisitWithPhotos,
)
from customers.domain.economics import Problem
from customers.domain.members import Joining, Leaving
from customers.forms.typed import picture_of
from customers.forms.visits import sentence
from customers.selectors.consents import usable
from customers.selectors.forms import releases_in_force
from customers.services.visits import Photo, Submission, VisitConflictError, VisitRefusedError, submit_visit
from grids.access import CUSTOMER_POSTS, Post, PostKind

HOUSEHOLD = Filter("subject_id", "integer", "only of this household")
GRID = Filter("grid_id", "integer", "only of this grid")
UNREADABLE = "unreadable"


class Households(Rows):
    """Households of the post's scope, those that left included."""

    posts: ClassVar[Any] = CUSTOMER_POSTS
    serializer_class = HouseholdSerializer
    details = HouseholdDetails
    filters: ClassVar[dict[str, Filter]] = {
        "grid": GRID,
        "number": Filter("number", "text", "only with this household number"),
    }

    def rows(self, post: Post) -> QuerySet[Any]:
        # Children by id, not by join: a join under row security is planned badly.
        return access.households_for(post).prefetch_related("subject", "head")

    def row(self, post: Post) -> QuerySet[Any]:
        return self.rows(post).prefetch_related("people")


_CODE = Filter("subject__uscc", "text", "only with this credit code")


class Businesses(Rows):
    """Businesses of the post's scope, those that left included."""

    posts: ClassVar[Any] = CUSTOMER_POSTS
    serializer_class = BusinessSerializer
    filters: ClassVar[dict[str, Filter]] = {"grid": GRID, "uscc": _CODE}

    def rows(self, post: Post) -> QuerySet[Any]:
        return access.businesses_for(post).prefetch_related("subject__principal")


class Units(Rows):
    """Units of the post's scope, those that left included."""

    posts: ClassVar[Any] = CUSTOMER_POSTS
    serializer_class = UnitSerializer
    filters: ClassVar[dict[str, Filter]] = {"grid": GRID, "uscc": _CODE}

    def rows(self, post: Post) -> QuerySet[Any]:
        return access.units_for(post).prefetch_related("subject__principal")


class Visits(Rows):
    """Visits to the households of the post's scope, newest first."""

    posts: ClassVar[Any] = CUSTOMER_POSTS
    writers: ClassVar[frozenset[str]] = frozenset({PostKind.OFFICER})
    serializer_class = VisitSerializer
    newest_first = True
    parser_classes = (JSONParser, MultiPartParser)
    filters: ClassVar[dict[str, Filter]] = {
        "household": HOUSEHOLD,
        "grid": GRID,
        "lead": Filter("lead_id", "integer", "only led by this person"),
        "received_from": Filter("received_at__gte", "date-time", "received at this instant or later"),
        "received_before": Filter("received_at__lt", "date-time", "received before this instant"),
    }

    def rows(self, post: Post) -> QuerySet[Any]:
        return access.visits_for(post)

    @extend_schema(
        request={"application/json": VisitSubmission, "multipart/form-data": VisitWithPhotos},
        responses={201: StoredVisit, 200: StoredVisit, 409: ErrorSerializer},
    )
    def create(self, request: Request) -> Response:
        """Store a visit led by the token's officer: 201, or 200 when the same was received before, 409 when the UUID names
        another visit, 422 with every problem. Nothing is stored unless all of it is."""
        sent = VisitSubmission(data=_content(request))
        sent.is_valid()
        unreadable = list(problems_of(sent.errors))
        if {"client_uuid", "household_id"} & set(sent.errors):
            raise Refused(422, _("内容有误"), problems=unreadable)
        home = access.open_place(request.post, int(sent.initial_data["household_id"]))  # type: ignore[attr-defined]
        try:
            stored = submit_visit(
                staff=request.user,
                post_id=request.post.pk,  # type: ignore[attr-defined]
                place=home,
                submission=_submission(request, sent, unreadable),
            )
        except VisitRefusedError as refused:
            found = [_told(one) for one in refused.problems if one.level != "warning" and one.code != UNREADABLE]
            said = {problem["path"] for problem in unreadable}
            problems = unreadable + [problem for problem in found if problem["path"] not in said]
            # The visit took itself back; a duplicate that stopped it was told to the branch manager, and stays told.
            raise Refused(422, _("内容有误，走访没有保存"), problems=problems, keeps=True) from refused
        except VisitConflictError as conflict:
            more = {"visit_id": conflict.visit.pk} if conflict.visit is not None else {}
            raise Refused(409, _("这个 client_uuid 已用于另一次走访"), more=more) from conflict
        body = {
            "visit": stored.visit,
            "profile_id": stored.profile.pk if stored.profile else None,
            "profile_number": stored.profile.number if stored.profile else None,
            "is_repeat": stored.is_repeat,
            "warnings": [_told(one) for one in stored.warnings],
            "changes": stored.changes,
        }
        code = status.HTTP_200_OK if stored.is_repeat else status.HTTP_201_CREATED
        return Response(StoredVisit(body).data, status=code)


def _content(request: Request) -> Any:
    content: Any = request.data
    if request.content_type.startswith("multipart/"):
        try:
            content = json.loads(content.get("visit", ""))
        except ValueError as error:
            raise ParseError(_("visit 部分不是 JSON")) from error
    if not isinstance(content, dict):
        raise ParseError(_("内容须是一个 JSON 对象"))
    if unknown := sorted(set(content) - set(VisitSubmission().fields)):
        raise ValidationError({str(name): [_("没有这个字段")] for name in unknown})
    return content


def _submission(request: Request, sent: VisitSubmission, unreadable: list[dict[str, str]]) -> Submission:
    """Return what can be read of it; what cannot is named, so that the answer says it with everything else."""
    fields: Any = VisitSubmission().fields
    values: dict[str, Any] = {
        name: fields[name].run_validation(sent.initial_data[name])
        for name in fields
        if name in sent.initial_data and name not in sent.errors
    }
    values.pop("household_id")
    confirmed, same = values.pop("confirmed", ()), values.pop("same", ())
    scopes, signature = values.pop("scopes", None), values.pop("signature", "")
    joining, leaving = values.pop("joining", ()), values.pop("leaving", ())
    for name in ("purpose", "outcome"):
        values.setdefault(name, "")
    return Submission(
        **values,
        entry="api",
        scopes=tuple(scopes) if scopes is not None else None,
        signature=picture_of(signature),
        confirmed=frozenset(confirmed),
        same=frozenset(same),
        joining=tuple(Joining(**one) for one in joining),
        leaving=tuple(Leaving(person=one["person_id"], reason=one["reason"], on=one["on"]) for one in leaving),
        photos=tuple(Photo(file.read(), file.name or "") for file in request.FILES.getlist("photos")),
        unreadable=tuple(Problem(one["path"], UNREADABLE) for one in unreadable),
    )


def _told(problem: Problem) -> dict[str, str]:
    return {"path": problem.path, "code": problem.code, "text": sentence(problem)}


class Consents(Rows):
    """What the households of the post's scope agreed to, refused and took back, newest first."""

    posts: ClassVar[Any] = CUSTOMER_POSTS
    serializer_class = ConsentSerializer
    newest_first = True
    filters: ClassVar[dict[str, Filter]] = {"household": HOUSEHOLD, "grid": GRID}

    def rows(self, post: Post) -> QuerySet[Any]:
        return access.consents_for(post)


class Profiles(Rows):
    """Revisions of the files of the post's scope, newest first: totals in the list, the document in the details. A household that
    took its consent back has none here."""

    posts: ClassVar[Any] = CUSTOMER_POSTS
    serializer_class = ProfileSerializer
    details = ProfileDetails
    newest_first = True
    filters: ClassVar[dict[str, Filter]] = {
        "household": HOUSEHOLD,
        "grid": GRID,
        "submitted_from": Filter("submitted_at__gte", "date-time", "submitted at this instant or later"),
    }

    def rows(self, post: Post) -> QuerySet[Any]:
        # Apart, not joined: the revision a change was found against by its number alone.
        base = Prefetch("changes__base", access.profiles_for(post).only("number"))
        return usable(access.profiles_for(post)).defer("document").prefetch_related("changes__proofs", base)

    def row(self, post: Post) -> QuerySet[Any]:
        return usable(access.profiles_for(post)).prefetch_related("changes__proofs", "changes__base")


class Forms(Rows):
    """The collection forms in force: what a page, a paper, a file and a program ask alike."""

    posts: ClassVar[Any] = CUSTOMER_POSTS
    serializer_class = FormSerializer
    filters: ClassVar[dict[str, Filter]] = {"key": Filter("key", "text", "only this form")}

    def rows(self, post: Post) -> QuerySet[Any]:
        return releases_in_force(post.staff.institution_id)


class Checks(Rows):
    """Verdicts of second officers on the files of the post's scope, newest first."""

    posts: ClassVar[Any] = CUSTOMER_POSTS
    serializer_class = CheckSerializer
    newest_first = True
    filters: ClassVar[dict[str, Filter]] = {
        "household": HOUSEHOLD,
        "grid": GRID,
        "verdict": Filter("verdict", "text", "only this verdict", ("accepted", "returned")),
    }

    def rows(self, post: Post) -> QuerySet[Any]:
        return access.checks_for(post)


class ListEntries(Rows):
    """Entries on the lists whose member and reason the post may know, newest first (Decision record 0016)."""

    posts: ClassVar[Any] = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.AUDITOR})
    serializer_class = ListEntrySerializer
    newest_first = True
    filters: ClassVar[dict[str, Filter]] = {
        "household": HOUSEHOLD,
        "grid": GRID,
        "colour": Filter("colour", "text", "only this list", ("black", "grey", "white", "attention")),
    }

    def rows(self, post: Post) -> QuerySet[Any]:
        return access.list_entries_for(post).prefetch_related("releases")


class HouseholdEvents(Rows):
    """Changes in the life of the households of the post's scope, and those its grids would receive, newest first."""

    posts: ClassVar[Any] = frozenset(CUSTOMER_POSTS - {PostKind.LEADER})
    serializer_class = HouseholdEventSerializer
    newest_first = True
    filters: ClassVar[dict[str, Filter]] = {
        "household": HOUSEHOLD,
        "grid": GRID,
        "state": Filter("state", "text", "only in this state", ("proposed", "done", "refused", "withdrawn")),
        "proposed_from": Filter("proposed_at__gte", "date-time", "proposed at this instant or later"),
    }

    def rows(self, post: Post) -> QuerySet[Any]:
        return access.household_events_for(post).defer("sealed")
