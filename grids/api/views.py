"""Branches and grids over the API."""

from typing import Any, ClassVar

from django.db.models import QuerySet

from config.lib.api.views import Filter, Rows
from grids.access import Branch, Grid, Post, PostKind, branches_for, grids_for
from grids.api.serializers import BranchSerializer, GridDetails, GridSerializer

TERRITORY = frozenset(
    {
        PostKind.OFFICER,
        PostKind.BRANCH_MANAGER,
        PostKind.APPROVER,
        PostKind.AUDITOR,
        PostKind.CHECKER,
        PostKind.LEADER,
        PostKind.ADMINISTRATOR,
    }
)


class Branches(Rows):
    """Branches of the post's scope; an officer sees those of his grids."""

    posts: ClassVar[Any] = TERRITORY
    serializer_class = BranchSerializer

    def rows(self, post: Post) -> QuerySet[Branch]:
        return branches_for(post)


class Grids(Rows):
    """Active grids of the post's scope."""

    posts: ClassVar[Any] = TERRITORY
    serializer_class = GridSerializer
    details = GridDetails
    filters: ClassVar[dict[str, Filter]] = {
        "branch": Filter("branch_id", "integer", "only grids of this branch"),
        "kind": Filter("kind", "text", "only grids of this kind", tuple(Grid.Kind.values)),
        "division_code": Filter("division_code", "text", "the grid of this 12-digit code"),
    }

    def rows(self, post: Post) -> QuerySet[Grid]:
        return grids_for(post).defer("boundary")

    def row(self, post: Post) -> QuerySet[Grid]:
        return grids_for(post)
