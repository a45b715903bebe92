"""Frozen populations and trials of models: frozen by a job, compared before and after, each household by its number alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.lib import runs
from config.lib.access import allow
from config.lib.jobs import AlreadyRunning
from config.lib.requests import StaffRequest
from credit.domain.model import Model
from credit.domain.trace import exact_text
from credit.domain.typed_facts import read_parameters
from credit.selectors import comparing, laboratory, populations
from credit.selectors.comparing import Side, TrialPage
from credit.selectors.directions import directions, newest_check
from credit.selectors.explained_model import language
from credit.selectors.laboratory import Text
from credit.selectors.previewing import preview
from credit.selectors.trying import parameter_fields
from credit.services.directions import ask
from credit.services.populations import SIZES, freeze, retire
from credit.services.trials import try_out
from credit.views.laboratory import opened, page_of
from grids.access import PostKind, branches_for
from grids.services import Refused

ON_PAGE = 20


def _where(request: StaffRequest, *last: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"label": request.user.institution.short_name},
        {"label": _("模型"), "url": reverse("lib:models")},
        *last,
    ]


# --- Populations --------------------------------------------------------------------------------------------------


@allow(PostKind.PARAMETER_MANAGER)
@require_GET
def population_list(request: StaffRequest) -> HttpResponse:
    """The populations, newest first, the form that freezes another, and the last trials."""
    page = Paginator(populations.populations_of(request.user), ON_PAGE).get_page(request.GET.get("page"))
    context = {
        "where": _where(request, {"label": _("试算总体")}),
        "page": page,
        "branches": branches_for(request.post),
        "sizes": [(size or "", _size(size)) for size in SIZES],
        "trials": [_trial_row(one) for one in populations.trials_of(request.user)[:ON_PAGE]],
    }
    return render(request, "credit/populations.html", context)


def _size(size: int | None) -> str:
    return _("全部") if size is None else _("抽 %(count)s 户") % {"count": f"{size:,}"}


def _trial_row(trial: Any) -> dict[str, Any]:
    whole = trial.figures["whole"]
    return {
        "trial": trial,
        "names": {side: comparing.side_name(getattr(trial, side)) for side in comparing.SIDES},
        "up": int(whole["up"]) + int(whole["gained"]),
        "down": int(whole["down"]) + int(whole["lost"]),
        "households": int(whole["households"]),
    }


@allow(PostKind.PARAMETER_MANAGER)
@require_POST
def population_freeze(request: StaffRequest) -> HttpResponse:
    """Freeze the accepted files of the institution or of chosen branches; leads to its page."""
    chosen = {pk for pk in request.POST.getlist("branch") if pk.isdecimal()}
    known = {str(branch.pk): branch for branch in branches_for(request.post)}
    if chosen - set(known):
        raise Http404
    size = request.POST.get("size", "")
    try:
        population = freeze(
            institution=request.user.institution,
            name=request.POST.get("name", ""),
            asked_by=request.user,
            post_id=request.post.pk,
            branches=[known[pk] for pk in sorted(chosen)],
            wanted=int(size) if size.isdecimal() and len(size) < 9 else None,
        )
    except AlreadyRunning:
        messages.info(request, _("正在冻结另一个总体，完成后再来"))
        return redirect("credit:populations")
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("credit:populations")
    return redirect("credit:population", pk=population.pk)


@allow(PostKind.PARAMETER_MANAGER)
@require_GET
def population(request: StaffRequest, pk: int) -> HttpResponse:
    """One population: how far it is, or what it holds and how to use it."""
    found = populations.open_population(request.user, pk)
    trials = Paginator(populations.trials_of(request.user).filter(population=found), ON_PAGE)
    page = trials.get_page(request.GET.get("page"))
    context = {
        "where": _where(request, {"label": _("试算总体"), "url": reverse("credit:populations")}, {"label": found.name}),
        "population": found,
        "size": _size(found.wanted),
        "progress": None if found.frozen_at else _told(request, found),
        "page": page,
        "trials": [_trial_row(one) for one in page],
    }
    return render(request, "credit/population.html", context)


def _told(request: StaffRequest, found: Any) -> dict[str, Any]:
    told = runs.told(found.run, request)
    return told | {"poll_url": reverse("credit:population_progress", args=[found.pk]), "unit": _("户")}


@allow(PostKind.PARAMETER_MANAGER)
@require_GET
@never_cache
def population_progress(request: StaffRequest, pk: int) -> HttpResponse:
    """How far the freezing is; when it has ended the page comes again."""
    found = populations.open_population(request.user, pk)
    response = render(request, "components/progress.html", {"run": _told(request, found)})
    if found.frozen_at:
        response["HX-Refresh"] = "true"
    return response


@allow(PostKind.PARAMETER_MANAGER)
@require_POST
def population_retire(request: StaffRequest, pk: int) -> HttpResponse:
    """Offer a population no more."""
    found = populations.open_population(request.user, pk)
    try:
        retire(population=found, staff=request.user, post_id=request.post.pk)
        messages.success(request, _("已停用，做过的试算照样看得到。"))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("credit:population", pk=pk)


# --- Comparison ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Asked:
    """What a comparison is asked with, as typed; ``sides`` and ``population`` once all of it can be used."""

    choices: Mapping[str, str]
    against: str
    offered: list[Any]
    chosen: str
    released: Mapping[str, Decimal]
    typed: Mapping[str, str]
    errors: dict[str, str]
    population: Any = None
    sides: tuple[Side, Side] | None = None


def _asked(request: StaffRequest, text: Text, model: Model) -> _Asked:
    sent = request.POST if request.method == "POST" else request.GET
    choices = laboratory.texts(request.user.institution_id, text)
    against = sent.get("against") or laboratory.usual(text, choices)
    offered = populations.usable(request.user)
    bases = laboratory.counties(request.user.institution_id).get(request.user.institution.county_code, {})
    released = laboratory.released_parameters(model, bases)
    known = {name: exact_text(value) for name, value in released.items()}
    typed = {one.name: sent.get(f"parameter.{one.name}", known.get(one.name, "")) for one in model.parameters}
    chosen = sent.get("population", str(offered[0].pk) if offered else "")
    asked = _Asked(choices, against, offered, chosen, released, typed, {})
    if request.method != "POST":
        return asked
    values, unread = read_parameters(model.parameters, typed)
    errors = {one.place: one.words.text(language()) for one in unread}
    other = _other(request, against, choices)
    population = next((one for one in offered if str(one.pk) == chosen), None)
    if other is None or other.model is None or population is None:
        errors["refused"] = _("请选择要比的版本和总体")
    if errors or other is None or other.model is None:
        return replace(asked, errors=errors)
    before = Side(other, other.model, laboratory.released_parameters(other.model, bases))
    return replace(asked, population=population, sides=(before, Side(text, model, values)))


def _other(request: StaffRequest, code: str, choices: Mapping[str, str]) -> Text | None:
    if code not in choices:
        return None
    sort, _dash, pk = code.partition("-")
    return opened(request, sort, int(pk))


@allow(PostKind.PARAMETER_MANAGER)
@require_http_methods(["GET", "POST"])
def model_compare(request: StaffRequest, sort: str, pk: int) -> HttpResponse:
    """Compare a model with another text of it, or with itself under changed parameters, on a frozen population."""
    text = opened(request, sort, pk)
    context = page_of(request, text, "model_compare", _("整体试算"))
    if text.model is None:
        return render(request, "credit/model_compare.html", context)
    asked = _asked(request, text, text.model)
    if asked.sides is not None:
        before, after = asked.sides
        try:
            trial = try_out(
                population=asked.population, before=before, after=after, staff=request.user, post_id=request.post.pk
            )
            return redirect("credit:trial", pk=trial.pk)
        except Refused as refusal:
            asked.errors["refused"] = str(refusal)
    context |= {
        "choices": list(asked.choices.items()),
        "against": asked.against,
        "populations": asked.offered,
        "chosen": asked.chosen,
        "parameters": parameter_fields(text.model, asked.typed, asked.errors, language(), asked.released),
        "refused": asked.errors.get("refused", ""),
    }
    return render(request, "credit/model_compare.html", context, status=422 if asked.errors else 200)


@allow(PostKind.PARAMETER_MANAGER)
@require_POST
def model_preview(request: StaffRequest, sort: str, pk: int) -> HttpResponse:
    """What the parameters as they stand do to the population chosen, while they are moved; nothing is kept."""
    text = opened(request, sort, pk)
    if text.model is None:
        raise Http404
    asked = _asked(request, text, text.model)
    labels = {one.name: one.label.text(language()) for one in text.model.parameters}
    context: dict[str, Any] = {
        "problems": [f"{labels[name]}：{said}" if name in labels else said for name, said in asked.errors.items()],
    }
    if asked.sides is not None:
        context["preview"] = preview(asked.population, *asked.sides)
    return render(request, "credit/_model_preview.html", context)


@allow(PostKind.PARAMETER_MANAGER)
@require_GET
def trial(request: StaffRequest, pk: int) -> HttpResponse:
    """What a trial found: distribution before and after, who moves, the largest, lines by sex and age."""
    found = populations.open_trial(request.user, pk)
    page = TrialPage(found, request.GET.get("by", ""))
    after = found.after
    context = {
        "where": _where(
            request,
            {"label": comparing.side_name(after), "url": reverse("credit:model", args=[after["sort"], after["pk"]])},
            {"label": _("试算结果")},
        ),
        "trial": found,
        "page": page,
        "again": reverse("credit:model_compare", args=[after["sort"], after["pk"]]),
    }
    return render(request, "credit/trial.html", context)


@allow(PostKind.PARAMETER_MANAGER)
@require_GET
def trial_household(request: StaffRequest, pk: int, number: int) -> HttpResponse:
    """One household of a trial, by its number alone: both explanations side by side."""
    found = populations.open_trial(request.user, pk)
    names = TrialPage(found).names
    sides = [
        {
            "name": names[side],
            "page": comparing.explained(found.population, number, getattr(found, side)),
            "chart_id": f"steps-{side}",
        }
        for side in comparing.SIDES
    ]
    context = {
        "where": _where(
            request,
            {"label": _("试算结果"), "url": reverse("credit:trial", args=[pk])},
            {"label": _("第 %(number)s 号") % {"number": number}},
        ),
        "trial": found,
        "number": number,
        "sides": sides,
    }
    return render(request, "credit/trial_household.html", context)


@allow(PostKind.PARAMETER_MANAGER)
@require_http_methods(["GET", "POST"])
def trial_directions(request: StaffRequest, pk: int) -> HttpResponse:
    """Whether more income or assets ever lowers a line, or more debt raises one, on the whole population; posting begins the check."""
    found = populations.open_trial(request.user, pk)
    if request.method == "POST":
        try:
            ask(trial=found, staff=request.user, post_id=request.post.pk)
        except AlreadyRunning:
            messages.info(request, _("已经在核对"))
        return redirect("credit:trial_directions", pk=pk)
    check = newest_check(found)
    is_done = check is not None and check.run.state == "done"
    context = {
        "where": _where(
            request,
            {"label": _("试算结果"), "url": reverse("credit:trial", args=[pk])},
            {"label": _("方向核对")},
        ),
        "trial": found,
        "name": comparing.side_name(found.after),
        "check": check,
        "is_done": is_done,
        "may_ask": check is None or (check.run.is_over and not is_done),
        "progress": None if check is None or is_done else _looked(request, check),
        "rows": directions(check) if check is not None and is_done else [],
    }
    return render(request, "credit/trial_directions.html", context)


def _looked(request: StaffRequest, check: Any) -> dict[str, Any]:
    told = runs.told(check.run, request)
    poll_url = reverse("credit:trial_directions_progress", args=[check.trial_id])
    return told | {"poll_url": poll_url, "unit": _("户"), "speed": runs.speed(check.run)}


@allow(PostKind.PARAMETER_MANAGER)
@require_GET
@never_cache
def trial_directions_progress(request: StaffRequest, pk: int) -> HttpResponse:
    """How far the check is; when it has ended the page comes again."""
    check = newest_check(populations.open_trial(request.user, pk))
    if check is None:
        raise Http404
    response = render(request, "components/progress.html", {"run": _looked(request, check)})
    if check.run.is_over:
        response["HX-Refresh"] = "true"
    return response
