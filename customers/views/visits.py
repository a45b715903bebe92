"""The visit form and what the device needs beside it: the key of its drafts, the photos of a household."""

from base64 import b64encode
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from config.lib import clock, crypto, display, files
from config.lib.access import allow
from config.lib.requests import StaffRequest
from config.lib.weeks import business_day
from customers import access
from customers.domain.consents import asked, needs_guardian
from customers.domain.visits import FILED_OUTCOMES
from customers.forms.items import language
from customers.forms.jumps import MOST_PROOFS, figures_sent, item_named, jumps_of
from customers.forms.visits import VisitForm, sentence
from customers.selectors import households, identity
from customers.selectors.changes import watch_of
from customers.selectors.consents import adults_of
from customers.selectors.effective import needs_of, reasons_of
from customers.selectors.prices import prices_of
from customers.selectors.ranges import ranges_of
from customers.selectors.visits import VisitStart, is_light, start_of
from customers.services.guard import Proof
from customers.services.visits import Photo, Stored, Submission, VisitConflictError, VisitRefusedError, submit_visit
from grids.access import CUSTOMER_POSTS, PostKind


@allow(PostKind.OFFICER)
@require_http_methods(["GET", "POST"])
def visit(request: StaffRequest, pk: int) -> HttpResponse:
    """Show the six steps of a visit, or store it: redirect when stored, 422 with every finding, 409 when another
    submit took the identity."""
    home = access.open_place(request.post, pk)
    start = start_of(home, request.user, _form_key(request))
    form = _form(home, start, request)
    if request.method == "GET":
        return _page(request, home, start, form)
    try:
        stored = submit_visit(
            staff=request.user,
            post_id=request.post.pk,
            place=home,
            submission=Submission(**form.values(), photos=_photos(request), proofs=_proofs(request, form)),
        )
    except VisitRefusedError as refused:
        form.add_problems(refused.problems)
        return _page(request, home, start, form, status=422)
    except VisitConflictError as conflict:
        return _page(request, home, start, form, status=409, conflict=conflict)
    _say(request, start, stored)
    url = reverse("customers:change", args=[home.pk]) if stored.changes else place_url(home)
    return JsonResponse({"url": url}) if request.headers.get("X-Draft") else HttpResponseRedirect(url)


# Where a visited subject has its page, by its kind, and the list it is found in.
PAGES = {"household": "customers:household", "business": "customers:entity", "unit": "customers:entity"}
LISTS = {"household": "customers:household_list", "business": "customers:business_list", "unit": "customers:unit_list"}


def place_url(place: Any) -> str:
    """Return the page of a household, business or unit."""
    return reverse(PAGES[place.subject.kind], args=[place.pk])


def title_of(place: Any, start: VisitStart) -> str:
    """Return what a page calls a household (by its head), business or unit."""
    head_id = getattr(place, "head_id", None)
    head = next((person for person in start.people if person.pk == head_id), None)
    return getattr(place, "name", "") or (head.name if head else "") or str(place)


def _form_key(request: StaffRequest) -> str:
    """The form the officer chose: sent back with the page, else named in its address."""
    return request.POST.get("form", "") if request.method == "POST" else request.GET.get("form", "")


def _form(home: Any, start: VisitStart, request: StaffRequest) -> VisitForm:
    return VisitForm(
        usual=ranges_of(home.institution_id, home.grid_id, home.pk),
        prices=prices_of(home.institution_id),
        definition=start.edition.form if start.edition else None,
        form_key=start.edition.key if start.edition else "",
        people=start.people,
        colleagues=start.colleagues,
        purposes=list(start.purposes),
        outcomes=list(start.outcomes),
        channels=list(start.channels),
        met_roles=list(start.met_roles),
        standing_on=business_day(start.standing.given_at) if start.standing else None,
        has_notice=start.notice is not None,
        offered=asked(start.notice.document) if start.notice else (),
        guardians=adults_of(start.people),
        base=start.base.document if start.base else None,
        base_number=start.base.number if start.base else 0,
        fill=start.returned.document if start.returned else None,
        remarks=start.remarks,
        data=request.POST if request.method == "POST" else None,
        initial={"purpose": "revisit" if start.base else "census", "channel": "site", **start.away},
    )


def _photos(request: StaffRequest) -> tuple[Photo, ...]:
    return tuple(Photo(file.read(), file.name or "") for file in request.FILES.getlist("photos"))


def _proofs(request: StaffRequest, form: VisitForm) -> tuple[Proof, ...]:
    """Return what was sent as proof of a figure that moved suddenly."""
    found = []
    for figure in figures_sent(request.FILES):
        item = item_named(form.definition, form.rows, figure, request.POST.get(f"proof-item-{figure}", ""))
        files_sent = request.FILES.getlist(f"proof-{figure}")[:MOST_PROOFS]
        found += [Proof(figure, file.read(), file.name or "", item) for file in files_sent]
    return tuple(found)


