"""Transfers: proposed by the administrator, confirmed for both branches by others, carried out on their day, all or nothing."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from config.lib import audit, clock
from config.lib.holdings import people_moved
from grids.access import answers_for, posts_of, seats_on
from grids.models import ApiToken, Branch, Grid, Post, PostKind, Seat, Staff, Transfer, TransferGrid
from grids.selectors.people import is_last_administrator
from grids.services import Refused, seats
from grids.services.staff import BRANCH_POSTS

Kind = Transfer.Kind
State = Transfer.State


@transaction.atomic
def propose(
    *,
    by: Staff,
    post: Post,
    staff: Staff,
    kind: str,
    to_branch: Branch | None,
    on: date,
    reason: str,
    successors: Mapping[int, int],
) -> Transfer:
    """Propose a transfer; ``successors`` are the officers who take over, by grid. Nothing changes before it is confirmed and due.

    Who moves or leaves hands over every grid he covers; who stays, at least one.
    """
    if staff.pk == by.pk:
        raise Refused(_("自己的调动由另一位管理员提出"))
    if staff.home_branch is None or not staff.is_active:
        raise Refused(_("%(name)s 不在岗") % {"name": staff.name})
    if on < clock.today():
        raise Refused(_("生效日期不能早于今天：已经过去的责任不改写"))
    if not reason.strip():
        raise Refused(_("请写明依据"))
    if (kind == Kind.MOVE) != (to_branch is not None) or (to_branch is not None and to_branch == staff.home_branch):
        raise Refused(_("请选调往哪个支行"))
    covered = {seat.grid_id: seat for seat in _covering(staff, on)}
    chosen = {grid: successor for grid, successor in successors.items() if grid in covered}
    if kind != Kind.HAND_OVER and set(chosen) != set(covered):
        missing = next(seat for grid, seat in covered.items() if grid not in chosen)
        raise Refused(_("%(grid)s 还没有选接手的人") % {"grid": missing.grid.name})
    if kind == Kind.HAND_OVER and not chosen:
        raise Refused(_("请至少给一个网格选接手的人"))
    people = Staff.objects.filter(institution_id=by.institution_id).in_bulk(set(chosen.values()))
    for grid, successor in chosen.items():
        if successor not in people or successor == staff.pk:
            raise Refused(_("没有这位员工"))
        seats.may_sit(people[successor], covered[grid].kind, covered[grid].grid, on)
    try:
        with transaction.atomic():
            transfer = Transfer.objects.create(
                institution_id=by.institution_id,
                staff=staff,
                kind=kind,
                from_branch=staff.home_branch,
                to_branch=to_branch,
                on=on,
                reason=reason.strip()[:200],
                proposed_by=by,
                proposed_at=clock.now(),
            )
    except IntegrityError as error:
        if "one_transfer_waits" in str(error):
            raise Refused(_("%(name)s 已有一项调动在办") % {"name": staff.name}) from error
        raise
    TransferGrid.objects.bulk_create(
        TransferGrid(transfer=transfer, grid_id=grid, successor_id=successor) for grid, successor in chosen.items()
    )
    _record(by, post, "transfer_proposed", transfer, grids=len(chosen))
    return transfer


def _covering(staff: Staff, on: date) -> list[Seat]:
    seated = seats_on(on).filter(staff=staff, kind__covers=True).select_related("grid__branch", "kind")
    return list(seated.defer("grid__boundary"))


@transaction.atomic
def confirm(*, transfer: Transfer, by: Staff, post: Post) -> str:
    """Confirm for every side one answers for; once both are confirmed it is carried out, today or on its day. Returns the state."""
    held = _take(transfer, State.PROPOSED)
    if by.pk in (held.proposed_by_id, held.staff_id):
        raise Refused(_("自己提出的、关于自己的调动由别人确认"))
    gives, takes = sides(held, post)
    if held.giving_by_id is None and gives:
        held.giving_by, held.giving_at = by, clock.now()
    if held.receiving_by_id is None and takes:
        held.receiving_by, held.receiving_at = by, clock.now()
    if by.pk not in (held.giving_by_id, held.receiving_by_id):
        raise Refused(_("这项调动不由您确认"))
    if held.giving_by_id and held.receiving_by_id:
        held.state = State.CONFIRMED
    held.save(update_fields=["state", "giving_by", "giving_at", "receiving_by", "receiving_at"])
    _record(by, post, "transfer_confirmed", held, state=held.state)
    if held.state == State.CONFIRMED and held.on <= clock.today():
        carry_out(transfer=held, by=by, post=post)
    return held.state


def sides(transfer: Transfer, post: Post) -> tuple[bool, bool]:
    """Return whether a post answers for the branch a transfer gives from, and for the one it goes to."""
    return answers_for(post, transfer.from_branch), answers_for(post, transfer.to_branch or transfer.from_branch)


@transaction.atomic
def end(*, transfer: Transfer, by: Staff, post: Post, answer: str = "") -> None:
    """Take back one's own proposal before its day, or refuse somebody else's with an answer before it is confirmed."""
    held = _take(transfer, State.PROPOSED, State.CONFIRMED)
    is_own = held.proposed_by_id == by.pk
    if not is_own:
        if held.state != State.PROPOSED or not any(sides(held, post)) or held.staff_id == by.pk:
            raise Refused(_("这项调动不由您确认"))
        if not answer.strip():
            raise Refused(_("不同意时请写明理由"))
    held.state = State.WITHDRAWN if is_own else State.REFUSED
    held.ended_by, held.ended_at, held.answer = by, clock.now(), answer.strip()[:200]
    held.save(update_fields=["state", "ended_by", "ended_at", "answer"])
    _record(by, post, "transfer_withdrawn" if is_own else "transfer_refused", held)


def carry_out_due() -> int:
    """Carry out every confirmed transfer whose day has come, each on its own; returns how many were done."""
    due = Transfer.objects.filter(state=State.CONFIRMED, on__lte=clock.today()).order_by("on", "pk")
    return sum(carry_out(transfer=one) == State.DONE for one in due.select_related("giving_by"))


@transaction.atomic
def carry_out(*, transfer: Transfer, by: Staff | None = None, post: Post | None = None) -> str:
    """Carry out a confirmed transfer: seats, posts and branch at once, or none of it and the reason kept. Returns the state.

    On the scheduler's call nobody acts; the events name who confirmed.
    """
    held = _take(transfer, State.CONFIRMED)
    try:
        with transaction.atomic():
            counts = _move(held)
            held.state, held.done_at = State.DONE, clock.now()
            held.save(update_fields=["state", "done_at"])
    except Refused as refusal:
        held.state, held.done_at, held.answer = State.FAILED, None, str(refusal)[:200]
        held.save(update_fields=["state", "answer"])
        counts = {}
    _record(by or held.giving_by, post, f"transfer_{held.state}", held, **counts)
    transfer.state = held.state
    if held.state == State.DONE:
        people_moved(held.staff.institution_id)
    return held.state


def _move(held: Transfer) -> dict[str, int]:
    day, leaving = clock.today(), Staff.objects.select_for_update().get(pk=held.staff_id)
    to_whom: dict[int, list[int]] = {}
    for grid, successor in held.grids.order_by("grid_id").values_list("grid_id", "successor_id"):
        to_whom.setdefault(successor, []).append(grid)
    people = Staff.objects.in_bulk(to_whom)
    moved = 0
    for successor, wanted in to_whom.items():
        grids = Grid.objects.filter(pk__in=wanted, is_active=True).select_related("branch").defer("boundary")
        grids = grids.select_for_update(of=("self",)).order_by("pk")
        moved += len(
            seats.move(grids=list(grids), wanted=set(wanted), leaving=leaving, successor=people[successor], on=day)
        )
    if held.kind != Kind.HAND_OVER and (left := _covering(leaving, day)):
        raise Refused(_("%(grid)s 还没有选接手的人") % {"grid": left[0].grid.name})
    posts = 0
    if held.kind == Kind.MOVE:
        posts = _move_posts(held, leaving, day)
    elif held.kind == Kind.LEAVE:
        posts = _leave(leaving, day)
    return {"grids": moved, "posts": posts}


def _living(staff: Staff, day: date) -> list[Post]:
    return list(Post.objects.filter(Q(to_on__isnull=True) | Q(to_on__gt=day), staff=staff).select_related("branch"))


def _end_posts(posts: list[Post], day: date) -> None:
    for one in posts:
        one.to_on = max(day, one.from_on)
    Post.objects.bulk_update(posts, ["to_on"])


def _move_posts(held: Transfer, staff: Staff, day: date) -> int:
    """End the branch posts held under the old branch and give the same ones at the new; other posts stay."""
    living = _living(staff, day)
    under = held.from_branch.path
    ending = [one for one in living if one.kind in BRANCH_POSTS and one.branch and one.branch.path.startswith(under)]
    there = {one.kind for one in living if one.branch_id == held.to_branch_id}
    _end_posts(ending, day)
    kinds = {one.kind for one in ending if one.from_on <= day} - there
    Post.objects.bulk_create(
        Post(staff=staff, kind=kind, branch=held.to_branch, from_on=day, appointed_by_id=held.proposed_by_id)
        for kind in sorted(kinds)
    )
    staff.home_branch = held.to_branch
    staff.save(update_fields=["home_branch"])
    return len(kinds)


def _leave(staff: Staff, day: date) -> int:
    """End every post, seat and token of who leaves; he signs in no more, and all he did stays his."""
    if posts_of(staff, day).filter(kind=PostKind.ADMINISTRATOR).exists() and is_last_administrator(staff):
        raise Refused(_("这是最后一位系统管理员，请先任命另一位"))
    posts = _living(staff, day)
    _end_posts(posts, day)
    other = list(Seat.objects.filter(Q(to_on__isnull=True) | Q(to_on__gt=day), staff=staff))
    for seat in other:
        seat.to_on = max(day, seat.from_on)
    Seat.objects.bulk_update(other, ["to_on"])
    ApiToken.objects.filter(staff=staff, revoked_at=None).update(revoked_at=clock.now())
    staff.is_active = False
    staff.save(update_fields=["is_active"])
    return len(posts)


def _take(transfer: Transfer, *states: str) -> Transfer:
    people = ("staff", "from_branch", "to_branch", "giving_by")
    held = Transfer.objects.select_related(*people).select_for_update(of=("self",)).get(pk=transfer.pk)
    if held.state not in states:
        raise Refused(_("这项调动刚刚已经处理过了"))
    return held


def _record(by: Staff | None, post: Post | None, verb: str, transfer: Transfer, **detail: Any) -> None:
    detail = {"transfer": transfer.pk, "kind": transfer.kind, "on": str(transfer.on), **detail}
    audit.record(
        staff=by, post_id=post.pk if post else None, verb=verb, about="staff", about_id=transfer.staff_id, detail=detail
    )
