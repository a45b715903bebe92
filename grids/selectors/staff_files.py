"""What a file of staff and posts would change: every row compared with what is, set-based; and the files themselves."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.db.models.functions import Lower

from grids.domain.stafffile import Problem, Wanted
from grids.models import Branch, Post, PostKind, Staff, StaffImport

ON_PAGE = 50
FILES_ON_PAGE = 20


@dataclass(frozen=True)
class Step:
    """One row and what it does. ``person`` and ``post`` are new, changed or same; ``post`` is empty where the row names none."""

    wanted: Wanted
    staff: Staff | None
    held: Post | None
    person: str
    post: str

    @property
    def what(self) -> str:
        """The row in one word: new, changed, ended or unchanged."""
        if "new" in (self.person, self.post):
            return "new"
        if self.post == "changed":
            return "ended"
        return "changed" if self.person == "changed" else "unchanged"


def branch_names(institution_id: int) -> dict[str, int]:
    """Return the open branches by name."""
    return dict(Branch.objects.filter(institution_id=institution_id, is_open=True).values_list("name", "pk"))


def steps_of(institution_id: int, wanted: Iterable[Wanted], today: date) -> tuple[list[Step], list[Problem]]:
    """Return what each row would do, and what stands in its way; three queries, however many rows."""
    rows = list(wanted)
    numbers = {one.number.lower() for one in rows}
    known = Staff.objects.annotate(lowered=Lower("number")).filter(lowered__in=numbers)
    people = {one.number.lower(): one for one in known}
    taken = {
        person.email: person.number.lower()
        for person in Staff.objects.filter(
            institution_id=institution_id, email__in={one.email for one in rows if one.email}
        )
    }
    held: dict[tuple[int, str, int | None], list[Post]] = {}
    for post in Post.objects.filter(staff__in=[one.pk for one in people.values()]).order_by("from_on", "pk"):
        held.setdefault((post.staff_id, post.kind, post.branch_id), []).append(post)
    steps: list[Step] = []
    problems: list[Problem] = []
    for one in rows:
        person = people.get(one.number.lower())
        if person is not None and person.institution_id != institution_id:
            problems.append(Problem(one.row, "number", "number_taken", one.number))
            continue
        if person is not None and person.kind == Staff.Kind.OUTSIDE:
            problems.append(Problem(one.row, "number", "outside", one.number))
            continue
        if one.email and taken.get(one.email, one.number.lower()) != one.number.lower():
            problems.append(Problem(one.row, "email", "email_taken", one.email))
            continue
        posts = held.get((person.pk, one.kind, one.scope), []) if person else []
        step, problem = _step(one, person, posts, today)
        if problem is not None:
            problems.append(problem)
        else:
            steps.append(step)
    if not problems and not _administrators_left(institution_id, steps, today):
        problems.append(Problem(0, "", "last_administrator"))
    return steps, problems


def _step(one: Wanted, person: Staff | None, posts: list[Post], today: date) -> tuple[Step, Problem | None]:
    about = "new" if person is None else "changed" if _differs(one, person) else "same"
    post, found = "", None
    problem: Problem | None = None
    if one.kind:
        post, found, problem = _post(one, posts, today)
    if person is not None and not person.is_active and post == "new":
        problem = Problem(one.row, "number", "stopped", one.number)
    return Step(one, person, found, about, post), problem


def _differs(one: Wanted, person: Staff) -> bool:
    return (one.name, one.branch) != (person.name, person.home_branch_id) or bool(
        one.email and one.email != person.email
    )


def _post(one: Wanted, posts: list[Post], today: date) -> tuple[str, Post | None, Problem | None]:
    """Find the term a row speaks of among those of this kind and scope, and what it does to it. The past is never rewritten."""
    begun = [post for post in posts if post.to_on != post.from_on]
    if any((post.from_on, post.to_on) == (one.from_on, one.to_on) for post in begun):
        return "same", None, None
    living = [post for post in begun if post.to_on is None or post.to_on > today]
    term = next((post for post in living if _is_meant(one, post)), None)
    later = next(
        (post for post in living if post is not term and (one.to_on is None or post.from_on < one.to_on)), None
    )
    if term is None:
        if one.to_on is not None and one.to_on <= today:
            return "", None, Problem(one.row, "to_on", "never", str(one.to_on))
        if later is not None and (later.to_on is None or max(one.from_on or today, today) < later.to_on):
            return "", None, Problem(one.row, "from_on", "overlaps", also=str(later.from_on))
        return "new", None, None
    if term.from_on > today and one.from_on not in (None, term.from_on):
        return "", None, Problem(one.row, "from_on", "from_fixed", str(one.from_on), str(term.from_on))
    if one.to_on is None or one.to_on == term.to_on:
        return "same", term, None
    if one.to_on < today:
        return "", None, Problem(one.row, "to_on", "to_past", str(one.to_on))
    if later is not None and later.from_on >= term.from_on and later.from_on < one.to_on:
        return "", None, Problem(one.row, "to_on", "overlaps", also=str(later.from_on))
    return "changed", term, None


def _is_meant(one: Wanted, post: Post) -> bool:
    """Whether a row speaks of this term: it does not begin after the term has ended."""
    return one.from_on is None or post.to_on is None or one.from_on < post.to_on


def _administrators_left(institution_id: int, steps: Iterable[Step], today: date) -> bool:
    ending = [step.held.pk for step in steps if step.held and step.post == "changed"]
    if any(
        step.post == "new" and step.wanted.kind == PostKind.ADMINISTRATOR and not step.wanted.to_on for step in steps
    ):
        return True
    lasting = Post.objects.filter(
        Q(to_on__isnull=True), kind=PostKind.ADMINISTRATOR, from_on__lte=today, staff__institution_id=institution_id
    )
    return lasting.filter(staff__is_active=True).exclude(pk__in=ending).exists()


def told(steps: Iterable[Step], branches: Mapping[int, str]) -> list[dict[str, Any]]:
    """Return the steps as they are stored and shown; a plan made again from the same facts is the same."""
    return [
        {
            "row": step.wanted.row,
            "what": step.what,
            "number": step.wanted.number,
            "name": step.wanted.name,
            "branch": branches[step.wanted.branch],
            "was": _was(step, branches),
            "kind": step.wanted.kind,
            "scope": branches[step.wanted.scope] if step.wanted.scope else "",
            "from_on": str(step.wanted.from_on or ""),
            "to_on": str(step.wanted.to_on or ""),
            "email": step.wanted.email,
        }
        for step in steps
    ]


def _was(step: Step, branches: Mapping[int, str]) -> dict[str, str]:
    """Return what differs, as it is now: nothing of a new person."""
    if step.staff is None:
        return {}
    found = {}
    if step.staff.name != step.wanted.name:
        found["name"] = step.staff.name
    if step.staff.home_branch_id != step.wanted.branch:
        found["branch"] = branches.get(step.staff.home_branch_id or 0, "")
    if step.wanted.email and step.staff.email != step.wanted.email:
        found["email"] = step.staff.email
    if step.held is not None and step.post == "changed":
        found["to_on"] = str(step.held.to_on or "")
    return found


def counts_of(plan: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Count the rows of a plan by what they do."""
    found = Counter(str(row["what"]) for row in plan)
    return {what: found[what] for what in ("new", "changed", "ended", "unchanged")}


def list_files(institution_id: int, number: str | None) -> Page[StaffImport]:
    """Return the files of an institution, the newest first."""
    rows = StaffImport.objects.filter(institution_id=institution_id).select_related("uploaded_by", "settled_by")
    rows = rows.defer("rows", "plan", "problems").order_by("-uploaded_at", "-pk")
    return Paginator(rows, FILES_ON_PAGE).get_page(number)


def rows_of(file: StaffImport, what: str, number: str | None) -> Page[dict[str, Any]]:
    """Return one page of a file's plan: what changes first, or the rows of one kind; posts in the reader's words."""
    order = {"new": 0, "ended": 1, "changed": 2, "unchanged": 3}
    rows = [row for row in file.plan if not what or row["what"] == what]
    rows.sort(key=lambda row: (order[row["what"]], row["row"]))
    labels = dict(PostKind.choices)
    return Paginator([{**row, "post": labels.get(row["kind"], "")} for row in rows], ON_PAGE).get_page(number)
