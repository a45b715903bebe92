"""Applications of single households outside a round (线下审批): received, investigated, then decided by the services of decisions."""

from decimal import Decimal
from io import BytesIO
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock, files, releases
from config.lib.money import FEN, ZERO, format_wan, round_step
from credit.domain.applications import ApplicationRules, Move, Stage, check_words
from credit.domain.bounds import BoundCode
from credit.domain.bounds import propose as propose_line
from credit.domain.rules import RoundRules
from credit.models import Application, ApplicationDocument, ApplicationStep, Decision
from credit.selectors import alone
from credit.selectors.applications import checklist, modes_offered, rules_in_force, rules_of_application
from credit.selectors.explained_model import language
from credit.selectors.rounds import rules_of
from credit.selectors.snapshots import core_debts_seen
from credit.services.computing import OUTCOMES, exposure_of
from credit.services.decision_steps import MovedOnError
from credit.services.following import follow, settle
from customers.selectors.applicants import applicant_of
from customers.selectors.assessment import blocked_among, checked_files
from grids.access import Post, PostKind, Staff
from grids.services import Refused

RECEIVERS = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
"""Posts that receive an application; an officer investigates, a manager turns down."""
MOST_DOCUMENTS = 40


@transaction.atomic
def receive(
    *,
    by: Staff,
    post: Post,
    household: Any,
    channel: str,
    mode: str,
    purpose: str,
    amount: Decimal,
    months: int,
    note: str = "",
) -> Application:
    """Receive an application of a household: amount in yuan, tenor in months. Rules are frozen in it from this moment.

    One open application a household. Refused for an entity, a household off the roster or blocked, an amount above the cap of the
    way in, a tenor above its longest, and unknown codes.
    """
    if post.kind not in RECEIVERS:
        raise Refused(_("由客户经理或支行行长受理"))
    release = rules_in_force(household.institution_id)
    try:
        line_rules = releases.in_force(household.institution_id, "round_rules", clock.today())
    except releases.NotReleased as error:
        raise Refused(_("额度规则还没有发布，请联系参数管理岗")) from error
    if release is None:
        raise Refused(_("单户申请规则还没有发布，请联系参数管理岗"))
    rules = ApplicationRules.from_document(release.document)
    way = next((one for one in modes_offered(household.institution, rules) if one.code == mode), None)
    if way is None or channel not in Application.Channel.values:
        raise Refused(_("请选择方式和来源"))
    if purpose not in {one.code for one in rules.purposes}:
        raise Refused(_("请选择用途"))
    if amount <= 0 or amount > way.product_cap:
        raise Refused(_("金额要大于 0，不超过 %(cap)s") % {"cap": format_wan(way.product_cap)})
    if not 1 <= months <= way.longest_months:
        raise Refused(_("期限为 1 至 %(longest)s 个月") % {"longest": way.longest_months})
    if household.subject.left_on is not None:
        raise Refused(_("这户已离册，不能申请"))
    if blocked_among([household.pk]):
        raise Refused(_("这户已列入黑名单或灰名单，不能申请"))
    now = clock.now()
    application = Application(
        institution_id=household.institution_id,
        grid=household.grid,
        recorded_grid=household.grid,
        subject=household.subject,
        channel=channel,
        mode=mode,
        purpose=purpose,
        amount=amount,
        months=months,
        note=note.strip()[:200],
        rules=release,
        line_rules=line_rules,
        settings=_settings(line_rules.document, rules, way.product_cap),
        received_by=by,
        received_at=now,
    )
    settle(application, Stage.INVESTIGATION, now)
    try:
        with transaction.atomic():
            application.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(_("这户已有一笔申请在办，一户一次只办一笔")) from error
    detail = {"amount": str(amount), "months": months, "mode": mode, "purpose": purpose, "channel": channel}
    _step(application, by, post, ApplicationStep.Verb.RECEIVE, 1, "", detail)
    return application


