"""The list of households, the page of one, and the reveal of a masked number."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib import clock
from config.lib.access import allow
from config.lib.requests import StaffRequest
from customers import access
from customers.domain import catalogue
from customers.domain.identity import check_phone
from customers.domain.lists import usable
from customers.forms.items import language
from customers.selectors import duplicates, entities, files, households, life
from customers.selectors import identity as identities
from customers.selectors import lists as listed
from customers.selectors.consents import lines_of
from customers.selectors.contacts import kept_of
from customers.selectors.households import HouseholdFilter
from customers.selectors.timeline import timeline_of
from customers.services import identity, lists
from grids.access import CUSTOMER_POSTS, PostKind

if TYPE_CHECKING:
    from customers.models import Household

REVEALING = (PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.CHECKER, PostKind.AUDITOR)


@allow(*CUSTOMER_POSTS)
@require_GET
def household_list(request: StaffRequest) -> HttpResponse:
    """List the households of the acting post's scope; filters and order live in the address."""
    wanted = HouseholdFilter.read(request.GET)
    page, rows = households.page_of(request.post, wanted, request.GET.get("page"))
    grid = households.grid_named(request.post, wanted.grid)
    context = {
        "where": _where(request, grid),
        "page": page,
        "rows": rows,
        "filters": _filters(request, wanted),
        "wanted": wanted,
        "may_visit": request.post.kind == PostKind.OFFICER,
        "today": clock.today(),
    }
    return render(request, "customers/household_list.html", context)


def _where(request: StaffRequest, grid: Any) -> list[dict[str, Any]]:
    crumbs: list[dict[str, Any]] = [{"label": _("客户"), "url": reverse("customers:household_list")}]
    if grid is not None:
        crumbs.append({"label": grid.name})
    return crumbs


def _filters(request: StaffRequest, wanted: HouseholdFilter) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "name": "grid",
            "label": _("全部网格"),
            "kind": "select",
            "options": households.grid_options(request.post),
            "main": True,
        },
        {
            "name": "state",
            "label": _("全部状态"),
            "kind": "select",
            "options": [(code, label) for code, (label, _tone) in files.STATES.items()],
            "main": True,
        },
    ]
    groups = households.group_options(request.post, wanted.grid)
    if groups:
        found.append({"name": "group", "label": _("全部小组"), "kind": "select", "options": groups})
    found.append(
        {
            "name": "reached",
            "label": _("本期已达到"),
            "kind": "select",
            "options": list(zip(households.REACHED, _reached_labels(), strict=True)),
        }
    )
    if wanted.week is not None:
        week = (wanted.week.code, wanted.week.label(language()))
        found.append({"name": "week", "label": _("任何一周"), "kind": "select", "options": [week]})
    features = entities.feature_options(request.post)
    if features:
        found.append({"name": "feature", "label": _("特色网格"), "kind": "select", "options": features})
    found.append({"name": "found", "label": _("散户"), "kind": "check"})
    found.append({"name": "moves", "label": _("名册提出迁移"), "kind": "check"})
    found.append({"name": "blocked", "label": _("名单户"), "kind": "check"})
    return found


def _reached_labels() -> list[str]:
    early = [_("已走访"), _("已建档"), _("已复核"), _("已评议"), _("已授信")]
    return [*early, _("已签约"), _("已发卡"), _("已用信")]


@allow(*CUSTOMER_POSTS)
@require_GET
def household(request: StaffRequest, pk: int) -> HttpResponse:
    """Answer in five seconds who, where, file, line, last visit, next step; then everything else."""
    home = access.open_household(request.post, pk)
    if access.is_hidden(request.post, pk):
        return _hidden(request, home)
    card = households.card_of(home)
    today = clock.today()
    context = {
        "where": [
            {"label": home.grid.branch.name},
            {"label": home.grid.name, "url": f"{reverse('customers:household_list')}?grid={home.grid_id}"},
            {"label": card.head.name if card.head else home.number},
        ],
        "home": home,
        "card": card,
        "people": [_person(person, card, today) for person in card.people],
        "figures": _figures(card),
        "events": timeline_of(home, request.post),
        "told": duplicates.told_on(home),
        "change": life.waiting_change(home),
        "asked": life.moves_asked(home),
        "consent_lines": lines_of(home.pk, home.institution_id, language()),
        "kept": kept_of(home.pk, home.institution_id),
        "slots": _slots(home.pk),
        **feature_context(request, home.pk),
        "may_visit": request.post.kind == PostKind.OFFICER and home.subject.left_on is None,
        "may_type": request.post.kind in (PostKind.OFFICER, PostKind.BRANCH_MANAGER) and home.subject.left_on is None,
        "may_reveal": request.post.kind in REVEALING,
        "may_propose": request.post.kind in (PostKind.OFFICER, PostKind.BRANCH_MANAGER),
        "may_see_changes": request.post.kind in (PostKind.OFFICER, PostKind.BRANCH_MANAGER),
        "may_confirm": request.post.kind == PostKind.BRANCH_MANAGER,
        "entries": entry_lines(listed.entries_of(request.post, pk), home.institution_id, request.user.pk),
        "choices": reason_choices(home.institution_id),
        "sensitive_used": any(one.sensitive and one.enabled for one in lists.reasons(home.institution_id)),
    }
    return render(request, "customers/household.html", context)