def _page(
    request: StaffRequest,
    home: Any,
    start: VisitStart,
    form: VisitForm,
    status: int = 200,
    conflict: VisitConflictError | None = None,
) -> HttpResponse:
    title = title_of(home, start)
    english = language().startswith("en")
    context = {
        "where": [
            {"label": home.grid.name, "url": f"{reverse(LISTS[home.subject.kind])}?grid={home.grid_id}"},
            {"label": title, "url": place_url(home)},
            {"label": _("走访登记")},
        ],
        "home": home,
        "title": title,
        "place_url": place_url(home),
        "is_household": home.subject.kind == "household",
        "form": form,
        "start": start,
        "children": [one.name for one in start.people if needs_guardian(one.born_on, clock.today())],
        "notice": start.notice.document["en" if english else "zh"] if start.notice else None,
        "filed_outcomes": " ".join(sorted(FILED_OUTCOMES)),
        "conflict": conflict,
        "needs": needs_of(home, start.people, language()),
        "checkers": [staff.name for staff in start.colleagues],
        "members": [member_shown(row, home) for row in form.rows.get("members", ())],
        "pages": (pages := form.steps()),
        "jumps": jumps_of(form.definition, watch_of(home.institution_id, home.pk)),
        "steps": [_("见面与同意"), *(page.title for page in pages), _("拍照完成")],
        "last_look": [total for page in pages for total in page.totals if total.is_net],
        "editions": [(edition.key, edition.label(language())) for edition in start.editions],
    }
    return render(request, "customers/visit.html", context, status=status)


def member_shown(row: Any, home: Any) -> dict[str, Any]:
    """Return what a row of the form shows of a member."""
    person = row.who
    return {
        "form": row,
        "is_head": person is not None and person.pk == home.head_id,
        "person": person,
        "age": households.age(person, clock.today()) if person else None,
        "is_light": person is not None and is_light(person, home.head_id, clock.today()),
        "masked": identity.masked(person) if person else identity.Masked(),
    }


def _say(request: StaffRequest, start: VisitStart, stored: Stored) -> None:
    """Say what was kept, what happens next and who checks."""
    if stored.profile is None:
        text = _("走访已保存，本次没有提交档案。")
    else:
        checker = next((staff.name for staff in start.colleagues if staff.pk == stored.checker_id), "")
        names = "、".join(
            staff.name for staff in start.colleagues if staff.pk not in (stored.visit.lead_id, stored.visit.partner_id)
        )
        text = _("走访和第 %(number)s 版档案已保存。") % {"number": stored.profile.number} + (
            _("接下来由 %(name)s 复核，本支行其他同事也可以，通过后计入已复核。") % {"name": checker}
            if checker
            else _("接下来由本支行另一位同事复核（%(names)s），通过后计入已复核。") % {"names": names}
            if names
            else _("接下来由本支行另一位同事复核，通过后计入已复核。")
        )
    if stored.joined:
        text += ngettext("加了 %(count)s 位成员。", "加了 %(count)s 位成员。", stored.joined) % {"count": stored.joined}
    if stored.left:
        text += ngettext("%(count)s 位成员离户。", "%(count)s 位成员离户。", stored.left) % {"count": stored.left}
    if stored.visit.next_visit_on is not None:
        text += _("下次走访 %(day)s。") % {"day": display.day(stored.visit.next_visit_on)}
    if stored.contact is not None and stored.contact.next_on is not None:
        text += _("联系计划：%(day)s %(way)s，之前不列入走访建议。") % {
            "day": display.day(stored.contact.next_on),
            "way": stored.contact.get_way_display(),
        }
    messages.success(request, text + verdict_said(stored.visit))
    if stored.changes:
        moved = "；".join(
            f"{flag.get_figure_display()} {display.yuan(flag.before)} → {display.yuan(flag.after)}"
            for flag in stored.changes
        )
        said = (
            _("与上次相比变化较大，证明已一并保存：%(figures)s")
            if stored.is_proved
            else _("与上次相比变化较大，请补充证明：%(figures)s")
        )
        messages.warning(request, said % {"figures": moved})
    odd = list(dict.fromkeys(sentence(problem) for problem in stored.warnings))
    if odd:
        messages.warning(request, _("请留意：%(findings)s") % {"findings": "；".join(odd)})


def verdict_said(visit: Any) -> str:
    """Say whether the visit is effective, and what to do next time where it is not."""
    if visit.judged is None:
        return ""
    if visit.judged:
        return _("计入有效走访。")
    return _("记为其他走访：%(reasons)s。") % {"reasons": "；".join(reasons_of(visit, language()))}


@allow(PostKind.OFFICER, PostKind.BRANCH_MANAGER)
@require_GET
@never_cache
def draft_key(request: StaffRequest) -> HttpResponse:
    """Hand the signed-in officer the key of the drafts on his devices.

    One key a person, not a session: a draft must open again after the session expired and the same person signed in.
    """
    key = crypto.derive(settings.DRAFT_KEY, f"draft:{request.user.pk}")
    return JsonResponse({"key": b64encode(key).decode()})


@allow(*CUSTOMER_POSTS)
@require_GET
def photo(request: StaffRequest, pk: int) -> HttpResponse:
    """Serve a photo of a visit to whom its household is open."""
    return photo_response(access.open_evidence(request.post, pk).file)


def photo_response(file: Any) -> HttpResponse:
    """Answer with the bytes of a photo; kept by this browser alone, and not for long."""
    response = HttpResponse(files.read(file), content_type=file.content_type)
    response["Cache-Control"] = "private, max-age=600"
    response["Content-Disposition"] = "inline"
    return response
