"""Posts and the grids they reach: the only door through which a person comes to a row of the territory."""

from datetime import date

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest

from config.lib import clock
from config.lib.acting import Acting, take_scope
from grids.models import (
    Absence,
    ApiToken,
    Branch,
    Device,
    DeviceIssue,
    Grid,
    Post,
    PostKind,
    Seat,
    SeatKind,
    Staff,
    StaffImport,
    Training,
    Transfer,
)

CUSTOMER_POSTS = frozenset(
    {PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR, PostKind.CHECKER, PostKind.LEADER}
)


def posts_on(day: date) -> QuerySet[Post]:
    """Return the posts held on a day, of everybody: for sub-queries of this app, not for a page."""
    return Post.objects.filter(Q(to_on__isnull=True) | Q(to_on__gt=day), from_on__lte=day)


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
    for post in posts:
        post.staff = request.user
    chosen = request.session.get("post_id")
    request.posts = posts  # type: ignore[attr-defined]
    return next((post for post in posts if post.pk == chosen), posts[0] if posts else None)


def act_as(staff: Staff, post: Post | None, request_id: str, *, in_job: bool = False) -> list[int]:
    """Act as a person under a post until the transaction ends; return for whom he stands in today. ``in_job``: see acting."""
    if post is not None:
        post.reached = []
    return take_scope(
        Acting(
            staff_id=staff.pk,
            post_id=post.pk if post else None,
            institution_id=staff.institution_id,
            whole=bool(post and post.is_whole),
            request=request_id,
        ),
        in_job=in_job,
    )


def branches_for(post: Post) -> QuerySet[Branch]:
    """Return the branches a post may see: its own and those below; an officer those of his grids."""
    branches = Branch.objects.filter(institution_id=post.staff.institution_id)
    if post.kind == PostKind.OFFICER:
        return branches.filter(Exists(grids_for(post).filter(branch=OuterRef("pk"))))
    if post.branch is not None:
        return branches.filter(path__startswith=post.branch.path)
    return branches


def seats_on(day: date) -> QuerySet[Seat]:
    """Return the seats taken on a day, of every grid: for sub-queries of this app, not for a page."""
    return Seat.objects.filter(Q(to_on__isnull=True) | Q(to_on__gt=day), from_on__lte=day)


def grids_for(post: Post) -> QuerySet[Grid]:
    """Return the active grids a post may see. Mirrors the definer function ``acc.grids`` behind row security."""
    grids = Grid.objects.filter(institution_id=post.staff.institution_id, is_active=True)
    if post.kind == PostKind.OFFICER:
        today = clock.today()
        covering = seats_on(today).filter(grid=OuterRef("pk"), kind__covers=True)
        own = covering.filter(staff_id=post.staff_id)
        away = Absence.objects.filter(
            deputy_id=post.staff_id, staff=OuterRef("staff"), from_on__lte=today, to_on__gt=today
        )
        lent = Q(Exists(covering.filter(Exists(away))))
        if post.branch is not None:
            lent &= Q(branch__path__startswith=post.branch.path)
        return grids.filter(Q(Exists(own)) | lent)
    if post.kind == PostKind.ASSESSOR:
        return grids.none()
    if post.branch is not None:
        return grids.filter(branch__path__startswith=post.branch.path)
    return grids


def reached_by(post: Post) -> list[int]:
    """Return the keys of ``grids_for``, for conditions on other tables. A post that acts is asked once in its transaction, as row
    security asks once: every condition of a page that reckoned them anew cost more than the page itself."""
    if post.reached:
        return post.reached
    found = list(grids_for(post).order_by().values_list("pk", flat=True))
    if post.reached is not None:
        post.reached = found
    return found


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


def may_seat(post: Post) -> bool:
    """Whether a post gives the seats of the grids it sees: the administrator, and a branch manager in his branch."""
    return post.kind in (PostKind.ADMINISTRATOR, PostKind.BRANCH_MANAGER)


def seat_kinds_for(post: Post) -> QuerySet[SeatKind]:
    """Return the seats the institution's grids offer, in their order; closed kinds are offered no more."""
    return all_seat_kinds_for(post).filter(closed_on__isnull=True)


def all_seat_kinds_for(post: Post) -> QuerySet[SeatKind]:
    """Return every kind of seat of the institution, closed ones too, in their order."""
    return SeatKind.objects.filter(institution_id=post.staff.institution_id).order_by("order", "pk")


def open_seat_kind(post: Post, pk: int) -> SeatKind:
    """Return a kind of seat of the administrator's institution, or raise Http404."""
    kind = all_seat_kinds_for(post).filter(pk=pk).first()
    if kind is None or post.kind != PostKind.ADMINISTRATOR:
        raise Http404
    return kind


def open_seat(post: Post, pk: int) -> Seat:
    """Return a seat of a grid whose seats the post gives, or raise Http404."""
    seat = Seat.objects.select_related("grid__branch", "kind", "staff").filter(pk=pk, grid__in=grids_for(post)).first()
    if seat is None or not may_seat(post):
        raise Http404
    return seat


