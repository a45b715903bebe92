"""Audit samples: plans and their draw, blind inspections, conclusions. The auditor's pages alone."""

from datetime import date
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.lib import audit, clock, display, pdf
from config.lib.access import allow
from config.lib.clock import SHANGHAI
from config.lib.requests import StaffRequest
from grids.access import PostKind
from reporting import access
from reporting.access import Inspection, SampleItem, SamplePlan
from reporting.domain import inspection as rulebook
from reporting.domain import redraw as redraw_module
from reporting.domain import sampling
from reporting.domain.inspection import CLASSES, Finding, KeyField, Nature, Outcome
from reporting.forms import InspectionForm, PlanForm
from reporting.selectors import conclusions, kin, samples, targeted
from reporting.services import samples as services
from reporting.services.samples import AlreadyDoneError, Entry, Refused

KEYPADS = {Nature.COUNT: "numeric", Nature.AREA: "decimal", Nature.YUAN: "decimal"}
STATES = {"planned": "neutral", "drawn": "wait", "concluded": "locked"}


def where(*crumbs: tuple[str, str]) -> list[dict[str, str]]:
    """Return the path to a page of the audit."""
    return [
        {"label": _("审计抽查"), "url": reverse("reporting:plan_list")},
        *({"label": a, "url": b} for a, b in crumbs),
    ]


def plan_crumb(plan: SamplePlan) -> tuple[str, str]:
    """Return a plan's part of the path."""
    return _("第 %(number)s 号计划") % {"number": plan.number}, reverse("reporting:plan", args=[plan.pk])


# --- Plans ------------------------------------------------------------------------------------------------------------


@allow(PostKind.AUDITOR)
@require_GET
@never_cache
def plan_list(request: StaffRequest) -> HttpResponse:
    """All plans, the newest first, with how far each is."""
    context: dict[str, Any] = {"where": where((_("计划"), "")), "may_sample": request.post.is_whole}
    if request.post.is_whole:
        context["page"], context["rows"] = samples.page_of_plans(request.post, request.GET.get("page"))
        context["tones"] = STATES
    return render(request, "reporting/plan_list.html", context)


def _replaced(request: StaffRequest) -> SamplePlan | None:
    text = request.GET.get("replaces", "")
    if not text:
        return None
    if not text.isdigit() or len(text) > 18:
        raise Http404
    return access.open_sample(request.post, int(text))


def _initial(rules: rulebook.AuditRules, old: SamplePlan | None, staff_id: int) -> dict[str, Any]:
    quarter = samples.quarters()[0]
    if old is None:
        title = _("%(quarter)s采集质量抽查") % {"quarter": quarter.label(samples.language())}
        return {
            "title": title,
            "quarter": str(quarter),
            "confidence_pct": rules.confidence_pct,
            "tolerable_pct": rules.tolerable_pct,
            "expected_pct": rules.expected_pct,
            "branches": [],
            "auditors": [staff_id],
        }
    names = ("title", "quarter", "confidence_pct", "tolerable_pct", "expected_pct", "branches")
    return {name: getattr(old, name) for name in names} | {"auditors": [one.pk for one in samples.auditors_of(old)]}


@allow(PostKind.AUDITOR)
@require_http_methods(["GET", "POST"])
@never_cache
def plan_new(request: StaffRequest) -> HttpResponse:
    """Plan a sample; size and acceptance number follow what is typed, before anything is saved."""
    if not request.post.is_whole:
        raise Http404
    old = _replaced(request)
    released = samples.rules_in_force(request.user.institution_id)
    context: dict[str, Any] = {"where": where((_("新计划"), "")), "old": old}
    if released is None:
        return render(request, "reporting/plan_new.html", context)
    release, rules = released
    options: dict[str, Any] = {
        "institution_id": request.user.institution_id,
        "language": samples.language(),
        "is_new_draw": old is not None,
    }
    if request.htmx and request.method == "GET":
        return render(request, "reporting/_plan_outlook.html", _told(PlanForm(request.GET, **options).outlook()))
    initial = _initial(rules, old, request.user.pk)
    form = PlanForm(request.POST or None, initial=initial, **options)
    if request.method == "POST" and form.is_valid():
        try:
            plan = services.make_plan(
                staff=request.user, post=request.post, rules=release, replaces=old, **form.cleaned_data
            )
            messages.success(request, _("已立计划。核对样本量后抽取；抽取只有一次。"))
            return redirect("reporting:plan", plan.pk)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context |= {"form": form, "release": release} | _told(PlanForm(request.POST or initial, **options).outlook())
    return render(request, "reporting/plan_new.html", context, status=422 if form.errors else 200)


