"""Two decided villages are signed: one in hand, with call lists, people away and a white list on its way; one signed, carded and drawn."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from credit.models import CallEntry, Decision, Round, Signing
from credit.selectors.granted import granted_of
from credit.selectors.signing import line_to_sign
from credit.selectors.stages import blockers
from credit.services import signing, stages, whitelists
from customers.models import Household
from customers.selectors.identity import numbers_of
from grids.models import Staff
from reporting.demo.organisation import Organisation
from reporting.demo.rounds import acting, clock_at

NOT_SIGNED = (
    ("away", "works_away"),
    ("away", "unreached"),
    ("later", "papers"),
    ("later", "spouse"),
    ("declined", "no_need"),
)


@dataclass
class Signed:
    """What was signed, and by whom it is drawn: rows for the core system's books."""

    figures: dict[str, int] = field(default_factory=dict)
    loans: list[dict[str, str]] = field(default_factory=list)


def write(people: Organisation, now: datetime, seed: int) -> Signed:
    """Sign the villages whose lines are all decided; returns the figures and what was drawn."""
    random = Random(seed)  # noqa: S311  a story to be told again, no secret
    done = Signed()
    decided = Round.objects.filter(stage=Round.Stage.DECIDE, parent=None).select_related("grid").order_by("started_at")
    ready = [held for held in decided if not blockers([held], Round.Stage.SIGN).get(held.pk) and granted_of(held)][:2]
    for place, held in enumerate(ready):
        last = place == len(ready) - 1 and len(ready) > 1
        _village(people, held, now, random, done, share=0.35 if last else 0.86)
    done.figures = {
        "villages": len(ready),
        "lines": Signing.objects.filter(outcome=Signing.Outcome.SIGNED).count(),
        "drawn": len(done.loans),
    }
    return done


def _village(people: Organisation, held: Round, now: datetime, random: Random, done: Signed, *, share: float) -> None:
    manager, officer = people.managers[held.grid.branch_id], people.officer_of[held.grid_id]
    begun = now - timedelta(days=6)
    with clock_at(begun), acting(manager) as post:
        held = stages.move(by=manager, post=post, round=held, to=Round.Stage.SIGN)
    for home in Household.objects.filter(pk__in=[line.subject_id for line in granted_of(held)], borrower=None):
        home.borrower_id = home.head_id
        home.save(update_fields=["borrower"])
    with clock_at(begun + timedelta(days=1)):
        _walk(people, held, officer, random)
    with clock_at(begun + timedelta(days=2)):
        _counter(held, officer, random, share)
    with clock_at(begun + timedelta(days=3)):
        _cards(held, officer, 0.9 if share > 0.5 else 0.6)
        _white_list(people, held, accepted=share > 0.5)
    with clock_at(now):
        if share < 0.5:
            with acting(manager) as post:
                signing.make_list(
                    by=manager, post=post, round=held, mode="door", held_on=now.date(), caller=officer, most=20
                )
    if share > 0.5:
        done.loans += _drawn(held, random)


def _walk(people: Organisation, held: Round, officer: Staff, random: Random) -> None:
    """One call list walked from door to door."""
    manager = people.managers[held.grid.branch_id]
    day = signing.clock.today()
    with acting(manager) as post:
        made = signing.make_list(by=manager, post=post, round=held, mode="door", held_on=day, caller=officer, most=20)
    entries = CallEntry.objects.filter(call_list=made).select_related("call_list").order_by("place")
    with acting(officer) as post:
        for entry in entries:
            decision = line_to_sign(entry)
            if decision is None:
                signing.call(by=officer, post=post, entry=entry, result=random.choice(("met", "met", "not_met")))
                continue
            _ask(decision, officer, post, random, 0.75, mode="door", entry=entry)


def _counter(held: Round, officer: Staff, random: Random, share: float) -> None:
    """The others come to the village office on signing day."""
    asked = set(Signing.objects.filter(decision__round=held).values_list("decision_id", flat=True))
    lines = [line.decision_id for line in granted_of(held) if line.decision_id not in asked]
    decisions = Decision.objects.select_related("subject").in_bulk(lines)
    with acting(officer) as post:
        for pk in lines[: int(len(lines) * min(1.0, share + 0.1))]:
            _ask(decisions[pk], officer, post, random, share / (share + 0.1), mode="concentrated")


def _ask(decision: Decision, officer: Staff, post: Any, random: Random, chance: float, **how: Any) -> None:
    common = {"by": officer, "post": post, "decision": decision, "seen": 0, **how}
    try:
        if random.random() < chance:
            contract = f"ZC{signing.clock.today():%Y}{decision.pk:06d}"
            signing.sign(**common, outcome="signed", contract=contract)
        else:
            outcome, reason = random.choice(NOT_SIGNED)
            signing.sign(**common, outcome=outcome, reason=reason)
    except signing.Refused:  # no borrower of age: the line waits
        return


def _cards(held: Round, officer: Staff, share: float) -> None:
    signed = list(
        Signing.objects.filter(decision__round=held, outcome="signed").select_related("subject").order_by("pk")
    )
    with acting(officer) as post:
        for one in signed[: int(len(signed) * share)]:
            signing.issue_card(by=officer, post=post, signing=one)


def _white_list(people: Organisation, held: Round, *, accepted: bool) -> None:
    """The branch makes the list, an approver releases it; the core system's answers come back and are confirmed."""
    manager, approver = people.managers[held.grid.branch_id], people.approvers[0]
    with acting(manager) as post:
        made = whitelists.make(by=manager, post=post, round=held)
    if not accepted:
        return
    with acting(approver) as post:
        made = whitelists.settle(by=approver, post=post, white_list=made, release=True)
        whitelists.take(by=approver, post=post, white_list=made, form="csv", language="zh-hans")
    contracts = made.rows.order_by("place").values_list("signing__contract", flat=True)
    lines = [f"{one},{'失败,证件有效期已过' if place == 3 else '成功,'}" for place, one in enumerate(contracts)]
    with acting(manager) as post:
        content = "\n".join(("合同号,结果,原因", *lines)).encode("utf-8-sig")
        receipt, faults = whitelists.import_receipt(
            by=manager, post=post, white_list=made, content=content, name="白名单回执.csv"
        )
    if receipt is None:
        raise RuntimeError(f"the receipt was not taken: {faults}")
    with acting(approver) as post:
        whitelists.settle_receipt(by=approver, post=post, receipt=receipt, confirm=True)


def _drawn(held: Round, random: Random) -> Iterable[dict[str, str]]:
    """Every second carded line is drawn, as the bank's books tell the next day."""
    carded = Signing.objects.filter(decision__round=held, card__isnull=False).order_by("pk")[::2]
    numbers = numbers_of([one.borrower_id for one in carded if one.borrower_id])
    for one in carded:
        number, amount = numbers.get(one.borrower_id or 0), one.amount or Decimal(0)
        if number:
            owed = (amount * Decimal(random.choice((5, 6, 8, 10))) / 10).quantize(Decimal(100))
            yield {
                "身份证号": number, "合同号": one.contract, "业务种类": "本行贷款", "余额": f"{owed:.2f}",
                "未用额度": f"{amount - owed:.2f}", "授信金额": f"{amount:.2f}", "欠息天数": "0", "本金逾期天数": "0",
                "到期日": "2027-12-31", "五级分类": "正常", "整村授信": "是",
            }  # fmt: skip