def _settings(document: dict[str, Any], rules: ApplicationRules, cap: Decimal) -> dict[str, object]:
    """The rules of the decision: those of a round, with the cap of the way in and the reasons an applicant may be told."""
    reasons = [{"code": one.code, "zh": one.zh, "en": one.en} for one in rules.refusals]
    line = {**document["line"], "product_cap": str(cap)}
    if rules.combined_cap is not None:
        line["combined_cap"] = str(rules.combined_cap)
    whole = {**document, "line": line, "reasons": reasons}
    return RoundRules.from_document(whole).as_document()


@transaction.atomic
def add_document(
    *, by: Staff, post: Post, application: Application, kind: str, content: bytes, name: str
) -> ApplicationDocument:
    """Keep a photo or PDF handed in with an open application. Raises FileRefused for anything else or too large."""
    locked = _locked(application)
    if post.kind not in (*RECEIVERS, PostKind.APPROVER):
        raise Refused(_("由客户经理、支行行长或审批岗上传"))
    if kind not in {one.code for one in rules_of_application(locked).documents}:
        raise Refused(_("请选择资料种类"))
    if ApplicationDocument.objects.filter(application=locked).count() >= MOST_DOCUMENTS:
        raise Refused(_("资料已满 %(most)s 份") % {"most": MOST_DOCUMENTS})
    file = files.store_document(
        content=BytesIO(content), name=name, institution_id=locked.institution_id, grid_id=locked.grid_id,
        stored_by_id=by.pk, subject_id=locked.subject_id,
    )  # fmt: skip
    added = ApplicationDocument.objects.create(
        **_place(locked), application=locked, file=file, kind=kind, added_by=by, added_at=clock.now()
    )
    _record(by, post, "application_document", locked, kind=kind, file=file.pk)
    return added


@transaction.atomic
def investigate(*, by: Staff, post: Post, application: Application, seen: int, reason: str) -> Decision:
    """Close the investigation: everything looked into is met, the model line is there, and the bounds are computed.

    May be done again before the proposal, when facts have changed. Refused with every point that is not met.
    """
    locked = _as_seen(application, seen)
    if post.kind != PostKind.OFFICER:
        raise Refused(_("由客户经理调查"))
    if not reason.strip():
        raise Refused(_("请写明调查情况"))
    profile = checked_files([locked.subject_id]).get(locked.subject_id)
    model = alone.line_of(
        locked.institution, locked.subject_id, profile, rules_of_application(locked).model, locked.mode
    )
    points = checklist(locked, model.state)
    if unmet := [check_words(point, language()) for point in points if not point.is_met]:
        raise Refused(("; " if language() == "en" else "；").join(unmet))
    at = clock.now()
    follow(locked, Move.INVESTIGATE, at=at)
    detail = {
        "borrower": applicant_of(locked.subject_id).person_id,
        "checks": [{"code": point.code, **point.values} for point in points],
    }
    _step(locked, by, post, ApplicationStep.Verb.INVESTIGATE, seen + 1, reason, detail)
    return _decided(locked, profile, model)


def model_state(application: Application) -> str:
    """Whether there is a model line today: line, incomplete or none."""
    profile = checked_files([application.subject_id]).get(application.subject_id)
    key = rules_of_application(application).model
    return alone.line_of(application.institution, application.subject_id, profile, key, application.mode).state