def _told(outlook: samples.Outlook | None) -> dict[str, Any]:
    if outlook is None:
        return {"outlook": None}
    words = sampling.sizing_words(outlook.size, samples.language()) if outlook.size.population else ""
    return {"outlook": outlook, "sizing": words}


@allow(PostKind.AUDITOR)
@require_GET
@never_cache
def plan(request: StaffRequest, pk: int) -> HttpResponse:
    """One plan: what was agreed, the draw with its proof, how the inspections go, what may be done next."""
    found = access.open_sample(request.post, pk)
    return _plan_page(request, found)


def _plan_page(request: StaffRequest, found: SamplePlan, problem: str = "", status: int = 200) -> HttpResponse:
    auditors = samples.auditors_of(found)
    context: dict[str, Any] = {
        "where": where(plan_crumb(found)),
        "plan": found,
        "period": samples.period_of(found),
        "demands": conclusions.confidence_words(found),
        "rules": conclusions.rules_words(found),
        "branches": conclusions.listed(samples.branch_names(found.branches).values()),
        "auditors": conclusions.listed(person.name for person in auditors),
        "kin": kin.counts_of(found, auditors),
        "is_named": request.user.pk in {person.pk for person in auditors},
        "tone": STATES[found.state],
        "replaced_by": samples.replacement_of(found),
        "problem": problem,
    }
    if found.state == SamplePlan.State.PLANNED:
        context |= _told(samples.outlook_of(found))
    else:
        progress = samples.progress_of([found.pk]).get(found.pk, samples.Progress())
        size = samples.size_of(found)
        context |= {
            "progress": progress,
            "left": size.inspected - progress.inspected,
            "size": size,
            "sizing": sampling.sizing_words(size, samples.language()),
            "strata": samples.strata_of(found),
            "proof": conclusions.proof_of(found),
            "excluded": conclusions.excluded_of(found),
            "targeted": targeted.count_of(found),
            "is_closed": context["replaced_by"] is not None
            and context["replaced_by"].state != SamplePlan.State.PLANNED,
        }
    return render(request, "reporting/plan.html", context, status=status)


@allow(PostKind.AUDITOR)
@require_POST
def draw(request: StaffRequest, pk: int) -> HttpResponse:
    """Freeze the population and draw; the second of two clicks or tabs is told that it was done."""
    found = access.open_sample(request.post, pk)
    try:
        drawn = services.draw(
            staff=request.user, post=request.post, plan=found, seed=request.POST.get("seed", "").strip()[:80]
        )
        messages.success(request, _("已抽取 %(count)s 户，总体已冻结") % {"count": drawn.sample_size})
    except AlreadyDoneError as refusal:
        messages.warning(request, str(refusal))
    except Refused as refusal:
        return _plan_page(request, found, problem=str(refusal), status=422)
    return redirect("reporting:plan", pk)


def _drawn(request: StaffRequest, pk: int) -> SamplePlan:
    found = access.open_sample(request.post, pk)
    if found.state == SamplePlan.State.PLANNED:
        raise Http404
    return found


@allow(PostKind.AUDITOR)
@require_GET
@never_cache
def verify(request: StaffRequest, pk: int) -> HttpResponse:
    """Draw again from the frozen population and say whether it comes out the same; a fragment of the plan's page."""
    again = samples.repeat(_drawn(request, pk))
    return render(request, "reporting/_plan_repeat.html", {"again": again, "at": clock.now()})


@allow(PostKind.AUDITOR)
@require_GET
@never_cache
def population(request: StaffRequest, pk: int) -> HttpResponse:
    """The frozen population as the one file whose sha256 is stored with the draw; ids and branch codes, no names."""
    found = _drawn(request, pk)
    content = sampling.population_csv(samples.population_of(found))
    audit.record(
        staff=request.user, post_id=request.post.pk, verb="export_population", about="sample_plan", about_id=found.pk
    )
    return _download(content, f"population-{found.number}.csv", "text/csv; charset=utf-8")


