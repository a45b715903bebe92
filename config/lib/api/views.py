"""Lists and details of the API: rows through the app's ``access.py``, pages by cursor, filters by column.

A view declares ``posts``, ``rows`` and its serializers; what it does not declare it does not do. Who may not see a row, or the
whole list, gets 404.
"""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qs

from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

LARGEST_ID = 2**63


class Pages(CursorPagination):
    """Pages by cursor over the primary key: stable while rows are added, as fast at the end as at the beginning."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def get_ordering(self, request: Request, queryset: QuerySet[Model], view: Any) -> tuple[str, ...]:
        """Return the view's order, which must be the primary key: only a unique key makes a stable cursor."""
        return ("-pk",) if view.newest_first else ("pk",)

    def decode_cursor(self, request: Request) -> Any:
        """Read the cursor; one that names no key is refused, not tried on the database."""
        encoded = request.query_params.get(self.cursor_query_param)
        if encoded is not None:
            try:
                place = parse_qs(b64decode(encoded, validate=True).decode("ascii")).get("p", ["0"])[0]
            except (NotBase64, ValueError):
                place = ""
            if not place.isdecimal() or int(place) >= LARGEST_ID:
                raise ValidationError({self.cursor_query_param: [_("游标无效，请从第一页重新读取")]})
        return super().decode_cursor(request)


@dataclass(frozen=True)
class Filter:
    """One query parameter: the lookup it becomes, the form of its value, and what it means."""

    lookup: str
    kind: Literal["integer", "date", "date-time", "text"]
    meaning: str
    choices: tuple[str, ...] = ()

    def read(self, text: str) -> object:
        """Return the value; raises ValueError for what is none."""
        if self.kind == "integer":
            if not text.isdecimal() or int(text) >= LARGEST_ID:
                raise ValueError(text)
            return int(text)
        if self.kind == "text":
            if self.choices and text not in self.choices:
                raise ValueError(text)
            return text
        moment: date | None = parse_date(text) if self.kind == "date" else parse_datetime(text)
        if moment is None or (self.kind == "date-time" and getattr(moment, "tzinfo", None) is None):
            raise ValueError(text)
        return moment


class ByColumn(BaseFilterBackend):
    """The filters a view declares. An unknown parameter is refused: a mistyped filter must not return everything."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        known: Mapping[str, Filter] = view.filters if view.action == "list" else {}
        pages = {Pages.cursor_query_param, Pages.page_size_query_param} if view.action == "list" else set()
        problems: dict[str, list[str]] = {}
        wanted: dict[str, object] = {}
        for name, text in request.query_params.items():
            if name in known:
                try:
                    wanted[known[name].lookup] = known[name].read(str(text))
                except ValueError:
                    problems[name] = [_("“%(value)s”不能用在这里") % {"value": str(text)[:40]}]
            elif name not in pages:
                problems[name] = [_("没有这个参数")]
        if problems:
            raise ValidationError(problems)
        return queryset.filter(**wanted)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the filters in the OpenAPI document."""
        if view.action != "list":
            return []
        return [
            {
                "name": name,
                "required": False,
                "in": "query",
                "description": one.meaning,
                "schema": {
                    "type": "integer" if one.kind == "integer" else "string",
                    **({"format": one.kind} if one.kind.startswith("date") else {}),
                    **({"enum": list(one.choices)} if one.choices else {}),
                },
            }
            for name, one in view.filters.items()
        ]


class Rows(ListModelMixin, RetrieveModelMixin, GenericViewSet[Any]):
    """A list and its details, read-only. ``rows`` returns what the acting post may see; ``details`` serializes a single row
    when it says more than a line of the list."""

    posts: ClassVar[frozenset[str]]
    writers: ClassVar[frozenset[str]] = frozenset()
    filters: ClassVar[Mapping[str, Filter]] = {}
    newest_first: ClassVar[bool] = False
    details: ClassVar[type[BaseSerializer[Any]] | None] = None
    filter_backends = (ByColumn,)
    lookup_value_converter = "int"
    pagination_class = Pages

    def rows(self, post: Any) -> QuerySet[Any]:
        """Return the rows of a list; only through the app's ``access.py``."""
        raise NotImplementedError

    def row(self, post: Any) -> QuerySet[Any]:
        """Return the rows out of which one is taken, with what its details need."""
        return self.rows(post)

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.serializer_class.Meta.model.objects.none()  # type: ignore[union-attr]
        return self.rows(self.request.post) if self.action == "list" else self.row(self.request.post)  # type: ignore[attr-defined]

    def get_serializer_class(self) -> Any:
        if self.action == "retrieve" and self.details is not None:
            return self.details
        return self.serializer_class

    def check_permissions(self, request: Request) -> None:
        """Refuse who may read but not write, like an outsider."""
        super().check_permissions(request)
        if request.method not in SAFE_METHODS and request.post.kind not in self.writers:  # type: ignore[attr-defined]
            raise Http404
