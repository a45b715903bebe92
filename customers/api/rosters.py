"""Roster imports over the API: upload a file, follow its check, read every finding."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from config.lib.api.errors import ErrorSerializer, Refused
from config.lib.api.views import Filter, Rows
from config.lib.files import FileRefused
from customers import access
from customers.api.roster_serializers import RosterProblemSerializer, RosterSerializer, RosterUpload
from customers.forms.roster import RosterForm
from customers.selectors import roster as selectors
from customers.services import roster as service
from grids.access import Post, PostKind

HANDLING = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER})


class RosterImports(Rows):
    """Roster files of the post's branch and those below, newest first."""

    posts: ClassVar[Any] = HANDLING
    writers: ClassVar[frozenset[str]] = HANDLING
    serializer_class = RosterSerializer
    newest_first = True
    parser_classes = (MultiPartParser,)
    filters: ClassVar[dict[str, Filter]] = {
        "state": Filter(
            "state",
            "text",
            "only in this state",
            ("checking", "broken", "checked", "writing", "written", "discarded", "failed"),
        ),
    }

    def rows(self, post: Post) -> QuerySet[Any]:
        return access.rosters_for(post)

    @extend_schema(
        request={"multipart/form-data": RosterUpload}, responses={201: RosterSerializer, 409: ErrorSerializer}
    )
    def create(self, request: Request) -> Response:
        """Upload a roster file; it is sealed and its check begins at once. 409 when the same file is under way already."""
        post: Post = request.post  # type: ignore[attr-defined]
        form = RosterForm(request.data, request.FILES, branches=access.roster_branches_for(post).filter(is_open=True))
        if not form.is_valid():
            raise ValidationError({name: [str(one) for one in found] for name, found in form.errors.items()})
        file = form.cleaned_data.pop("file")
        staff: Any = request.user
        try:
            roster = service.upload(staff=staff, post_id=post.pk, content=file, name=file.name, **form.cleaned_data)
        except FileRefused as refused:
            raise ValidationError({"file": [str(refused)]}) from refused
        except service.RosterRefusedError as refused:
            more = {"roster_id": refused.roster.pk} if refused.roster is not None else {}
            raise Refused(409, _("同一份文件已经上传，正在处理"), more=more) from refused
        return Response(RosterSerializer(roster).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=RosterProblemSerializer(many=True), filters=False)
    @action(detail=True, filter_backends=())
    def problems(self, request: Request, pk: int) -> Response:
        """Every finding of the check in the order it was found: row, column, value, what is wrong, what to do."""
        roster = access.open_roster(request.post, pk)  # type: ignore[attr-defined]
        page = self.paginate_queryset(selectors.problems_of(roster, {})) or []
        for problem, told in zip(page, selectors.told(page, selectors.header_of(roster)), strict=True):
            problem.told = told  # type: ignore[attr-defined]
        return self.get_paginated_response(RosterProblemSerializer(page, many=True).data)
