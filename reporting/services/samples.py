"""Plan, draw, inspect, conclude: every step of an audit sample, each done once and recorded (Semantics, section 7)."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from math import ceil
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from config.lib import audit, clock, crypto
from config.lib.models import Release
from config.lib.weeks import working_day_on_or_before
from config.lib.working_days import changes_of
from customers.domain.economics import holds_identity
from grids.access import Post, Staff
from grids.services import Refused
from reporting.domain import inspection as rulebook
from reporting.domain import sampling
from reporting.domain.inspection import Compared, Finding, Outcome
from reporting.models import (
    Conclusion,
    Inspection,
    InspectionResult,
    SampleAuditor,
    SampleItem,
    SamplePlan,
    SampleUnit,
)
from reporting.selectors import samples, targeted

_SEED = re.compile(r"[0-9A-Za-z._-]{1,64}")
_TAILS = {"id_tail": "id4", "phone_tail": "phone4"}


class AlreadyDoneError(Refused):
    """The step was taken before, in another tab or by a colleague; nothing was written."""


# --- Plan -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def make_plan(
    *,
    staff: Staff,
    post: Post,
    title: str,
    quarter: str,
    branches: Sequence[int],
    confidence_pct: Decimal,
    tolerable_pct: Decimal,
    expected_pct: Decimal,
    auditors: Sequence[Staff],
    rules: Release,
    replaces: SamplePlan | None = None,
    reason: str = "",
) -> SamplePlan:
    """Write a plan under the next number; with ``replaces`` it is the new draw of an earlier one, which needs a reason."""
    may = set(samples.nameable(staff.institution_id).values_list("pk", flat=True))
    if not auditors or not {person.pk for person in auditors} <= may:
        raise Refused(_("只能指名全行审计岗、且没有其他客户岗位的人员"))
    if replaces is not None and not reason.strip():
        raise Refused(_("重新抽取要写明原因"))
    with connection.cursor() as cursor:
        # Two planners at once take two numbers.
        cursor.execute("select pg_advisory_xact_lock(hashtext('sample_plan'), %s)", [staff.institution_id])
    if replaces is not None and SamplePlan.objects.filter(replaces=replaces).exists():
        raise AlreadyDoneError(_("第 %(number)s 号计划已有替代它的新计划") % {"number": replaces.number})
    newest = SamplePlan.objects.filter(institution_id=staff.institution_id).order_by("-number").first()
    plan = SamplePlan.objects.create(
        institution_id=staff.institution_id,
        number=newest.number + 1 if newest else 1,
        title=title,
        quarter=quarter,
        branches=sorted(branches),
        confidence_pct=confidence_pct,
        tolerable_pct=tolerable_pct,
        expected_pct=expected_pct,
        rules=rules,
        planned_by=staff,
        planned_at=clock.now(),
        replaces=replaces,
        replaces_reason=reason.strip() if replaces is not None else "",
    )
    SampleAuditor.objects.bulk_create([SampleAuditor(plan=plan, staff=person) for person in auditors])
    audit.record(
        staff=staff,
        post_id=post.pk,
        verb="sample_planned",
        about="sample_plan",
        about_id=plan.pk,
        detail={"number": plan.number, "replaces": replaces.number if replaces else None},
    )
    return plan


# --- Draw -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def draw(*, staff: Staff, post: Post, plan: SamplePlan, seed: str = "", from_console: bool = False) -> SamplePlan:
    """Freeze the population of a plan and draw its sample, once; a second call, at once or later, raises AlreadyDoneError.

    Without ``seed`` 16 random bytes of the operating system are taken; either is stored with the draw.
    """
    if seed and not _SEED.fullmatch(seed):
        raise Refused(_("种子用 1 到 64 个字母、数字、点、横线或下划线"))
    held = SamplePlan.objects.select_for_update().get(pk=plan.pk)
    if held.state != SamplePlan.State.PLANNED:
        raise AlreadyDoneError(_("这个计划已经抽取过，没有再抽。要重新抽取，请另立计划并写明原因。"))
    if SamplePlan.objects.filter(replaces=held).exists():
        raise Refused(_("这个计划已由新的计划替代"))
    excluded = _freeze(held)
    members = samples.population_of(held)
    if not members:
        raise Refused(_("所选季度和支行内没有已复核的档案可抽"))
    size = sampling.plan_size(
        len(members),
        confidence=held.confidence_pct / 100,
        tolerable=held.tolerable_pct / 100,
        expected=held.expected_pct / 100,
    )
    drawn = sampling.draw(members, sample=size.inspected, seed=seed or os.urandom(16).hex())
    _write_items(held, drawn)
    SamplePlan.objects.filter(pk=held.pk, state=SamplePlan.State.PLANNED).update(
        state=SamplePlan.State.DRAWN,
        seed=drawn.seed,
        method=drawn.method,
        population_size=len(members),
        population_hash=drawn.population_hash,
        excluded=excluded,
        sample_size=size.inspected,
        acceptance_number=size.accepted,
        drawn_at=clock.now(),
        drawn_by=staff,
    )
    held.refresh_from_db()
    audit.record(
        staff=staff,
        post_id=post.pk,
        verb="sample_drawn",
        about="sample_plan",
        about_id=held.pk,
        detail={
            "population": len(members),
            "population_hash": drawn.population_hash,
            "seed": drawn.seed,
            "sample": size.inspected,
            "excluded": excluded,
            "from_console": from_console,
        },
    )
    return held


def _freeze(plan: SamplePlan) -> dict[str, int]:
    """Write the population; return how many subjects were left out as own work and as kin of the named auditors, each once."""
    with connection.cursor() as cursor:
        cursor.execute("select own, kin from acc.freeze_population(%s)", [plan.pk])
        own, kin = cursor.fetchone()
    return {"own_work": own, "kin": kin}


def _write_items(plan: SamplePlan, drawn: sampling.Draw) -> None:
    units = {unit.subject_id: unit for unit in SampleUnit.objects.filter(plan=plan, subject_id__in=drawn.subjects)}
    SampleItem.objects.bulk_create(
        [
            SampleItem(
                plan=plan,
                institution_id=plan.institution_id,
                grid_id=units[subject].grid_id,
                recorded_grid_id=units[subject].recorded_grid_id,
                subject_id=subject,
                profile_id=units[subject].profile_id,
                stratum=units[subject].stratum,
                order=place,
                draw_hash=sampling.draw_hash(drawn.seed, subject),
            )
            for place, subject in enumerate(drawn.subjects, start=1)
        ],
        batch_size=1000,
    )


# --- Inspect ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What an auditor found out himself. ``values`` by code of the key field; ``tails`` are compared and not kept."""

    method: str
    finding: Finding
    found_on: date
    values: Mapping[str, Decimal | bool] = field(default_factory=dict)
    tails: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


