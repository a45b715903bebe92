"""Businesses and units: their lists, the page of one, what is corrected or ended, and what an officer finds in the field."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.lib import audit, clock
from config.lib.access import allow
from config.lib.requests import StaffRequest
from customers import access
from customers.domain import life_words
from customers.forms.found import FORMS, LeavingForm
from customers.forms.items import language
from customers.forms.life import EntityMoveForm
from customers.selectors import entities as selectors
from customers.selectors import entity_sheet, files, life
from customers.selectors import identity as identities
from customers.selectors.consents import lines_of
from customers.selectors.contacts import kept_of
from customers.selectors.entities import EntityFilter
from customers.selectors.timeline import timeline_of
from customers.services import entities as service
from customers.services import found as finding
from customers.services import identity
from customers.services import life as lives
from customers.services.entities import EntityRefusedError
from customers.views.households import REVEALING, feature_context
from grids.access import CUSTOMER_POSTS, PostKind, grids_for

HOUSEHOLD, BUSINESS, UNIT = "household", "business", "unit"
LISTS = {BUSINESS: "customers:business_list", UNIT: "customers:unit_list"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


# --- Lists --------------------------------------------------------------------------------------------------------


@allow(*CUSTOMER_POSTS)
@require_GET
def business_list(request: StaffRequest) -> HttpResponse:
    """List the businesses of the acting post's scope; filters and order live in the address."""
    return _list(request, BUSINESS)


@allow(*CUSTOMER_POSTS)
@require_GET
def unit_list(request: StaffRequest) -> HttpResponse:
    """List the units of the acting post's scope."""
    return _list(request, UNIT)


def _list(request: StaffRequest, kind: str) -> HttpResponse:
    wanted = EntityFilter.read(request.GET, kind)
    page, rows = selectors.page_of(request.post, kind, wanted, request.GET.get("page"))
    context = {
        "where": [{"label": _("客户"), "url": reverse("customers:household_list")}, {"label": _label(kind)}],
        "subject_kind": kind,
        "page": page,
        "rows": rows,
        "filters": _filters(request, kind),
        "may_find": request.post.kind == PostKind.OFFICER,
        "may_export": request.post.kind in REVEALING,
        "today": clock.today(),
    }
    return render(request, "customers/entity_list.html", context)


def _label(kind: str) -> str:
    return _("商户") if kind == BUSINESS else _("企业单位")


def _filters(request: StaffRequest, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "name": "grid",
            "label": _("全部网格"),
            "kind": "select",
            "options": selectors.grid_options(request.post, kind),
            "main": True,
        },
        {
            "name": "kind",
            "label": _("全部类别"),
            "kind": "select",
            "options": selectors.MODELS[kind].Kind.choices,
            "main": True,
        },
        {
            "name": "state",
            "label": _("全部状态"),
            "kind": "select",
            "options": [(code, label) for code, (label, _tone) in files.STATES.items()],
        },
    ]
    features = selectors.feature_options(request.post)
    if features:
        found.append({"name": "feature", "label": _("特色网格"), "kind": "select", "options": features})
    found.append({"name": "found", "label": _("散户"), "kind": "check"})
    return found


@allow(*REVEALING)
@require_GET
@never_cache
def entity_export(request: StaffRequest, kind: str) -> HttpResponse:
    """The list as a spreadsheet, filtered as on the page, on record; neither ID numbers nor phones are in it."""
    if kind not in LISTS:
        raise Http404
    wanted = EntityFilter.read(request.GET, kind)
    content, rows = entity_sheet.workbook(request.post, kind, wanted, language(), clock.now())
    audit.record(
        staff=request.user,
        post_id=request.post.pk,
        verb="entities_exported",
        about=kind,
        about_id=0,
        detail={"rows": rows, "filter": request.GET.urlencode()[:200]},
    )
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, f"{_label(kind)}_{clock.today()}.xlsx")
    response["Cache-Control"] = "private, no-store"
    return response


