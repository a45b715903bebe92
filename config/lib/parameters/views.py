"""Pages of who keeps parameters: what is in force, drafts, comparison, release by a second person."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from config.lib import clock
from config.lib.access import allow
from config.lib.parameters import drafts, form, shown
from config.lib.parameters.drafts import Refused
from config.lib.parameters.kinds import Area, ParameterKind, find, kinds, nothing_tried
from config.lib.parameters.shape import Problem
from config.lib.requests import StaffRequest

MANAGER = "parameter_manager"
ON_PAGE = 20
PARTS = ("group", "rows", "items")
LARGEST_FILE = 4 * form.MOST_TEXT


def area_title(area: Area) -> str:
    """Return the words of a tab."""
    return {
        Area.MODELS: _("模型"),
        Area.FORMS: _("表单"),
        Area.RULES: _("规则"),
        Area.NOTICES: _("告知书"),
    }[area]


def _language() -> str:
    return get_language() or "zh-hans"


def _kind(code: str) -> ParameterKind:
    kind = find(code)
    if kind is None:
        raise Http404
    return kind


def _title(kind: ParameterKind, key: str) -> str:
    said = kind.title.of(_language())
    return f"{said} {key}" if key else said


def _address(kind: str, key: str) -> str:
    return reverse("lib:parameter", args=[kind]) + (f"?key={key}" if key else "")


def where_of(
    request: StaffRequest, kind: ParameterKind | None = None, key: str = "", last: str = ""
) -> list[dict[str, str]]:
    """Return where one is: the bank, the tab, the parameter, and the page itself."""
    found = [{"label": request.user.institution.short_name}]
    if kind is not None:
        found.append({"label": area_title(kind.area), "url": reverse(f"lib:{kind.area}")})
        found.append({"label": _title(kind, key), "url": _address(kind.code, key)})
    if last:
        found.append({"label": last})
    else:
        found[-1].pop("url", None)
    return found


# --- Lists ----------------------------------------------------------------------------------------------------------


@allow(MANAGER)
@require_GET
def parameter_list(request: StaffRequest, area: str) -> HttpResponse:
    """The parameters of a tab: version in force, the next one, drafts on their way."""
    group, language = Area(area), _language()
    found = shown.lines(request.user.institution_id, group)
    page = Paginator(found, ON_PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "kind": line.kind.title.of(language),
            "note": line.kind.note.of(language),
            "title": line.title(language),
            "url": _address(line.kind.code, line.key),
            "line": line,
        }
        for line in page
    ]
    context = {
        "where": where_of(request, last=area_title(group)),
        "title": area_title(group),
        "page": page,
        "rows": rows,
        "several": [
            {
                "code": kind.code,
                "title": kind.title.of(language),
                "label": kind.key_label.of(language),
                "note": kind.key_note.of(language),
            }
            for kind in kinds(group)
            if kind.key_label.zh
        ],
    }
    return render(request, "lib/parameter_list.html", context)


@allow(MANAGER)
@require_GET
def release_list(request: StaffRequest) -> HttpResponse:
    """What waits for a second person, what is being drafted, what takes effect soon, and every version released."""
    institution = request.user.institution_id
    page = Paginator(shown.releases_for(institution), ON_PAGE).get_page(request.GET.get("page"))
    open_drafts = list(shown.drafts_for(institution))
    context = {
        "where": where_of(request, last=_("发布")),
        "waiting": [_draft_row(draft, request) for draft in open_drafts if draft.state == "submitted"],
        "in_hand": [_draft_row(draft, request) for draft in open_drafts if draft.is_in_hand],
        "coming": [_version_row(one, None) for one in shown.coming_for(institution)[:ON_PAGE]],
        "page": page,
        "versions": _version_rows(list(page)),
    }
    return render(request, "lib/release_list.html", context)


def _draft_row(draft: Any, request: StaffRequest) -> dict[str, Any]:
    return {
        "draft": draft,
        "title": _title(_kind(draft.kind), draft.key),
        "url": reverse("lib:parameter_draft", args=[draft.pk]),
        "is_own": draft.drafted_by_id == request.user.pk,
    }


def _version_rows(releases: Sequence[Any]) -> list[dict[str, Any]]:
    spans = shown.spans_of_all(releases)
    return [_version_row(one, spans.get(one.pk)) for one in releases]


def _version_row(release: Any, span: shown.Span | None) -> dict[str, Any]:
    return {
        "release": release,
        "span": span,
        "title": _title(_kind(release.kind), release.key),
        "url": reverse("lib:parameter_version", args=[release.pk]),
    }


@allow(MANAGER)
@require_GET
def parameter(request: StaffRequest, kind: str) -> HttpResponse:
    """One parameter: its drafts and every version with from when to when it held and what used it."""
    found, key, institution = _kind(kind), request.GET.get("key", ""), request.user.institution_id
    if bool(found.key_label.zh) != bool(key):
        raise Http404
    page = Paginator(shown.versions(institution, kind, key), ON_PAGE).get_page(request.GET.get("page"))
    own = list(page)
    uses = shown.uses_of(found, own)
    rows = _version_rows(own)
    for row in rows:
        row["uses"] = said_uses(uses[row["release"].pk])
    open_drafts = shown.drafts_for(institution).filter(kind=kind, key=key)
    if key and not own and not open_drafts:
        raise Http404
    context = {
        "where": where_of(request, found, key),
        "kind": found,
        "key": key,
        "title": _title(found, key),
        "note": found.note.of(_language()),
        "page": page,
        "versions": rows,
        "drafts": [_draft_row(draft, request) for draft in open_drafts],
        "counts_uses": bool(found.uses),
    }
    return render(request, "lib/parameter.html", context)


def said_uses(uses: Sequence[tuple[Any, int]]) -> list[tuple[str, int]]:
    """Return what depends on a version in the reader's language."""
    return [(title.of(_language()), count) for title, count in uses]