@transaction.atomic
def inspect(*, staff: Staff, post: Post, item: SampleItem, entry: Entry) -> InspectionResult:
    """Store what was found, then open the drawn revision and store the comparison; raises Refused, AlreadyDoneError.

    The order is the point: the file is let out by the database only after the findings can no longer change.
    """
    rules = rulebook.read_rules(item.plan.rules.document)
    if not samples.nameable(staff.institution_id).filter(pk=staff.pk).exists():
        raise Refused(_("您现在还任其他客户岗位，看得到这份档案，不能做不看档案的核实"))
    if holds_identity(entry.note):
        raise Refused(_("备注里不写身份证号和手机号"))
    if entry.finding == Finding.STRANGER and not entry.note.strip():
        raise Refused(_("查无此户或否认建档，请在备注里写明经过"))
    stored = _store_entry(staff, item, entry)
    file = _open_file(item)
    compared = _compare(rules, item, entry, file)
    result = InspectionResult.objects.create(
        inspection=stored,
        institution_id=item.institution_id,
        grid_id=item.grid_id,
        recorded_grid_id=item.grid_id,
        collector_id=file["collector_id"],
        comparison=[one.document() for one in compared],
        is_deviation=rulebook.is_deviation(compared),
        compared_at=clock.now(),
    )
    audit.record(
        staff=staff,
        post_id=post.pk,
        verb="sample_inspected",
        about="sample_item",
        about_id=item.pk,
        detail={"plan": item.plan_id, "is_deviation": result.is_deviation},
    )
    return result