def _download(content: bytes, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return response


@allow(PostKind.AUDITOR)
@require_GET
def redraw(request: StaffRequest) -> HttpResponse:
    """The program that repeats a draw from population.csv with nothing but Python."""
    return _download(Path(redraw_module.__file__).read_bytes(), "redraw.py", "text/x-python; charset=utf-8")


# --- Inspections ------------------------------------------------------------------------------------------------------


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() and len(text) < 19 else None


@allow(PostKind.AUDITOR)
@require_GET
@never_cache
def inspection_list(request: StaffRequest) -> HttpResponse:
    """What is left to inspect, village by village; with ?plan= all of that plan, with ?part= its drawn or targeted part."""
    context: dict[str, Any] = {"where": where((_("抽查"), "")), "may_sample": request.post.is_whole}
    if not request.post.is_whole:
        return render(request, "reporting/inspection_list.html", context)
    plan_id = _number(request.GET.get("plan", ""))
    one = access.open_sample(request.post, plan_id) if plan_id is not None else None
    items = samples.worklist(
        request.post,
        plan_id=plan_id,
        branch=request.GET.get("branch", "")[:40],
        state=request.GET.get("state", ""),
        part=request.GET.get("part", ""),
    )
    page, rows = samples.page_of_items(request.post, items, request.GET.get("page"))
    context |= {"page": page, "rows": rows, "filters": _item_filters(request, one), "plan": one}
    return render(request, "reporting/inspection_list.html", context)


def _item_filters(request: StaffRequest, one: SamplePlan | None) -> list[dict[str, Any]]:
    plans = samples.open_plans(request.post)
    if one is not None and one not in plans:
        plans.append(one)
    codes = samples.strata_codes(plans)
    label = _("第 %(number)s 号 · %(title)s")
    return [
        {
            "name": "plan",
            "label": _("我的全部计划"),
            "kind": "select",
            "options": [(one.pk, label % {"number": one.number, "title": one.title}) for one in plans],
            "main": True,
        },
        {
            "name": "state",
            "label": _("全部状态"),
            "kind": "select",
            "options": [
                (samples.TODO, _("待检查")),
                (samples.DONE, _("已检查")),
                (samples.DEVIATING, _("有差错")),
            ],
            "main": True,
        },
        {
            "name": "part",
            "label": _("抽中和重点"),
            "kind": "select",
            "options": [(samples.RANDOM, _("抽中的户")), (samples.TARGETED, _("重点抽查"))],
        },
        {"name": "branch", "label": _("全部支行"), "kind": "select", "options": codes},
    ]


@allow(PostKind.AUDITOR)
@require_http_methods(["GET", "POST"])
@never_cache
def inspection(request: StaffRequest, pk: int) -> HttpResponse:
    """One drawn household: the blind form, and only after it is saved the comparison with the file."""
    item = access.open_item(request.post, pk)
    done = access.inspection_of(item)
    if done is not None and request.method == "GET":
        return _inspected_page(request, item, done)
    rules = rulebook.read_rules(item.plan.rules.document)
    form = InspectionForm(
        request.POST or None,
        rules=rules,
        since=_since(item),
        language=samples.language(),
        initial={"found_on": clock.today(), "method": Inspection.Method.VISIT},
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.inspect(staff=request.user, post=request.post, item=item, entry=_entry(form))
            messages.success(request, _("已保存，下面是与档案的对照"))
            return redirect("reporting:inspection", pk)
        except AlreadyDoneError as refusal:
            messages.warning(request, str(refusal))
            return redirect("reporting:inspection", pk)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = _item_context(request, item) | {
        "form": form,
        "keys": [
            {
                "field": field,
                "unit": rule.field.unit.of(samples.language()),
                "keypad": KEYPADS.get(rule.field.nature, ""),
            }
            for field, rule in form.key_fields()
        ],
        "is_named": samples.is_named(item.plan, request.user.pk),
        "auditors": conclusions.listed(person.name for person in samples.auditors_of(item.plan)),
        "is_open": samples.is_open(item.plan),
    }
    return render(request, "reporting/inspection.html", context, status=422 if form.errors else 200)


def _since(item: SampleItem) -> date:
    """Return the day from which something can be found out for an inspection: when it was drawn or added."""
    at = item.added_at or item.plan.drawn_at
    return at.astimezone(SHANGHAI).date() if at else clock.today()


def _entry(form: InspectionForm) -> Entry:
    data = form.cleaned_data
    return Entry(
        method=data["method"],
        finding=Finding(data["finding"]),
        found_on=data["found_on"],
        values=form.values(),
        tails=form.tails(),
        note=data["note"],
    )


def _item_context(request: StaffRequest, item: SampleItem) -> dict[str, Any]:
    row = samples.rows_of(request.post, [item])[0]
    title = row.head or (row.household.number if row.household else "")
    return {
        "where": where(plan_crumb(item.plan), (title, "")),
        "item": item,
        "household": row.household,
        "head": row.head,
        "is_kin": row.is_kin,
        "plan": item.plan,
        "back": f"{reverse('reporting:inspection_list')}?plan={item.plan_id}",
    }


OUTCOMES = {
    Outcome.AGREES: "good",
    Outcome.WITHIN: "good",
    Outcome.DEVIATES: "red",
    Outcome.NOT_COMPARABLE: "neutral",
}


def _outcome_words() -> dict[Outcome, str]:
    return {
        Outcome.AGREES: _("一致"),
        Outcome.WITHIN: _("在容许范围内"),
        Outcome.DEVIATES: _("差错"),
        Outcome.NOT_COMPARABLE: _("无法比对"),
    }


def _inspected_page(request: StaffRequest, item: SampleItem, done: Inspection) -> HttpResponse:
    language, words = samples.language(), _outcome_words()
    item.inspection = done
    compared = samples.compared_of(item)
    context = _item_context(request, item) | {
        "done": done,
        "result": done.result,
        "rows": [
            {
                "label": one.field.label.of(language),
                "group": CLASSES[one.field.group].of(language),
                "filed": _shown(one.field, one.filed, one.outcome, is_filed=True),
                "found": _shown(one.field, one.found, one.outcome, is_filed=False),
                "outcome": words[one.outcome],
                "tone": OUTCOMES[one.outcome],
            }
            for one in compared
        ],
        "what": samples.deviations_of(compared),
        "next": samples.next_item(request.post, item),
    }
    return render(request, "reporting/inspection_done.html", context)


def _shown(field: KeyField, value: str, outcome: Outcome, *, is_filed: bool) -> str:
    """Write a filed or found value; of tails only that they were compared."""
    if field.nature == Nature.YES:
        return _("是") if is_filed or outcome == Outcome.AGREES else _("否")
    if field.nature == Nature.TAIL:
        return _("已比对，不留存") if outcome != Outcome.NOT_COMPARABLE else "—"
    return rulebook.value_text(field, value, samples.language())


# --- Conclusions ------------------------------------------------------------------------------------------------------


@allow(PostKind.AUDITOR)
@require_POST
def conclude(request: StaffRequest, pk: int) -> HttpResponse:
    """Judge a plan whose items are all inspected, once."""
    found = access.open_sample(request.post, pk)
    try:
        services.conclude(staff=request.user, post=request.post, plan=found)
    except AlreadyDoneError as refusal:
        messages.warning(request, str(refusal))
    except Refused as refusal:
        return _plan_page(request, found, problem=str(refusal), status=422)
    return redirect("reporting:conclusion", pk)


@allow(PostKind.AUDITOR)
@require_GET
@never_cache
def conclusion_list(request: StaffRequest) -> HttpResponse:
    """All conclusions, each in its sentence."""
    context: dict[str, Any] = {"where": where((_("结论"), "")), "may_sample": request.post.is_whole}
    if request.post.is_whole:
        context["page"], context["rows"] = conclusions.page_of_conclusions(request.post, request.GET.get("page"))
    return render(request, "reporting/conclusion_list.html", context)


@allow(PostKind.AUDITOR)
@require_GET
@never_cache
def conclusion(request: StaffRequest, pk: int) -> HttpResponse:
    """The conclusion of a plan: the sentence, why this size, the proof, deviations by class, what goes back to whom."""
    found = access.open_conclusion(request.post, pk)
    told = conclusions.told(request.post, found)
    context = {
        "where": where(plan_crumb(found.plan), (_("结论"), "")),
        "conclusion": found,
        "plan": found.plan,
        "told": told,
        "tiles": [{"label": name, "value": display.number(count), "unit": _("户")} for name, count in told.figures],
        "strata": conclusions.shown(told.strata),
        "classes": conclusions.shown(told.classes),
    }
    return render(request, "reporting/conclusion.html", context)


@allow(PostKind.AUDITOR)
@require_GET
@never_cache
def conclusion_pdf(request: StaffRequest, pk: int) -> HttpResponse:
    """The conclusion on paper."""
    found = access.open_conclusion(request.post, pk)
    content = pdf.render("conclusion", conclusions.paper_of(request.post, found), samples.language())
    audit.record(
        staff=request.user, post_id=request.post.pk, verb="export_conclusion", about="sample_plan", about_id=pk
    )
    return _download(content, f"conclusion-{found.plan.number}.pdf", "application/pdf")