# --- One ----------------------------------------------------------------------------------------------------------


@allow(*CUSTOMER_POSTS)
@require_GET
def entity(request: StaffRequest, pk: int) -> HttpResponse:
    """Answer in five seconds who, where, class, file, last visit, next step; then everything else."""
    found = access.open_entity(request.post, pk)
    where = [
        {"label": found.grid.branch.name},
        {"label": found.grid.name, "url": f"{reverse(LISTS[found.subject.kind])}?grid={found.grid_id}"},
        {"label": found.name},
    ]
    if access.is_hidden(request.post, pk):
        return render(request, "customers/entity_hidden.html", {"where": where, "entity": found})
    card = selectors.card_of(request.post, found)
    is_present = found.subject.left_on is None
    context = {
        "where": where,
        "entity": found,
        "is_business": found.subject.kind == BUSINESS,
        "card": card,
        "consent_lines": lines_of(found.pk, found.institution_id, language()),
        "kept": kept_of(found.pk, found.institution_id),
        "events": timeline_of(found, request.post),
        "may_correct": request.post.kind == PostKind.OFFICER and is_present,
        "may_visit": request.post.kind == PostKind.OFFICER and is_present,
        "change": life.waiting_change(found),
        "may_type": request.post.kind in (PostKind.OFFICER, PostKind.BRANCH_MANAGER) and is_present,
        "may_reveal": request.post.kind in REVEALING,
        **feature_context(request, pk),
        "leaving": LeavingForm(initial={"on": clock.today()}),
    }
    return render(request, "customers/entity.html", context)


@allow(*REVEALING)
@require_POST
@never_cache
def principal_reveal(request: StaffRequest, pk: int, field: str) -> HttpResponse:
    """Show one number of who answers for a business or unit in clear, on record."""
    if field not in identity.FIELDS:
        raise Http404
    principal = access.open_principal(request.post, pk)
    try:
        number = identity.reveal_principal(
            staff=request.user, post_id=request.post.pk, principal=principal, field=field
        )
    except identities.ErasedError:
        raise Http404 from None
    return render(request, "customers/_revealed.html", {"number": number})


