"""Forms on paper: printed for one household, business or unit, or for a grid, and typed back beside the photo of the sheet."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.lib import clock
from config.lib.access import allow
from config.lib.requests import StaffRequest
from config.lib.weeks import business_day
from customers import access
from customers.domain.visits import FILED_OUTCOMES, PAPER, SHEET
from customers.forms.items import language
from customers.forms.papers import PaperForm, PrintForm
from customers.selectors import papers as selectors
from customers.selectors.forms import Edition, edition_for, edition_released, editions_of
from customers.selectors.prices import prices_of
from customers.selectors.ranges import ranges_of
from customers.selectors.visits import VisitStart, start_of
from customers.services import papers as service
from customers.services.visits import Photo, Stored, Submission, VisitConflictError, VisitRefusedError, submit_visit
from customers.views.visits import LISTS, member_shown, place_url, title_of, verdict_said
from grids.access import PostKind, grids_for
from grids.selectors.colleagues import officers_of

HANDLING = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
# Who covered the grid within these days may stand on a paper that is typed now.
RECENT = timedelta(days=31)


# --- Printing -----------------------------------------------------------------------------------------------------


def _print_form(request: StaffRequest) -> PrintForm:
    grids = [(grid.pk, grid.name) for grid in grids_for(request.post).order_by("pinyin", "pk")]
    editions = editions_of(request.user.institution_id)
    return PrintForm(
        request.POST or None,
        grids=grids,
        editions=[(edition.release_id, edition.label(language())) for edition in editions],
        initial={"grid": request.GET.get("grid", "")},
    )


@allow(*HANDLING)
@require_GET
def paper_list(request: StaffRequest) -> HttpResponse:
    """Print forms for a grid, and how the visits of the campaign came in."""
    return _list_page(request, _print_form(request))


def _list_page(request: StaffRequest, form: PrintForm, status: int = 200) -> HttpResponse:
    context = {
        "where": [{"label": request.user.institution.short_name}, {"label": _("纸质采集表")}],
        "form": form,
        "ways": selectors.ways(request.post),
        "most": selectors.MOST,
    }
    return render(request, "customers/papers.html", context, status=status)


@allow(*HANDLING)
@require_POST
@never_cache
def paper_print(request: StaffRequest) -> HttpResponse:
    """The forms of a grid or group as one PDF: at once when few, else by a worker whose page shows the progress."""
    form = _print_form(request)
    if not form.is_valid():
        return _list_page(request, form, status=422)
    data = form.cleaned_data
    edition = edition_released(request.user.institution_id, data["edition"])
    if edition is None:
        raise Http404
    try:
        found = service.places(request.post, data["grid"], data["group"].strip(), edition)
    except service.NothingToPrintError as nothing:
        text = (
            _("超过 %(most)s 份，请按组分开打印") % {"most": selectors.MOST}
            if nothing.too_many
            else _("没有符合条件的对象，请核对网格、组和采集表；商户和单位不分组")
        )
        form.add_error("group", text)
        return _list_page(request, form, status=422)
    if len(found) > selectors.INLINE:
        run = service.start(
            post=request.post,
            found=found,
            edition=edition,
            group=data["group"].strip(),
            language=language(),
            address=request.build_absolute_uri("/"),
        )
        return redirect("lib:job", pk=run.pk)
    return _pdf(request, found, edition)


def _pdf(request: StaffRequest, found: list[Any], edition: Edition) -> HttpResponse:
    content = service.draw(
        staff=request.user,
        post_id=request.post.pk,
        found=found,
        edition=edition,
        language=language(),
        address=request.build_absolute_uri("/"),
    )
    response = HttpResponse(content, content_type=service.PDF)
    response["Content-Disposition"] = content_disposition_header(True, service.file_name(found, edition, language()))
    response["Cache-Control"] = "private, no-store"
    return response


@allow(*HANDLING)
@require_GET
@never_cache
def paper(request: StaffRequest, pk: int) -> HttpResponse:
    """The form of one household, business or unit, by the form its file is kept by or another one in force."""
    place = access.open_place(request.post, pk)
    start = start_of(place, request.user, request.GET.get("form", ""))
    if start.edition is None:
        messages.warning(request, _("采集表尚未发布，不能打印。"))
        return HttpResponseRedirect(place_url(place))
    return _pdf(request, [place], start.edition)


# --- Typing -------------------------------------------------------------------------------------------------------


@allow(*HANDLING)
@require_GET
def paper_open(request: StaffRequest, token: str) -> HttpResponse:
    """Lead from the QR code of a sheet to the page on which it is typed; nobody else's sheet exists."""
    found = selectors.read_token(token)
    if found is None:
        raise Http404
    home = access.open_place(request.post, found[0])
    return redirect(f"{reverse('customers:paper_type', args=[home.pk])}?edition={found[1]}")