# --- One version ----------------------------------------------------------------------------------------------------


@allow(MANAGER)
@require_GET
def parameter_version(request: StaffRequest, pk: int) -> HttpResponse:
    """One version as people read it, what changed, who signed, what depends on it."""
    release = shown.open_release(request.user.institution_id, pk)
    kind, language = _kind(release.kind), _language()
    others = shown.versions(request.user.institution_id, release.kind, release.key).exclude(pk=pk)
    chosen = request.GET.get("against", "")
    against = shown.before(release)
    if chosen.isdigit() and len(chosen) < 19:
        against = others.filter(pk=int(chosen)).first()
        if against is None:
            raise Http404
    changes = kind.differences(against.document, release.document, language) if against else []
    context = {
        "where": where_of(request, kind, release.key, _("第 %(version)s 版") % {"version": release.version}),
        "title": _title(kind, release.key),
        "release": release,
        "span": shown.spans_of(request.user.institution_id, release.kind, release.key)[release.pk],
        "against": against,
        "others": others,
        "changes": [change.sentence(language) for change in changes],
        "content": kind.read(release.document, language),
        "uses": said_uses(shown.uses_of(kind, [release])[release.pk]),
        "url": _address(release.kind, release.key),
        "sheet": reverse(kind.sheet, args=["version", release.pk]) if kind.sheet else "",
    }
    return render(request, "lib/parameter_version.html", context)


@allow(MANAGER)
@require_GET
def version_file(request: StaffRequest, pk: int) -> HttpResponse:
    """A version as a JSON file."""
    release = shown.open_release(request.user.institution_id, pk)
    return _file(release.document, f"{release.kind}{'-' + release.key if release.key else ''}-v{release.version}.json")


@allow(MANAGER)
@require_GET
def draft_file(request: StaffRequest, pk: int) -> HttpResponse:
    """A draft as a JSON file."""
    draft = shown.open_draft(request.user.institution_id, pk)
    return _file(draft.document, f"{draft.kind}{'-' + draft.key if draft.key else ''}-draft-{draft.pk}.json")


