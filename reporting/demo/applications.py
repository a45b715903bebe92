"""Customers served one by one: explanations that were handed over, and applications outside the rounds in every state."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from PIL import Image

from credit.models import Application, Decision, LineResult
from credit.selectors.rounds import rules_of
from credit.services import applications, decisions
from credit.services.decision_steps import may_sign
from credit.services.handing import hand_over
from customers.models import Consent, Household, Visit
from customers.services.consents import store_signature
from grids.models import Staff
from grids.services import Refused
from reporting.demo.organisation import Organisation
from reporting.demo.rounds import acting, clock_at

HANDED = 12
STATES = (
    "investigation", "proposal", "branch", "granted", "approval", "refused", "branch", "granted", "turned_down",
    "investigation", "cancelled", "revoked", "late",
)  # fmt: skip
"""How far each application comes; ``late`` waits for an investigation past its day."""
ASKED = (("model", "planting", 50_000, 24), ("small", "breeding", 30_000, 12), ("offline", "trade", 150_000, 36))
FOUND = "上门看过，种植和务工收入稳定，邻里评价好，用途属实"


def handed_over(people: Organisation, now: datetime) -> int:
    """Hand a dozen explanations of the newest run to their households, every sixth in English; returns how many."""
    newest = _results(people).select_related("run__model", "run__bases")[:HANDED]
    with clock_at(now - timedelta(days=1)):
        for place, result in enumerate(newest):
            officer = people.officer_of[result.grid_id]
            with acting(officer) as post:
                hand_over(by=officer, post=post, result=result, language="zh-hans" if place % 6 else "en")
    return len(newest)


def _results(people: Organisation) -> Any:
    """Lines above 0 of villages somebody covers, the newest first."""
    rows = LineResult.objects.filter(
        grid__in=list(people.officer_of), line__gte=10_000, run__published_at__isnull=False
    )
    return rows.order_by("-run_id", "subject_id")


def apply(people: Organisation, now: datetime) -> int:
    """Receive an application of some households and carry each on to its state; returns how many."""
    homes = _applicants(people, now)
    for place, (home, state) in enumerate(zip(homes, STATES, strict=False)):
        days = 9 if state == "late" else 2 if state == "investigation" else 6
        _one(people, home, state, now - timedelta(days=days, hours=place), now, ASKED[place % len(ASKED)])
    return Application.objects.count()


def _applicants(people: Organisation, now: datetime) -> list[Household]:
    """Households with a line and a recent visit of their officer, that no round is deciding on."""
    decided = Decision.objects.values("subject_id")
    wanted = _results(people).exclude(subject__in=decided).values_list("subject_id", flat=True)[:400]
    homes = Household.objects.filter(
        pk__in=list(wanted), subject__left_on__isnull=True, borrower__isnull=False, borrower__left_on__isnull=True,
        borrower__born_on__year__range=(1970, 2000),
    )  # fmt: skip
    found: list[Household] = []
    for home in homes.select_related("subject", "grid__branch").order_by("grid__division_code", "number"):
        officer = people.officer_of[home.grid_id]
        met = Visit.objects.filter(subject_id=home.pk, lead=officer, device_at__gt=now - timedelta(days=30))
        if met.exclude(outcome__in=Visit.NOT_VISITED).exists():
            found.append(home)
        if len(found) == len(STATES):
            break
    return found


def _one(
    people: Organisation, home: Household, state: str, at: datetime, now: datetime, asked: tuple[str, str, int, int]
) -> None:
    """Receive at one time; what follows is of the last hour, after the snapshot in force was confirmed."""
    officer, manager = people.officer_of[home.grid_id], people.managers[home.grid.branch_id]
    mode, purpose, amount, months = asked
    with clock_at(at), acting(officer) as post:
        _agree(home, officer, at)
        application = applications.receive(
            by=officer, post=post, household=home, channel="officer" if months == 12 else "counter", mode=mode,
            purpose=purpose, amount=Decimal(amount), months=months,
        )  # fmt: skip
    if state in ("investigation", "late"):
        return
    if state == "turned_down":
        with clock_at(at + timedelta(days=1)), acting(manager) as post:
            applications.turn_down(
                by=manager,
                post=post,
                application=application,
                seen=1,
                code="purpose",
                reason="资金要转借亲友，不属本户用途",
            )
        return
    with clock_at(now - timedelta(minutes=50)), acting(officer) as post:
        if state == "cancelled":
            applications.cancel(
                by=officer, post=post, application=application, seen=1, reason="客户说子女已经汇款，不用了"
            )
            return
        try:
            applications.investigate(by=officer, post=post, application=application, seen=1, reason=FOUND)
        except Refused:
            return  # what is not met keeps it with the officer
    if state != "proposal":
        _decide(people, application, officer, manager, state, now)


def _decide(
    people: Organisation, application: Application, officer: Staff, manager: Staff, state: str, now: datetime
) -> None:
    decision = application.decisions.get()
    amount = min(decision.proposed_amount or Decimal(0), application.amount)
    common: dict[str, Any] = {"decision": decision}
    with clock_at(now - timedelta(minutes=40)), acting(officer) as post:
        decisions.propose(by=officer, post=post, amount=amount, seen=0, reason="收入能覆盖还款，建议授信", **common)
    if state == "branch" or not amount:
        return
    is_granted = state in ("granted", "revoked")
    with clock_at(now - timedelta(minutes=30)), acting(manager) as post:
        is_signed = is_granted and may_sign(post, rules_of(application), amount)
        if is_signed:
            decisions.approve(by=manager, post=post, amount=amount, seen=1, reason="同意", **common)
        else:
            decisions.refer(by=manager, post=post, seen=1, reason="同意，请审定", **common)
    approver = people.approvers[0]
    with clock_at(now - timedelta(minutes=20)), acting(approver) as post:
        if is_granted and not is_signed:
            decisions.approve(by=approver, post=post, amount=amount, seen=2, reason="同意", **common)
        if state == "refused":
            reason = "同期在他行新增借款较多"
            decisions.refuse(by=approver, post=post, seen=2, reason=reason, code="debts", **common)
        elif state == "revoked":
            seen = decision.steps.count()
            decisions.withdraw(by=approver, post=post, seen=seen, reason="客户决定不用信，申请注销", **common)


def _agree(home: Household, officer: Staff, at: datetime) -> None:
    """The borrower signs that his credit may be queried for this loan."""
    Consent.objects.create(
        institution_id=home.institution_id, grid_id=home.grid_id, recorded_grid_id=home.grid_id, subject_id=home.pk,
        notice_version=1, scopes=["collection", "credit_query"], how=Consent.How.DRAWN, credit_purpose="lending",
        signature=store_signature(_ink(home.pk), place=home, staff=officer), given_at=at, taken_by=officer,
    )  # fmt: skip


def _ink(number: int) -> bytes:
    """A signature, as far as a demo goes: strokes on white, other ones for each."""
    picture = Image.new("L", (300, 100), 255)
    strokes: Sequence[int] = [number * 7 % 60 + step for step in range(20, 220, 23)]
    for place, start in enumerate(strokes):
        picture.paste(30, (start, 25 + place * 5 % 30, start + 14, 32 + place * 5 % 30))
    block = BytesIO()
    picture.convert("RGB").save(block, "PNG")
    return block.getvalue()
