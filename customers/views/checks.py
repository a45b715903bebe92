"""What waits for a second person: files to check (AB角) and list entries to confirm."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.lib import clock
from config.lib.access import allow
from config.lib.requests import StaffRequest
from customers import access
from customers.forms.items import language
from customers.selectors import changes, duplicates, life, lists, returns, sharing, waiting
from customers.selectors import queues as selectors
from customers.selectors.checking import rules_on
from customers.services import members
from customers.services.checks import CheckConflictError, OwnWorkError, RemarkMissingError, check_profile
from customers.views.households import entry_lines
from customers.views.visits import photo_response, place_url
from grids.access import PostKind

# Where each thing that waits is settled.
TARGETS = {
    "file": "customers:check",
    "change": "customers:change",
    "roster": "customers:roster",
    "visits": "customers:profile_file",
    "listfile": "customers:list_file",
    "entry": "customers:list_entry",
    "release": "customers:list_entry",
    "life": "customers:life_event",
}


@allow(PostKind.OFFICER, PostKind.BRANCH_MANAGER)
@require_GET
def queues(request: StaffRequest) -> HttpResponse:
    """List all that waits for this person as the second one; entries and releases can be settled in place when asked for alone."""
    is_manager = request.post.kind == PostKind.BRANCH_MANAGER
    asked = request.GET
    kind = asked.get("kind", "") if asked.get("kind", "") in waiting.KINDS else ""
    owner = asked.get("owner", "") if asked.get("owner", "") in waiting.OWNERS else ""
    wanted = waiting.Wanted(kind, owner, late=asked.get("late") == "1")
    entries = selectors.waiting_entries(request.post) if is_manager and kind == "entry" else []
    releases = selectors.waiting_releases(request.post) if is_manager and kind == "release" else []
    found = waiting.waiting_list(request.post, wanted, asked.get("page"))
    context = {
        "where": [{"label": _("复核")}],
        "page": found.page,
        "rows": [{"row": row, "url": _target(row)} for row in found.rows],
        "found": found,
        "filters": _filters(found),
        "kind": kind,
        "is_filtered": bool(kind or owner or wanted.late),
        "entries": entry_lines(entries, request.user.institution_id, request.user.pk),
        "releases": entry_lines(releases, request.user.institution_id, request.user.pk),
        "duplicates": selectors.open_duplicates(request.post) if is_manager else [],
        "changes": life.waiting_events(request.post) if kind == "life" else [],
        "is_manager": is_manager,
        "open_changes": changes.count_open(request.post) if is_manager else changes.Counts(),
        "due": lists.reviews_due(request.post),
        "similar": duplicates.open_cases(request.post),
    }
    return render(request, "customers/queues.html", context)


def _target(row: waiting.Row) -> str:
    name = TARGETS.get(row.item.kind)
    return reverse(name, args=[row.target]) if name else reverse("customers:merger_list")


def _filters(found: waiting.Listed) -> list[dict[str, Any]]:
    kinds = [(kind, f"{label} {found.counts[kind]}") for kind, label in waiting.KINDS.items() if found.counts[kind]]
    whose = [
        ("mine", _("我的 %(count)s") % {"count": found.mine}),
        ("pool", _("没有人负责 %(count)s") % {"count": found.pool}),
    ]
    return [
        {"name": "kind", "label": _("全部种类"), "kind": "select", "options": kinds, "main": True},
        {"name": "owner", "label": _("不论谁负责"), "kind": "select", "options": whose, "main": True},
        {"name": "late", "label": _("只看过期的（%(count)s）") % {"count": found.late}, "kind": "check", "main": True},
    ]


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def settle_duplicate(request: StaffRequest, pk: int) -> HttpResponse:
    """Note that a duplicate ID number was looked into."""
    case = access.open_duplicate(request.post, pk)
    members.settle_duplicate(staff=request.user, post_id=request.post.pk, case=case)
    messages.success(request, _("已记为处理。"))
    return redirect("customers:queues")


@allow(PostKind.BRANCH_MANAGER)
@require_GET
def check_returns(request: StaffRequest) -> HttpResponse:
    """Show what the second check of a branch returns: by officer, by part of the file and reason, and the files themselves."""
    asked = request.GET
    days = int(asked["days"]) if asked.get("days", "") in map(str, returns.DAYS) else 90
    officer = asked.get("officer", "")
    wanted = returns.Wanted(
        days=days,
        officer=int(officer) if officer.isdigit() and len(officer) < 19 else None,
        reason=asked.get("reason", "")[:40] or None,
    )
    page, found = returns.files(request.post, wanted, asked.get("page"))
    context = {
        "where": [{"label": _("复核"), "url": reverse("customers:queues")}, {"label": _("退回统计")}],
        "wanted": wanted,
        "spans": returns.DAYS,
        "officers": returns.by_officer(request.post, wanted),
        "parts": returns.by_part(request.post, wanted),
        "page": page,
        "files": [{"row": one, "url": place_url(one.place)} for one in found],
    }
    return render(request, "customers/returns.html", context)


@allow(PostKind.OFFICER, PostKind.BRANCH_MANAGER)
@require_http_methods(["GET", "POST"])
def check(request: StaffRequest, pk: int) -> HttpResponse:
    """Show a file beside the revision before it; accept it, or return it with remarks."""
    profile = access.open_check(pk)
    if request.method == "GET":
        return _sheet(request, profile)
    remarks = _remarks(request)
    verdict = "accepted" if request.POST.get("verdict") == "accepted" else "returned"
    try:
        check_profile(staff=request.user, post_id=request.post.pk, profile=profile, verdict=verdict, remarks=remarks)
    except RemarkMissingError:
        error = _("退回时请至少写一条意见，让采集人知道改什么。")
        return _sheet(request, profile, error=error, remarks=remarks, status=422)
    except CheckConflictError:
        messages.warning(request, _("这份档案刚刚被别人复核，或采集人又提交了新版，您的结论没有保存。"))
        return redirect("customers:queues")
    except OwnWorkError:
        messages.warning(request, _("自己参与采集的档案须由另一位同事复核。"))
        return redirect("customers:queues")
    if verdict == "accepted":
        messages.success(request, _("第 %(number)s 版档案已通过复核。") % {"number": profile.number})
    else:
        text = _("档案已退回给 %(name)s，会出现在他的今日页。") % {"name": profile.collector.name}
        messages.success(request, text)
    return redirect("customers:queues")


def _remarks(request: StaffRequest) -> list[dict[str, str]]:
    """Return what was said of each place: words, a reason, or both."""
    given = {name: text for name, text in request.POST.items() if isinstance(text, str) and text.strip()}
    places = {name.partition(":")[2]: None for name in given if name.startswith(("remark:", "reason:"))}
    return [
        {"path": path, "text": given.get(f"remark:{path}", ""), "reason": given.get(f"reason:{path}", "")}
        for path in places
    ]


def _sheet(
    request: StaffRequest,
    profile: Any,
    error: str = "",
    remarks: list[dict[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    home = profile.subject.place
    against = request.GET.get("against", "")
    sheet = selectors.sheet_of(home, profile, int(against) if against.isdigit() and len(against) < 9 else 0)
    title = selectors.title_of(home, {person.pk: person.name for person in sheet.people})
    typed = {remark["path"]: remark["text"] for remark in remarks or []}
    chosen = {remark["path"]: remark["reason"] for remark in remarks or []}
    for section in sheet.sections:
        for line in section.rows:
            line.remark, line.reason = typed.get(line.path, ""), chosen.get(line.path, "")
    rules = rules_on(profile.institution_id, clock.today())
    context = {
        "where": [{"label": home.grid.name}, {"label": title}],
        "home": home,
        "title": title,
        "sheet": sheet,
        "profile": profile,
        "error": error,
        "whole": typed.get("", ""),
        "whole_reason": chosen.get("", ""),
        "reasons": [(one.code, one.label(language())) for one in rules.reasons],
        "due_on": rules.due_on(profile.submitted_at),
        "is_overdue": rules.is_overdue(profile.submitted_at),
        "changes": changes.flags_of(profile),
        "owner": sharing.owner_of(profile, request.post),
        "shows_all": request.GET.get("all") == "1" or sheet.previous is None,
    }
    return render(request, "customers/check.html", context, status=status)


@allow(PostKind.OFFICER, PostKind.BRANCH_MANAGER)
@require_GET
def check_photo(request: StaffRequest, pk: int, photo: int) -> HttpResponse:
    """Serve a photo of a file that waits for this person, who need not cover its grid."""
    return photo_response(access.open_check_evidence(pk, photo).file)
