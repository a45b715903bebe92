"""Forms printed for filling by hand: a few at once, a grid by a worker; who printed what stays on record."""

from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import translation

from config.lib import audit, clock, files, jobs
from config.lib.acting import scope_digest
from config.lib.jobs import Chunk
from config.lib.models import JobRun, StoredFile
from config.lib.pdf import render
from customers import access
from customers.models import Subject
from customers.selectors.forms import Edition, edition_released
from customers.selectors.papers import MOST, Place, paper_data
from grids.access import Post, Staff, posts_of

JOB = "print_forms"
PDF = "application/pdf"
KEPT = timedelta(days=7)


class NothingToPrintError(Exception):
    """There is nothing like that, or more than one PDF may hold (``too_many``)."""

    def __init__(self, *, too_many: bool) -> None:
        super().__init__("too many" if too_many else "none")
        self.too_many = too_many


def places(post: Post, grid_id: int, group: str, edition: Edition) -> list[Place]:
    """Return what a post prints of a grid by a form: households by number, those of one group if named; businesses and units of
    the kinds the form fits, by name. Raises NothingToPrintError."""
    form = edition.form
    if form.subject == Subject.Kind.HOUSEHOLD:
        rows: QuerySet[Any] = access.households_for(post).order_by("group", "number")
        rows = rows.filter(group=group) if group else rows
    elif group:
        raise NothingToPrintError(too_many=False)
    else:
        of_kind = access.businesses_for if form.subject == Subject.Kind.BUSINESS else access.units_for
        rows = of_kind(post).order_by("sort_key", "pk")
        rows = rows.filter(kind__in=form.fits) if form.fits and form.subject == Subject.Kind.BUSINESS else rows
    rows = rows.filter(grid_id=grid_id, subject__left_on__isnull=True).select_related("grid__institution", "subject")
    found = list(rows[: MOST + 1])
    if not 0 < len(found) <= MOST:
        raise NothingToPrintError(too_many=bool(found))
    return found


def draw(
    *, staff: Staff, post_id: int | None, found: Sequence[Place], edition: Edition, language: str, address: str
) -> bytes:
    """Return the forms of these as one PDF and put it on record."""
    _record(staff, post_id, found, edition)
    return render("form", paper_data(found, edition, language, address), language)


def file_name(found: Sequence[Place], edition: Edition, language: str) -> str:
    """Return the name of a printed PDF."""
    about = str(found[0]) if len(found) == 1 else found[0].grid.name
    return f"{edition.label(language)}-{about}.pdf"


def _record(staff: Staff, post_id: int | None, found: Sequence[Place], edition: Edition) -> None:
    single = len(found) == 1
    audit.record(
        staff=staff,
        post_id=post_id,
        verb="form_printed",
        about=found[0].subject.kind if single else "grid",
        about_id=found[0].pk if single else found[0].grid_id,
        detail={"copies": len(found), "form": edition.key, "version": edition.version},
    )


def start(*, post: Post, found: Sequence[Place], edition: Edition, group: str, language: str, address: str) -> JobRun:
    """Have many forms drawn by a worker; the same print that is under way is not begun twice."""
    grid = found[0].grid
    try:
        return jobs.start(
            kind=JOB,
            key=f"{grid.name} {group} · {edition.key} · {post.staff.number}",
            institution_id=grid.institution_id,
            asked_by_id=post.staff_id,
            asked_post_id=post.pk,
            parameters={
                "scope": scope_digest(),
                "grid": grid.pk,
                "group": group,
                "edition": edition.release_id,
                "language": language,
                "address": address,
                "copies": len(found),
            },
        )
    except jobs.AlreadyRunning as running:
        return running.run


def plan(run: JobRun) -> list[Chunk]:
    """One part: it is one PDF."""
    return [Chunk(run.parameters, units=run.parameters["copies"])]


def work(run: JobRun, payload: Any) -> None:
    """Draw the forms as their asker sees them now, sealed, for a week; who lost the post since gets nothing."""
    if run.asked_by is None or run.asked_post_id is None:
        raise PermissionError("forms are printed for a person under a post")
    post = posts_of(run.asked_by).select_related("staff").get(pk=run.asked_post_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('app.post', %s, true), set_config('app.today', %s, true)",
            [str(post.pk), clock.today().isoformat()],
        )
    edition = edition_released(run.institution_id, payload["edition"])
    if edition is None:
        raise LookupError("the form is not in force")
    found = places(post, payload["grid"], payload["group"], edition)
    language = payload["language"]
    with translation.override(language):
        content = draw(
            staff=post.staff,
            post_id=post.pk,
            found=found,
            edition=edition,
            language=language,
            address=payload["address"],
        )
        name = file_name(found, edition, language)
    stored = files.store_sealed(
        content=BytesIO(content),
        name=name,
        kind=StoredFile.Kind.EXPORT,
        institution_id=run.institution_id,
        stored_by_id=run.asked_by_id,
        content_type=PDF,
        expires_at=clock.now() + KEPT,
        scope=run.parameters["scope"],
        limit_mb=200,
    )
    JobRun.objects.filter(pk=run.pk).update(result={"file": str(stored.uuid)})