def _decided(application: Application, profile: Any, model: alone.Alone) -> Decision:
    """Bound the model line as in a round, but for the village: there is none, and the trace says so."""
    on = clock.today()
    rules = rules_of(application)
    core = core_debts_seen(application.institution_id, application.subject_id)
    exposure = exposure_of(profile, rules, on, core, application.subject_id)
    way = rules_of_application(application).mode(application.mode)
    proposal = propose_line(
        rules.line,
        village=None,
        model_line=model.line,
        exposure=exposure,
        mode=(way.zh, way.en) if way is not None else None,
    )
    combined = next((bound.amount for bound in proposal.bounds if bound.code is BoundCode.COMBINED_CAP), None)
    return Decision.objects.create(
        **_place(application),
        application=application,
        number=application.decisions.count() + 1,
        outcome=Decision.Outcome.PROPOSED if proposal.amount is not None else OUTCOMES[proposal.outcome],
        line_result=model.result,
        model_line=proposal.model_line,
        product_cap=rules.line.product_cap,
        headroom=round_step(max(ZERO, rules.line.household_cap - exposure.total), FEN, "down"),
        combined_room=combined,
        profile=profile,
        snapshot_id=exposure.snapshot,
        proposed_amount=proposal.amount,
        binding=[code.value for code in proposal.binding],
        trace={
            "merge": {},
            "proposal": proposal.as_document(),
            "exposure": exposure.as_document(),
            "on": on.isoformat(),
            **({"alone": model.document} if model.document else {}),
        },
        created_at=clock.now(),
    )


@transaction.atomic
def turn_down(*, by: Staff, post: Post, application: Application, seen: int, code: str, reason: str) -> ApplicationStep:
    """End an application that does not come to a proposal, with a released reason; by the manager, never by who received it."""
    locked = _as_seen(application, seen)
    if post.kind != PostKind.BRANCH_MANAGER:
        raise Refused(_("由支行行长决定"))
    if code not in rules_of(locked).reason_codes:
        raise Refused(_("请选择不予授信的原因"))
    if not reason.strip():
        raise Refused(_("请写明理由"))
    follow(locked, Move.TURN_DOWN, at=clock.now())
    return _step(locked, by, post, ApplicationStep.Verb.TURN_DOWN, seen + 1, reason, {"code": code})


@transaction.atomic
def cancel(*, by: Staff, post: Post, application: Application, seen: int, reason: str) -> ApplicationStep:
    """End an application because the applicant takes it back."""
    locked = _as_seen(application, seen)
    if post.kind not in RECEIVERS:
        raise Refused(_("由客户经理或支行行长登记"))
    if not reason.strip():
        raise Refused(_("请写明客户为什么撤回"))
    follow(locked, Move.CANCEL, at=clock.now())
    return _step(locked, by, post, ApplicationStep.Verb.CANCEL, seen + 1, reason, {})


# --- Common -----------------------------------------------------------------------------------------------------------


def _locked(application: Application) -> Application:
    rows = Application.objects.select_for_update(of=("self",), no_key=True)
    found = rows.select_related("subject", "grid__branch", "institution", "rules").get(pk=application.pk)
    if found.ended_at is not None:
        raise Refused(_("这笔申请已经结束"))
    return found


def _as_seen(application: Application, seen: int) -> Application:
    """Hold an application; MovedOnError when somebody took a step meanwhile."""
    found = _locked(application)
    newest = ApplicationStep.objects.filter(application=found).order_by("-number").first()
    if newest is None or newest.number != seen:
        raise MovedOnError
    return found


def _place(application: Application) -> dict[str, Any]:
    return {
        "institution_id": application.institution_id,
        "grid_id": application.grid_id,
        "recorded_grid_id": application.grid_id,
        "subject_id": application.subject_id,
    }


def _step(
    application: Application, by: Staff, post: Post, verb: str, number: int, reason: str, detail: dict[str, Any]
) -> ApplicationStep:
    try:
        with transaction.atomic():
            step = ApplicationStep.objects.create(
                **_place(application), application=application, number=number, verb=verb, reason=reason.strip(),
                detail=detail, staff=by, post_kind=post.kind, taken_at=clock.now(),
            )  # fmt: skip
    except IntegrityError as error:
        if "one_application_step_per_number" in str(error):
            raise MovedOnError from error
        raise Refused(_("受理、调查的人不能自己决定不予授信")) from error
    _record(by, post, f"application_{verb}", application)
    return step


def _record(by: Staff, post: Post, verb: str, application: Application, **detail: Any) -> None:
    detail |= {"household": application.subject_id}
    audit.record(staff=by, post_id=post.pk, verb=verb, about="application", about_id=application.pk, detail=detail)