def _file(document: Any, name: str) -> HttpResponse:
    response = HttpResponse(form.as_text(document), content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["Cache-Control"] = "private, no-store"
    return response


# --- One draft ------------------------------------------------------------------------------------------------------


@allow(MANAGER)
@require_POST
def draft_begin(request: StaffRequest) -> HttpResponse:
    """Begin a draft of a parameter with the content of its newest version."""
    kind, key = _kind(request.POST.get("kind", "")), request.POST.get("key", "").strip()
    try:
        draft = drafts.begin(by=request.user, post_id=request.post.pk, kind=kind, key=key)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(reverse(f"lib:{kind.area}"))
    return redirect("lib:draft_edit", pk=draft.pk)


@allow(MANAGER)
@require_GET
def parameter_draft(request: StaffRequest, pk: int) -> HttpResponse:
    """A draft with what it changes, what is still wrong, what the reader may do, and everything that happened to it."""
    draft = shown.open_draft(request.user.institution_id, pk)
    kind, language = _kind(draft.kind), _language()
    base = draft.base
    changes = kind.differences(base.document, draft.document, language) if base else []
    wrong = kind.found(draft.document, drafts.about(draft)) if draft.is_open else []
    context = {
        "where": where_of(request, kind, draft.key, _("草稿")),
        "title": _title(kind, draft.key),
        "draft": draft,
        "base": base,
        "changes": [change.sentence(language) for change in changes],
        "content": kind.read(draft.document, language),
        "problems": [
            {"place": kind.place(draft.document, one, language), "text": one.words.of(language)} for one in wrong
        ],
        "hindrances": drafts.hindrances(draft) if draft.is_open else [],
        "warnings": [one.of(language) for one in kind.warnings(draft.document)] if draft.is_open and not wrong else [],
        "is_own": draft.drafted_by_id == request.user.pk,
        "uses": said_uses(shown.uses_of(kind, [base])[base.pk]) if base else [],
        "trail": _trail(draft),
        "tried": list(kind.tried(draft)),
        "can_be_tried": kind.tried is not nothing_tried,
        "preview": reverse(kind.preview, args=[draft.pk]) if kind.preview else "",
        "sheet": reverse(kind.sheet, args=["draft", draft.pk]) if kind.sheet else "",
        "coming": shown.coming_of(draft) if draft.is_open else [],
    }
    return render(request, "lib/parameter_draft.html", context)


def _trail(draft: Any) -> list[dict[str, Any]]:
    words = {
        "parameter_drafted": (_("起草"), "pencil"),
        "parameter_saved": (_("保存修改"), "save"),
        "parameter_submitted": (_("提交发布"), "send"),
        "parameter_withdrawn": (_("撤回"), "x"),
        "parameter_returned": (_("退回"), "returned"),
        "parameter_released": (_("发布"), "release"),
    }
    found = []
    for event in shown.trail(draft):
        title, icon = words.get(event.verb, (event.verb, "check"))
        text = _("第 %(version)s 版") % {"version": event.detail["version"]} if "version" in event.detail else ""
        found.append(
            {"title": title, "icon": icon, "at": event.at, "by": event.staff.name if event.staff else "", "text": text}
        )
    return found


@allow(MANAGER)
def draft_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Edit a draft: by fields where the kind describes its document, or as JSON; everything typed survives an error."""
    draft = shown.open_draft(request.user.institution_id, pk)
    kind = _kind(draft.kind)
    if not draft.is_in_hand or draft.drafted_by_id != request.user.pk:
        if request.method == "POST":
            messages.error(request, _("只有起草人在提交之前可以修改。"))
        return redirect("lib:parameter_draft", pk=pk)
    if kind.editor:
        return redirect(kind.editor, pk)
    if request.method == "POST":
        return _edited(request, draft, kind)
    state = {
        "document": draft.document,
        "note": draft.note,
        "effective_on": draft.effective_on.isoformat() if draft.effective_on else "",
        "seen": draft.revision,
    }
    wrong = kind.found(draft.document, drafts.about(draft)) if draft.revision > 1 else []
    return _editor(request, draft, kind, state, wrong)


def _edited(request: StaffRequest, draft: Any, kind: ParameterKind) -> HttpResponse:
    step, errors = request.POST.get("do", "save"), {}
    seen = request.POST.get("seen", "")
    state: dict[str, Any] = {
        "note": request.POST.get("note", "").strip(),
        "effective_on": request.POST.get("effective_on", "").strip(),
        "seen": int(seen) if seen.isdigit() and len(seen) < 9 else 0,
        "json": "",
    }
    shape = kind.shape
    document = form.typed(shape, dict(request.POST.lists())) if shape is not None else draft.document
    if step == "json" or (shape is None and step == "save"):
        state["json"] = text_sent(request)
        try:
            document = form.parsed(state["json"])
        except form.Unreadable as error:
            errors["json"] = error.words.of(_language())
        else:
            state["json"] = "" if shape is not None else state["json"]
    elif shape is not None and step != "save":
        state["document"] = form.arranged(shape, document, step)
        return _editor(request, draft, kind, state, ())
    state["document"] = document
    day = day_typed(state["effective_on"])
    if day is None and state["effective_on"]:
        errors["effective_on"] = _("请写成 2026-12-01 这样的日期")
    elif day is not None and day < clock.today():
        errors["effective_on"] = _("只能是今天或以后")
    if len(state["note"]) > 500:
        errors["note"] = _("最多 500 个字")
    if not errors:
        try:
            saved = drafts.save(
                by=request.user,
                post_id=request.post.pk,
                draft=draft,
                document=document,
                note=state["note"],
                effective_on=day,
                seen=state["seen"],
            )
        except Refused as refusal:
            errors["refused"] = str(refusal)
            state["seen"] = shown.open_draft(request.user.institution_id, draft.pk).revision
        else:
            wrong = kind.found(saved.document, drafts.about(saved))
            if not wrong:
                return redirect("lib:parameter_draft", pk=draft.pk)
            state["seen"], state["saved"] = saved.revision, True
            return _editor(request, saved, kind, state, wrong, status=422)
    return _editor(request, draft, kind, state, kind.found(document, drafts.about(draft)), errors, 422)


def text_sent(request: StaffRequest) -> str:
    """Return the pasted text, or that of the uploaded file; what is no text reads as replacement characters."""
    uploaded = request.FILES.get("file")
    if uploaded is None:
        return request.POST.get("json", "")
    return str(uploaded.read(LARGEST_FILE + 1).decode("utf-8", "replace"))  # type: ignore[union-attr]


def day_typed(text: str) -> date | None:
    """Return the day a date field sent, None when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _editor(
    request: StaffRequest,
    draft: Any,
    kind: ParameterKind,
    state: dict[str, Any],
    wrong: Sequence[Problem],
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    language, shape = _language(), kind.shape
    tree = form.fields(shape, state["document"], wrong, language) if shape is not None else None
    members = tree["members"] if tree else []
    context = {
        "where": where_of(request, kind, draft.key, _("修改草稿")),
        "title": _title(kind, draft.key),
        "draft": draft,
        "base": draft.base,
        "today": clock.today(),
        "note": state["note"],
        "effective_on": state["effective_on"],
        "seen": state["seen"],
        "saved": state.get("saved", False),
        "errors": errors or {},
        "count": len(wrong),
        "json": state.get("json") or ("" if shape is not None else form.as_text(state["document"])),
        "tree": tree,
        "plain": [part for part in members if part["is"] not in PARTS],
        "parts": [part for part in members if part["is"] in PARTS],
        "problems": [{"place": one.place, "text": one.words.of(language)} for one in wrong],
    }
    return render(request, "lib/parameter_edit.html", context, status=status)


# --- Steps ----------------------------------------------------------------------------------------------------------


def _step(request: StaffRequest, pk: int, done: str, step: Callable[[Any], object]) -> HttpResponse:
    """Carry out a step on a draft and say what it did, or why it was refused; back on its page."""
    draft = shown.open_draft(request.user.institution_id, pk)
    try:
        step(draft)
        messages.success(request, done)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("lib:parameter_draft", pk=pk)


@allow(MANAGER)
@require_POST
def draft_submit(request: StaffRequest, pk: int) -> HttpResponse:
    """Hand a draft to the other parameter manager."""
    step = drafts.submit
    return _step(
        request,
        pk,
        _("已提交，等另一位参数管理岗发布。"),
        lambda draft: step(by=request.user, post_id=request.post.pk, draft=draft),
    )


@allow(MANAGER)
@require_POST
def draft_withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    """Give one's draft up."""
    step = drafts.withdraw
    return _step(request, pk, _("已撤回。"), lambda draft: step(by=request.user, post_id=request.post.pk, draft=draft))


@allow(MANAGER)
@require_POST
def draft_release(request: StaffRequest, pk: int) -> HttpResponse:
    """Release the draft of another."""
    step = drafts.release
    return _step(request, pk, _("已发布。"), lambda draft: step(by=request.user, post_id=request.post.pk, draft=draft))


@allow(MANAGER)
@require_POST
def draft_return(request: StaffRequest, pk: int) -> HttpResponse:
    """Return the draft of another with a reason."""
    reason = request.POST.get("reason", "")
    return _step(
        request,
        pk,
        _("已退回起草人。"),
        lambda draft: drafts.send_back(by=request.user, post_id=request.post.pk, draft=draft, reason=reason),
    )