def staff_for(post: Post) -> QuerySet[Staff]:
    """Return the people a post administers: everybody for the administrator, his branch's for a branch manager."""
    people = Staff.objects.filter(institution_id=post.staff.institution_id)
    if post.kind == PostKind.ADMINISTRATOR:
        return people
    if post.kind == PostKind.BRANCH_MANAGER and post.branch is not None:
        return people.filter(home_branch__path__startswith=post.branch.path)
    return people.none()


def open_staff(post: Post, pk: int) -> Staff:
    """Return a person the post administers, or raise Http404."""
    person = staff_for(post).select_related("home_branch", "institution").filter(pk=pk).first()
    if person is None:
        raise Http404
    return person


def open_post_of_staff(post: Post, pk: int) -> Post:
    """Return a post of a person the acting post administers, or raise Http404."""
    found = Post.objects.select_related("staff", "branch").filter(pk=pk, staff__in=staff_for(post)).first()
    if found is None:
        raise Http404
    return found


def principals_of(staff: Staff) -> list[str]:
    """Return the names of those for whom an officer stands in today."""
    today = clock.today()
    away = Absence.objects.filter(deputy=staff, from_on__lte=today, to_on__gt=today)
    return list(away.order_by("staff__number").values_list("staff__name", flat=True))


def answers_for(post: Post, branch: Branch) -> bool:
    """Whether a post answers for a branch: the administrator for all, a branch manager for his and those below."""
    if post.kind == PostKind.ADMINISTRATOR:
        return post.staff.institution_id == branch.institution_id
    return post.kind == PostKind.BRANCH_MANAGER and post.branch is not None and branch.path.startswith(post.branch.path)


def transfers_for(post: Post) -> QuerySet[Transfer]:
    """Return the transfers of the institution for the administrator, those from or to his branches for a branch manager."""
    transfers = Transfer.objects.filter(institution_id=post.staff.institution_id)
    if post.kind == PostKind.ADMINISTRATOR:
        return transfers
    if post.kind != PostKind.BRANCH_MANAGER or post.branch is None:
        return transfers.none()
    path = post.branch.path
    return transfers.filter(Q(from_branch__path__startswith=path) | Q(to_branch__path__startswith=path))


def open_transfer(post: Post, pk: int) -> Transfer:
    """Return a transfer the post may see, or raise Http404."""
    found = transfers_for(post).select_related("staff", "from_branch", "to_branch").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def absences_for(post: Post) -> QuerySet[Absence]:
    """Return the absences of the people a post administers."""
    return Absence.objects.filter(staff__in=staff_for(post).order_by().values("pk"))


def open_absence(post: Post, pk: int) -> Absence:
    """Return an absence of a person the post administers, or raise Http404."""
    found = absences_for(post).select_related("staff", "deputy").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def open_staff_import(post: Post, pk: int) -> StaffImport:
    """Return a file of staff of the administrator's institution, or raise Http404."""
    files = StaffImport.objects.filter(institution_id=post.staff.institution_id)
    found = files.select_related("uploaded_by", "settled_by").filter(pk=pk).first()
    if found is None or post.kind != PostKind.ADMINISTRATOR:
        raise Http404
    return found


def trainings_for(post: Post) -> QuerySet[Training]:
    """Return the sessions of the bank for the administrator; for a branch manager those of the whole bank, of his branch and below."""
    trainings = Training.objects.filter(institution_id=post.staff.institution_id)
    if post.kind == PostKind.ADMINISTRATOR:
        return trainings
    if post.kind != PostKind.BRANCH_MANAGER or post.branch is None:
        return trainings.none()
    return trainings.filter(Q(branch__isnull=True) | Q(branch__path__startswith=post.branch.path))


def open_training(post: Post, pk: int) -> Training:
    """Return a session the post sees, or raise Http404."""
    found = trainings_for(post).select_related("branch").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def devices_for(post: Post) -> QuerySet[Device]:
    """Return the bank's devices for the administrator, those in hands of his people for a branch manager."""
    devices = Device.objects.filter(institution_id=post.staff.institution_id)
    if post.kind == PostKind.ADMINISTRATOR:
        return devices
    held = DeviceIssue.objects.filter(
        state__in=(*DeviceIssue.LIVE, DeviceIssue.State.LOST), staff__in=staff_for(post).order_by().values("pk")
    )
    return devices.filter(pk__in=held.values("device"))


def open_device(post: Post, pk: int) -> Device:
    """Return a device the post sees, or raise Http404."""
    found = devices_for(post).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def open_device_issue(post: Post, pk: int) -> DeviceIssue:
    """Return a device in somebody's hands that the post sees, or raise Http404."""
    issues = DeviceIssue.objects.filter(pk=pk, staff__in=staff_for(post).order_by().values("pk"))
    found = issues.select_related("device", "staff").first()
    if found is None:
        raise Http404
    return found


def open_device_in_hand(staff: Staff, post: Post | None, pk: int) -> DeviceIssue:
    """Return a device in one's own hands, or in those of people the post administers; else raise Http404."""
    own = DeviceIssue.objects.filter(pk=pk, staff=staff).select_related("device", "staff").first()
    if own is not None:
        return own
    if post is None:
        raise Http404
    return open_device_issue(post, pk)


def open_token(staff: Staff, pk: int) -> ApiToken:
    """Return a token of this person himself, or raise Http404."""
    token = ApiToken.objects.filter(pk=pk, staff=staff).first()
    if token is None:
        raise Http404
    return token
