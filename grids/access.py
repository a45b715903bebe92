"""Posts and the grids they reach: the only door through which a person comes to a row of the territory."""

from datetime import date

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest

from config.lib import clock
from config.lib.acting import Acting, take_scope
from grids.models import Branch, Grid, Post, PostKind, Staff

CUSTOMER_POSTS = frozenset(
    {PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR, PostKind.CHECKER, PostKind.LEADER}
)


def posts_of(staff: Staff, on: date | None = None) -> QuerySet[Post]:
    """Return the posts a person holds on a day, in a fixed order."""
    day = on or clock.today()
    return (
        Post.objects.filter(staff=staff, from_on__lte=day)
        .filter(Q(to_on__isnull=True) | Q(to_on__gt=day))
        .select_related("branch")
        .order_by("pk")
    )


def post_of(request: HttpRequest) -> Post | None:
    """Return the post the session acts under: the chosen one while it lasts, else the first."""
    if isinstance(request.user, AnonymousUser):
        return None
    posts = list(posts_of(request.user))
    chosen = request.session.get("post_id")
    request.posts = posts  # type: ignore[attr-defined]
    return next((post for post in posts if post.pk == chosen), posts[0] if posts else None)


def act_as(staff: Staff, post: Post | None, request_id: str) -> None:
    """Act as a person under a post until the transaction ends."""
    take_scope(
        Acting(
            staff_id=staff.pk,
            post_id=post.pk if post else None,
            institution_id=staff.institution_id,
            whole=bool(post and post.is_whole),
            request=request_id,
        )
    )


def branches_for(post: Post) -> QuerySet[Branch]:
    """Return the branches a post may see: its own and those below; an officer those of his grids."""
    branches = Branch.objects.filter(institution_id=post.staff.institution_id)
    if post.kind == PostKind.OFFICER:
        return branches.filter(grids__in=grids_for(post)).distinct()
    if post.branch is not None:
        return branches.filter(path__startswith=post.branch.path)
    return branches


def grids_for(post: Post) -> QuerySet[Grid]:
    """Return the active grids a post may see. Mirrors the definer function ``acc.grids`` behind row security."""
    grids = Grid.objects.filter(institution_id=post.staff.institution_id, is_active=True)
    if post.kind == PostKind.OFFICER:
        day = clock.today()
        return grids.filter(
            Q(seats__to_on__isnull=True) | Q(seats__to_on__gt=day),
            seats__staff_id=post.staff_id,
            seats__kind__covers=True,
            seats__from_on__lte=day,
        ).distinct()
    if post.kind == PostKind.ASSESSOR:
        return grids.none()
    if post.branch is not None:
        return grids.filter(branch__path__startswith=post.branch.path)
    return grids


def open_grid(post: Post, pk: int) -> Grid:
    """Return a grid the post may see, or raise Http404."""
    grid = grids_for(post).select_related("branch", "institution").filter(pk=pk).first()
    if grid is None:
        raise Http404
    return grid


def open_branch(post: Post, pk: int) -> Branch:
    """Return a branch the post may see, or raise Http404."""
    branch = branches_for(post).filter(pk=pk).first()
    if branch is None:
        raise Http404
    return branch