def feature_context(request: StaffRequest, pk: int) -> dict[str, Any]:
    """Return the feature grids a customer is shown in, and those a branch manager may add it to."""
    is_manager = request.post.kind == PostKind.BRANCH_MANAGER
    return {
        "features": entities.features_of(pk),
        "feature_options": entities.feature_options(request.post) if is_manager else [],
        "may_feature": is_manager,
    }


def _hidden(request: StaffRequest, home: "Household") -> HttpResponse:
    """Where a household is while its file is hidden from an auditor, and when the rest will be shown."""
    where = [
        {"label": home.grid.branch.name},
        {"label": home.grid.name, "url": f"{reverse('customers:household_list')}?grid={home.grid_id}"},
        {"label": home.number},
    ]
    return render(request, "customers/household_hidden.html", {"where": where, "home": home})


def _person(person: Any, card: Any, today: Any) -> dict[str, Any]:
    facts = card.member_facts.get(person.pk, {})
    said = [catalogue.LABOUR[facts["labour"]].label(language())] if facts.get("labour") in catalogue.LABOUR else []
    if facts.get("occupation") in catalogue.OCCUPATIONS:
        said.append(catalogue.OCCUPATIONS[facts["occupation"]].label(language()))
    return {
        "row": person,
        "age": households.age(person, today),
        "masked": identities.masked(person),
        "facts": said,
        "is_head": person.pk == card.household.head_id,
        "is_borrower": person.pk == card.household.borrower_id,
    }


def _figures(card: Any) -> list[dict[str, Any]]:
    labels = {
        "assets": _("资产"),
        "liabilities": _("负债"),
        "net_assets": _("净资产"),
        "gross_income": _("年收入"),
        "net_income": _("纯收入"),
        "expenses": _("生活等支出"),
        "surplus": _("收支结余"),
        "guarantees": _("对外担保"),
    }
    return [{"label": labels[figure.name], "value": figure.value, "change": figure.change} for figure in card.figures]


def _slots(pk: int) -> list[str]:
    found = []
    for name in settings.PAGE_SLOTS.get("household", []):
        try:
            found.append(reverse(name, args=[pk]))
        except NoReverseMatch:
            continue
    return found


def entry_lines(entries: list[Any], institution_id: int, staff_id: int) -> list[dict[str, Any]]:
    """Return list entries with the words of their reason, whether the reader proposed them himself, and the request to release
    each that waits (``release``, ``own_release``).

    An old reason that is no longer released stands for itself.
    """
    named = {one.code: one.label(language()) for one in lists.reasons(institution_id)} if entries else {}
    lines = []
    for entry in entries:
        is_active = entry.confirmed_at is not None and entry.released_at is None
        release = next((one for one in entry.releases.all() if one.is_waiting), None) if is_active else None
        lines.append(
            {
                "row": entry,
                "reason": named.get(entry.reason, entry.reason),
                "own": entry.proposed_by_id == staff_id,
                "is_active": is_active,
                "is_open": entry.state == "proposed" and entry.file_id is None,
                "release": release,
                "own_release": release is not None and release.asked_by_id == staff_id,
            }
        )
    return lines


def reason_choices(institution_id: int) -> list[tuple[str, str]]:
    """Return what may be proposed now, list by list: value and words; a sensitive reason is marked."""
    known = lists.reasons(institution_id)
    return [
        (f"{colour}:{one.code}", f"{label} · {one.label(language())}" + (_("（敏感）") if one.sensitive else ""))
        for colour, label in lists.colours()
        for one in usable(known, str(colour)).values()
    ]


@allow(*REVEALING)
@require_POST
@never_cache
def reveal(request: StaffRequest, pk: int, field: str) -> HttpResponse:
    """Show one number of a member in clear, on record."""
    if field not in identity.FIELDS:
        raise Http404
    person = access.open_person(request.post, pk)
    try:
        number = identity.reveal(staff=request.user, post_id=request.post.pk, person=person, field=field)
    except identities.ErasedError:
        raise Http404 from None
    return render(request, "customers/_revealed.html", {"number": number})


@allow(PostKind.OFFICER)
@require_POST
def correct_phone(request: StaffRequest, pk: int) -> HttpResponse:
    """Replace a member's phone number with the one he gave; an empty one takes it away."""
    person = access.open_person(request.post, pk)
    typed = request.POST.get("phone", "")[:40]
    found = check_phone(typed)
    if typed.strip() and not found.number:
        messages.error(request, _("“%(typed)s”不是手机号，没有保存；请填 11 位手机号，没有就留空。") % {"typed": typed})
    else:
        identity.correct_phone(staff=request.user, post_id=request.post.pk, person=person, phone=found.number)
        messages.success(request, _("%(name)s 的手机号已更正。") % {"name": person.name})
    return redirect("customers:household", pk=person.household_id)