@allow(PostKind.OFFICER)
@require_http_methods(["GET", "POST"])
def entity_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct what is filed of a business or unit."""
    found = access.open_entity(request.post, pk)
    told = service.facts_of(found)
    initial = {name: getattr(told, name) for name in FORMS[found.subject.kind].base_fields if hasattr(told, name)}
    form = FORMS[found.subject.kind](request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            service.correct(staff=request.user, post_id=request.post.pk, entity=found, facts=form.facts())
        except EntityRefusedError as refused:
            form.refuse(refused.findings)
        else:
            messages.success(request, _("已更正。"))
            return redirect("customers:entity", pk=pk)
    context = {
        "where": [{"label": found.grid.name}, {"label": found.name, "url": reverse("customers:entity", args=[pk])}],
        "form": form,
        "title": _("更正 %(name)s") % {"name": found.name},
        "note": _("身份证号和手机号留空，就保持原来的。改动都留有历史。"),
        "action": _("保存"),
        "back": reverse("customers:entity", args=[pk]),
    }
    return render(request, "customers/found.html", context, status=422 if form.errors else 200)


@allow(PostKind.OFFICER)
@require_POST
def entity_leave(request: StaffRequest, pk: int) -> HttpResponse:
    """End a business or unit that has closed down or moved away."""
    found = access.open_entity(request.post, pk)
    form = LeavingForm(request.POST)
    try:
        if not form.is_valid():
            raise EntityRefusedError([])
        service.leave(staff=request.user, post_id=request.post.pk, entity=found, **form.cleaned_data)
        messages.success(request, _("已记录，从那天起不再计入名册。"))
    except EntityRefusedError:
        messages.error(request, _("没有保存：请选原因，日期不能晚于今天。"))
    return redirect("customers:entity", pk=pk)


@allow(PostKind.OFFICER)
@require_http_methods(["GET", "POST"])
def entity_move(request: StaffRequest, pk: int) -> HttpResponse:
    """Propose that a business or unit moves to another grid; both sides' managers confirm."""
    found = access.open_entity(request.post, pk)
    grids = {grid.pk: grid for grid in life.active_grids(request.post, found.subject.kind) if grid.pk != found.grid_id}
    form = EntityMoveForm(request.POST or None, grids=list(grids.values()), initial={"on": clock.today()})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            lives.move_entity(
                staff=request.user,
                post_id=request.post.pk,
                place=found,
                to_grid=grids[said["grid"]],
                on=said["on"],
                reason=said["reason"],
            )
        except lives.LifeProblemsError as refused:
            for problem in refused.problems:
                field = problem.path if problem.path in form.fields else None
                form.add_error(field, life_words.sentence(problem.code, language()))
        except lives.LifeRefusedError as refused:
            form.add_error(None, life_words.sentence(refused.code, language()))
        else:
            messages.success(request, _("已提出，双方支行行长确认后生效；同一支行的，一位行长确认即可。"))
            return redirect("customers:entity", pk=pk)
    context = {
        "where": [{"label": found.grid.name}, {"label": found.name, "url": reverse("customers:entity", args=[pk])}],
        "form": form,
        "title": _("%(name)s 移到别的网格") % {"name": found.name},
        "note": _("走访、档案和名单一起归新网格管，以前的报表不变；双方支行行长确认后生效。"),
        "action": _("提交"),
        "back": reverse("customers:entity", args=[pk]),
    }
    return render(request, "customers/found.html", context, status=422 if form.errors else 200)


# --- Found in the field -------------------------------------------------------------------------------------------


@allow(PostKind.OFFICER)
@require_http_methods(["GET", "POST"])
def found_new(request: StaffRequest, kind: str) -> HttpResponse:
    """Add a household, business or unit that is on no list: counted apart until one holds it."""
    if kind not in FORMS:
        raise Http404
    grids = grids_for(request.post).filter(kind__in=selectors.HOMES[kind]).order_by("pinyin", "pk")
    initial = {"grid": request.GET.get("grid", "")}
    form = FORMS[kind](request.POST or None, grids=grids, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            url = _find(request, kind, form)
        except EntityRefusedError as refused:
            form.refuse(refused.findings)
        else:
            messages.success(request, _("已登记为散户；名册列入以前单独计数。"))
            return redirect(url)
    context = {
        "where": [{"label": _("客户"), "url": reverse("customers:household_list")}, {"label": _("登记散户")}],
        "form": form,
        "subject_kind": kind,
        "has_grid": bool(form.fields["grid"].queryset),
        "title": _("登记散户"),
        "note": _("走访中发现、名册上没有的。先搜索一下，免得登记两次。"),
        "action": _("登记"),
        "back": reverse("customers:household_list" if kind == HOUSEHOLD else LISTS[kind]),
    }
    return render(request, "customers/found.html", context, status=422 if form.errors else 200)


def _find(request: StaffRequest, kind: str, form: Any) -> str:
    told = form.cleaned_data
    acting: dict[str, Any] = {"staff": request.user, "post_id": request.post.pk}
    if kind == HOUSEHOLD:
        home = finding.find_household(
            **acting,
            grid=told["grid"],
            is_another=told["is_another"],
            told=finding.FoundHousehold(
                head=told["principal"],
                **{name: told[name] for name in ("id_number", "phone", "group", "address", "number")},
            ),
        )
        return reverse("customers:household", args=[home.pk])
    subject = service.find(**acting, grid=told["grid"], facts=form.facts(), is_another=told["is_another"])
    return reverse("customers:entity", args=[subject.pk])