# What the database may refuse (lib.keep_inspection), by the name of the rule.
def _refusals() -> dict[str, str]:
    return {
        "inspected_by_named_auditor": _("您没有被指名检查这个计划"),
        "nobody_inspects_own_work": _("这份档案有您自己的工作，须由另一位审计人员检查"),
        "nobody_inspects_kin": _("您已申报这户是亲属，须由另一位审计人员检查"),
        "plan_is_open": _("这个计划已不在检查中"),
    }


def _store_entry(staff: Staff, item: SampleItem, entry: Entry) -> Inspection:
    kept = {code: value if isinstance(value, bool) else str(value) for code, value in entry.values.items()}
    try:
        with transaction.atomic():
            return Inspection.objects.create(
                item=item,
                institution_id=item.institution_id,
                grid_id=item.grid_id,
                recorded_grid_id=item.grid_id,
                auditor=staff,
                method=entry.method,
                finding=entry.finding,
                found_on=entry.found_on,
                entered=kept if entry.finding == Finding.MET else {},
                note=entry.note.strip(),
                inspected_at=clock.now(),
            )
    except IntegrityError as error:
        done = Inspection.objects.select_related("auditor").filter(item=item).first()
        if done is not None:
            raise AlreadyDoneError(_done_words(done, staff)) from None
        refusal = _refusals().get(rule_broken(error))
        if refusal is None:
            raise
        raise Refused(refusal) from None


def rule_broken(error: IntegrityError) -> str:
    """Return the name of the rule by which the database refused a row, empty when it has none."""
    return str(getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or "")


def _done_words(done: Inspection, staff: Staff) -> str:
    if done.auditor_id == staff.pk:
        return _("这户您已经检查过，第一次的记录有效，没有再存")
    return _("这户已由%(name)s检查，您填的内容没有保存") % {"name": done.auditor.name}


def _compare(rules: rulebook.AuditRules, item: SampleItem, entry: Entry, file: Mapping[str, Any]) -> list[Compared]:
    if entry.finding == Finding.STRANGER:
        return rulebook.compare(rules, finding=entry.finding, found={}, filed={}, tails_agree={})
    document = file["document"]
    filed = {
        "members": Decimal(len(document.get("members", []))),
        "land": sum(
            (Decimal(one.get("quantity", "0")) for one in document.get("assets", []) if one.get("kind") == "land"),
            Decimal(0),
        ),
        "gross_income": file["gross_income"],
        "liabilities": file["liabilities"],
    }
    agree = {code: _agrees(item.institution_id, code, entry.tails.get(code, ""), file) for code in _TAILS}
    return rulebook.compare(rules, finding=entry.finding, found=entry.values, filed=filed, tails_agree=agree)