@allow(*HANDLING)
@require_http_methods(["GET", "POST"])
@never_cache
def paper_type(request: StaffRequest, pk: int) -> HttpResponse:
    """One page in the order of the paper: redirect when stored, 422 with every finding, 409 when the identity is taken."""
    home = access.open_place(request.post, pk)
    start = _start(request, home)
    form = _form(request, home, start)
    if request.method == "GET":
        return _page(request, home, start, form)
    edition = start.edition.release_id if start.edition else 0
    try:
        stored = submit_visit(
            staff=request.user,
            post_id=request.post.pk,
            place=home,
            submission=Submission(**form.values(), entry=PAPER, edition=edition, photos=_photos(request)),
        )
    except VisitRefusedError as refused:
        form.add_problems(refused.problems)
        return _page(request, home, start, form, status=422)
    except VisitConflictError as conflict:
        return _page(request, home, start, form, status=409, conflict=conflict)
    _say(request, stored)
    url = place_url(home)
    return JsonResponse({"url": url}) if request.headers.get("X-Draft") else HttpResponseRedirect(url)


def _start(request: StaffRequest, home: Any) -> VisitStart:
    """Return what the page opens with, by the very edition that was printed."""
    wanted = request.GET.get("edition", "")
    start = start_of(home, request.user, request.GET.get("form", ""))
    if wanted.isdigit() and len(wanted) < 19 and (edition := edition_for(home, int(wanted))) is not None:
        return replace(start, edition=edition)
    return start


def _officers(home: Any) -> list[Any]:
    today = clock.today()
    found = {one.pk: one for day in (today, today - RECENT) for one in officers_of(home.grid, day)}
    return list(found.values())


def _form(request: StaffRequest, home: Any, start: VisitStart) -> PaperForm:
    officers = _officers(home)
    mine = next((one.pk for one in officers if one.pk == request.user.pk), None)
    return PaperForm(
        officers=officers,
        usual=ranges_of(home.institution_id, home.grid_id, home.pk),
        prices=prices_of(home.institution_id),
        lead=mine or (officers[0].pk if len(officers) == 1 else None),
        definition=start.edition.form if start.edition else None,
        form_key=start.edition.key if start.edition else "",
        people=start.people,
        colleagues=[*start.colleagues, request.user],
        purposes=list(start.purposes),
        outcomes=list(start.outcomes),
        channels=list(start.channels),
        met_roles=list(start.met_roles),
        standing_on=business_day(start.standing.given_at) if start.standing else None,
        has_notice=start.notice is not None,
        base=start.base.document if start.base else None,
        base_number=start.base.number if start.base else 0,
        fill=start.returned.document if start.returned else None,
        remarks=start.remarks,
        data=request.POST if request.method == "POST" else None,
        initial={"purpose": "revisit" if start.base else "census", "channel": "site", **start.away},
    )


def _photos(request: StaffRequest) -> tuple[Photo, ...]:
    sheets = [Photo(file.read(), file.name or "", SHEET) for file in request.FILES.getlist("sheets")]
    return (*sheets, *(Photo(file.read(), file.name or "") for file in request.FILES.getlist("shots")))


def _page(
    request: StaffRequest,
    home: Any,
    start: VisitStart,
    form: PaperForm,
    status: int = 200,
    conflict: VisitConflictError | None = None,
) -> HttpResponse:
    title = title_of(home, start)
    context = {
        "where": [
            {"label": home.grid.name, "url": f"{reverse(LISTS[home.subject.kind])}?grid={home.grid_id}"},
            {"label": title, "url": place_url(home)},
            {"label": _("录入纸质表")},
        ],
        "home": home,
        "title": title,
        "place_url": place_url(home),
        "is_household": home.subject.kind == "household",
        "form": form,
        "start": start,
        "filed_outcomes": " ".join(sorted(FILED_OUTCOMES)),
        "conflict": conflict,
        "members": [member_shown(row, home) for row in form.rows.get("members", ())],
        "pages": form.steps(),
        "edition": start.edition.label(language()) if start.edition else "",
    }
    return render(request, "customers/paper_type.html", context, status=status)


def _say(request: StaffRequest, stored: Stored) -> None:
    if stored.profile is None:
        text = _("纸质表已录入，本次没有档案内容。")
    else:
        text = _("纸质表已录入为第 %(number)s 版档案，由走访人、录入人以外的同事复核。") % {
            "number": stored.profile.number
        }
    messages.success(request, text + verdict_said(stored.visit))