def _open_file(item: SampleItem) -> dict[str, Any]:
    """Return the drawn revision; the database answers only once an inspection of the item is stored."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select document, collector_id, gross_income, liabilities, id_tail, phone_tail, is_erased "
            "from acc.inspected_file(%s)",
            [item.pk],
        )
        names = [column[0] for column in cursor.description]
        file = dict(zip(names, cursor.fetchone(), strict=True))
    return file | {"document": json.loads(file["document"])}


def _agrees(institution_id: int, code: str, tail: str, file: Mapping[str, Any]) -> bool | None:
    """Tell whether a tail is the filed one, by blind index; None when the person was erased."""
    if file["is_erased"]:
        return None
    filed = file[code]
    if filed is None or not tail:
        return filed is None and not tail
    return bytes(filed) in crypto.live_indexes(_TAILS[code], institution_id, tail)


# --- Conclude ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def conclude(*, staff: Staff, post: Post, plan: SamplePlan) -> Conclusion:
    """Judge a fully inspected sample by the number agreed before the draw; once, and never changed."""
    held = SamplePlan.objects.select_for_update(of=("self",)).select_related("rules").get(pk=plan.pk)
    if held.state == SamplePlan.State.CONCLUDED:
        raise AlreadyDoneError(_("这个计划已经有结论"))
    if held.state != SamplePlan.State.DRAWN or SamplePlan.objects.filter(replaces=held).exists():
        raise Refused(_("这个计划不在检查中，不能作结论"))
    if not samples.is_named(held, staff.pk):
        raise Refused(_("您没有被指名检查这个计划"))
    progress = samples.progress_of([held.pk]).get(held.pk, samples.Progress())
    size = samples.size_of(held)
    if progress.inspected < size.inspected:
        left = size.inspected - progress.inspected
        raise Refused(_("还有 %(left)s 户没有检查，不能作结论") % {"left": left})
    outcome = sampling.conclude(size, found=progress.found)
    now = clock.now()
    rules = rulebook.read_rules(held.rules.document)
    due_on = working_day_on_or_before(
        now.date() + timedelta(days=rules.due_days), changes_of(post.staff.institution_id)
    )
    conclusion = Conclusion.objects.create(
        plan=held,
        found=progress.found,
        is_accepted=outcome.is_accepted,
        upper_limit_ratio=Decimal(ceil(outcome.limit * 10**8)).scaleb(-8),
        document=_document(held, outcome, due_on),
        concluded_by=staff,
        concluded_at=now,
    )
    SamplePlan.objects.filter(pk=held.pk, state=SamplePlan.State.DRAWN).update(state=SamplePlan.State.CONCLUDED)
    audit.record(
        staff=staff,
        post_id=post.pk,
        verb="sample_concluded",
        about="sample_plan",
        about_id=held.pk,
        detail={"found": progress.found, "is_accepted": outcome.is_accepted},
    )
    return conclusion


def _document(plan: SamplePlan, outcome: sampling.Conclusion, due_on: date) -> dict[str, Any]:
    """Return everything a conclusion says, so that it reads the same whatever changes later; subjects by id, never by name."""
    deviating = _deviating(samples.drawn_of(plan))
    classes: dict[str, int] = {}
    fields: dict[str, int] = {}
    for item in deviating:
        wrong = [one for one in samples.compared_of(item) if one.outcome == Outcome.DEVIATES]
        for code in {one.code for one in wrong}:
            fields[code] = fields.get(code, 0) + 1
        for group in {one.field.group.value for one in wrong}:
            classes[group] = classes.get(group, 0) + 1
    size = outcome.size
    return {
        "population": size.population,
        "sample": size.inspected,
        "acceptance_number": size.accepted,
        "is_census": size.is_census,
        "limit": str(outcome.limit),
        "shown_limit": outcome.shown_limit,
        "sentence": {code: outcome.sentence(code) for code in ("zh", "en")},
        "sizing": {code: sampling.sizing_words(size, code) for code in ("zh", "en")},
        "excluded": plan.excluded,
        "strata": [
            {"code": one.code, "name": one.name, "size": one.size, "drawn": one.drawn, "found": one.found}
            for one in samples.strata_of(plan)
        ],
        "classes": classes,
        "fields": fields,
        "returned": _going_back(deviating),
        "targeted": _targeted(plan),
        "due_on": due_on.isoformat(),
        "auditors": [person.name for person in samples.auditors_of(plan)],
        "rules": str(plan.rules),
    }


def _deviating(items: QuerySet[SampleItem]) -> list[SampleItem]:
    found = items.filter(inspection__result__is_deviation=True)
    return list(found.select_related("inspection__result__collector").order_by("order", "pk"))


def _going_back(items: Sequence[SampleItem]) -> list[dict[str, Any]]:
    return [
        {
            "item": item.pk,
            "order": item.order,
            "subject": item.subject_id,
            "collector_id": item.inspection.result.collector_id,
            "collector": item.inspection.result.collector.name,
        }
        for item in items
    ]


def _targeted(plan: SamplePlan) -> dict[str, Any]:
    """Return the targeted part as it stands, apart from everything the sentence rests on."""
    count = targeted.count_of(plan)
    items = plan.items.filter(is_targeted=True)
    return {
        "chosen": count.chosen,
        "inspected": count.inspected,
        "found": count.found,
        "returned": _going_back(_deviating(items)),
    }
