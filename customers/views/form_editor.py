"""The editor of collection forms: the draft as steps, sections and fields, one page for each part, and its preview."""

from typing import Any

from csp.constants import SELF
from csp.decorators import csp_replace
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods

from config.lib import clock
from config.lib.access import allow
from config.lib.parameters import drafts, form, shown
from config.lib.parameters.drafts import Refused
from config.lib.parameters.kinds import find
from config.lib.parameters.views import day_typed, said_uses, text_sent, where_of
from config.lib.requests import StaffRequest
from customers.domain.form import arranging, read_form, sheet, succession
from customers.domain.form.consumers import unasked
from customers.domain.form.definition import Form
from customers.forms import form_parts
from customers.forms.form_parts import Part
from customers.forms.items import language
from customers.forms.specimen import specimen
from customers.selectors import forms
from grids.access import PostKind

MOST_NOTE = 500


def _open(request: StaffRequest, pk: int) -> Any:
    draft = shown.open_draft(request.user.institution_id, pk)
    if draft.kind != forms.KIND:
        raise Http404
    return draft


def _elsewhere(request: StaffRequest, draft: Any) -> HttpResponse | None:
    """Lead who may not edit a draft to its page."""
    if draft.is_in_hand and draft.drafted_by_id == request.user.pk:
        return None
    if request.method == "POST":
        messages.error(request, _("只有起草人在提交之前可以修改。"))
    return redirect("lib:parameter_draft", pk=draft.pk)


def _document(draft: Any) -> dict[str, Any]:
    return draft.document if isinstance(draft.document, dict) else {}


def _before(draft: Any) -> Any:
    """The edition before: what it holds may be retired, never deleted."""
    found = forms.edition_before(draft.institution_id, draft.key)
    return found.document if found is not None else None


# --- The whole form ---------------------------------------------------------------------------------------------------


@allow(PostKind.PARAMETER_MANAGER)
@require_http_methods(["GET", "POST"])
def form_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """The draft as steps, sections and fields; every step on it saves what was typed about the form beside it."""
    draft = _open(request, pk)
    if elsewhere := _elsewhere(request, draft):
        return elsewhere
    before = _before(draft)
    if request.method == "POST":
        return _edited(request, draft, before)
    state = {
        "note": draft.note,
        "effective_on": draft.effective_on.isoformat() if draft.effective_on else "",
        "seen": draft.revision,
    }
    return _sheet_page(request, draft, before, _document(draft), state, {})


def _edited(request: StaffRequest, draft: Any, before: Any) -> HttpResponse:
    step, errors = request.POST.get("do", "save"), {}
    state: dict[str, Any] = {
        "note": request.POST.get("note", "").strip(),
        "effective_on": request.POST.get("effective_on", "").strip(),
        "seen": _seen(request),
        "json": "",
    }
    document: Any = form_parts.typed_heading(_document(draft), dict(request.POST.lists()), is_first=before is None)
    to = ""
    if step == "json":
        state["json"] = text_sent(request)
        try:
            document = form.parsed(state["json"])
        except form.Unreadable as error:
            errors["json"] = error.words.of(language())
    else:
        document, to = _arranged(request, draft, document, step)
    day = day_typed(state["effective_on"])
    if day is None and state["effective_on"]:
        errors["effective_on"] = _("请写成 2026-12-01 这样的日期")
    elif day is not None and day < clock.today():
        errors["effective_on"] = _("只能是今天或以后")
    if len(state["note"]) > MOST_NOTE:
        errors["note"] = _("最多 500 个字")
    if errors:
        typed = document if isinstance(document, dict) else {}
        return _sheet_page(request, draft, before, typed, state, errors, 422)
    try:
        saved = _save(request, draft, document, state["note"], day, state["seen"])
    except Refused as refusal:
        errors["refused"] = str(refusal)
        draft = _open(request, draft.pk)
        state["seen"] = draft.revision
        return _sheet_page(request, draft, before, _kept(draft, document, step), state, errors, 422)
    if step != "save":
        return HttpResponseRedirect(to or reverse("customers:form_edit", args=[draft.pk]))
    if not forms.faults_after(before, document):
        return redirect("lib:parameter_draft", pk=draft.pk)
    state["seen"], state["saved"] = saved.revision, True
    return _sheet_page(request, saved, before, _document(saved), state, {}, 422)


def _kept(draft: Any, typed: Any, step: str) -> dict[str, Any]:
    """After another window saved: its parts, with what was typed here about the form itself."""
    mine: dict[str, Any] = typed if isinstance(typed, dict) and step != "json" else {}
    names = ("zh", "en", "subject", "fits")
    return _document(draft) | {name: mine[name] for name in names if name in mine}


def _arranged(request: StaffRequest, draft: Any, document: dict[str, Any], step: str) -> tuple[Any, str]:
    """Return the document after one step, and where to go from there."""
    verb, _colon, path = step.partition(":")
    home = reverse("customers:form_edit", args=[draft.pk])
    there = f"{home}#{_anchor(path)}" if path else home
    match verb:
        case "up" | "down":
            return arranging.moved(
                document, path, -1 if verb == "up" else 1
            ), f"{home}#{_anchor(path.rpartition('.')[0])}"
        case "remove":
            return arranging.removed(document, path), f"{home}#{_anchor(path.rpartition('.fields')[0])}"
        case "retire" | "restore":
            return arranging.retired(document, path, back=verb == "restore"), there
        case "add_step":
            document, path = arranging.with_step(document)
        case "add_section":
            document, path = arranging.with_section(document, path)
        case "add_field":
            document, path = arranging.with_field(document, path)
        case "copy":
            held = {str(one.pk): one for one in forms.starts(draft.institution_id)}
            return (held[path].document if path in held else document), home
        case _:
            return document, home
    return document, f"{reverse('customers:form_part', args=[draft.pk])}?at={path}"


def _anchor(path: str) -> str:
    return "part-" + path.replace(".", "-")


def _seen(request: StaffRequest) -> int:
    seen = request.POST.get("seen", "")
    return int(seen) if seen.isdigit() and len(seen) < 9 else 0


def _save(request: StaffRequest, draft: Any, document: Any, note: str, day: Any, seen: int) -> Any:
    return drafts.save(
        by=request.user,
        post_id=request.post.pk,
        draft=draft,
        document=document,
        note=note,
        effective_on=day,
        seen=seen,
    )


def _sheet_page(
    request: StaffRequest,
    draft: Any,
    before: Any,
    document: dict[str, Any],
    state: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
) -> HttpResponse:
    words = language()
    faults = forms.faults_after(before, document) if document else []
    laid = sheet.laid_out(document, faults, succession.released(before), words)
    shape = form_parts.heading_of(document, is_first=before is None)
    told = form_parts.problems_at("", faults)
    heading = form.fields(shape, document, [one for one in told if one.path], words)
    own = {one.words.of(words) for one in told if one.path}
    is_empty = not document.get("sections")
    context = {
        "where": _where(request, draft, _("修改草稿")),
        "title": _title(draft, words),
        "draft": draft,
        "base": draft.base,
        "today": clock.today(),
        **state,
        "errors": errors,
        "count": len(faults),
        "pages": laid.pages,
        "loose": [one for one in laid.errors if one not in own],
        "heading": heading,
        "is_empty": is_empty,
        "starts": [(one.pk, _named(one, words)) for one in forms.starts(draft.institution_id)] if is_empty else [],
        "coming": shown.coming_of(draft),
    }
    return render(request, "customers/form_edit.html", context, status=status)


def _named(release: Any, words: str) -> str:
    return str(release.document.get("en" if words.startswith("en") else "zh") or release.key)


def _title(draft: Any, words: str) -> str:
    document = _document(draft)
    said = str(document.get("en" if words.startswith("en") else "zh") or "")
    return said or f"{_('采集表')} {draft.key}"


def _where(request: StaffRequest, draft: Any, last: str, *, part: bool = False) -> list[dict[str, str]]:
    kind = find(draft.kind)
    found = where_of(request, kind, draft.key, last)
    if part:
        found.insert(-1, {"label": _("修改草稿"), "url": reverse("customers:form_edit", args=[draft.pk])})
    return found


# --- One part ---------------------------------------------------------------------------------------------------------


@allow(PostKind.PARAMETER_MANAGER)
@require_http_methods(["GET", "POST"])
def form_part(request: StaffRequest, pk: int) -> HttpResponse:
    """One step, section or field of a draft; rows of options are arranged without saving."""
    draft = _open(request, pk)
    if elsewhere := _elsewhere(request, draft):
        return elsewhere
    document, path = _document(draft), request.GET.get("at", "")
    if request.method == "POST":  # another window may have moved it since
        path = form_parts.found_again(document, path, request.POST.get("was", ""))
    before = _before(draft)
    part = form_parts.part_of(document, path, before)
    if part is None:
        messages.error(request, _("这一部分已经不在草稿里。"))
        return redirect("customers:form_edit", pk=pk)
    if request.method == "POST":
        return _part_edited(request, draft, before, part)
    shape = form_parts.shape_of(document, part)
    wrong = form_parts.problems_at(path, forms.faults_after(before, document)) if part.record.get("zh") else []
    return _part_page(
        request, draft, before, part, {"seen": draft.revision, "record": part.record, "shape": shape}, wrong
    )


def _part_edited(request: StaffRequest, draft: Any, before: Any, part: Part) -> HttpResponse:
    document, step = _document(draft), request.POST.get("do", "save")
    shape, record = form_parts.typed_part(document, part, dict(request.POST.lists()))
    state: dict[str, Any] = {"seen": _seen(request), "record": record, "shape": shape}
    if step != "save":
        if step != "refresh":
            state["record"] = form.arranged(shape, record, step)
        return _part_page(request, draft, before, part, state, ())
    changed = arranging.replaced(document, part.path, record)
    wrong = form_parts.problems_at(part.path, forms.faults_after(before, changed))
    try:
        saved = _save(request, draft, changed, draft.note, draft.effective_on, state["seen"])
    except Refused as refusal:
        state["refused"], state["seen"] = str(refusal), _open(request, draft.pk).revision
        return _part_page(request, draft, before, part, state, wrong, 422)
    if not wrong:
        return HttpResponseRedirect(f"{reverse('customers:form_edit', args=[draft.pk])}#{_anchor(part.path)}")
    state["seen"], state["saved"] = saved.revision, True
    return _part_page(request, saved, before, part, state, wrong, 422)


def _part_page(
    request: StaffRequest,
    draft: Any,
    before: Any,
    part: Part,
    state: dict[str, Any],
    wrong: Any,
    status: int = 200,
) -> HttpResponse:
    words = language()
    tree = form.fields(state["shape"], state["record"], wrong, words)
    members = {one["name"]: one for one in tree["members"]}
    options = members.pop("options", None)
    if options is not None:
        _mark_released(options, part, succession.released(before))
    names = {
        "sort": sheet.type_of(part.record, words) if part.is_field else "",
        "kind": _("步骤") if part.is_step else _("项目") if part.is_field else _("部分"),
        "name": sheet.said(part.record, words) or str(part.record.get("code") or ""),
    }
    context = {
        "where": _where(request, draft, names["name"], part=True),
        "draft": draft,
        "part": part,
        "names": names,
        "section": sheet.said(part.section, words) if part.is_field else "",
        "seen": state["seen"],
        "saved": state.get("saved", False),
        "refused": state.get("refused", ""),
        "count": len(wrong),
        "errors": tree["errors"],
        "plain": [one for one in members.values() if one["is"] not in ("group", "rows", "items")],
        "texts": [one for one in members.values() if one["is"] == "group" and one["name"] != "shown_if"],
        "condition": members.get("shown_if"),
        "options": options,
        "readers": sheet.readers_of(part.section, part.record, words) if part.is_field else [],
        "back": f"{reverse('customers:form_edit', args=[draft.pk])}#{_anchor(part.path)}",
    }
    return render(request, "customers/form_part.html", context, status=status)


def _mark_released(options: dict[str, Any], part: Part, known: frozenset[str]) -> None:
    """Options of the edition before keep their code and are retired, not deleted."""
    for row in options["members"]:
        row["cells"] = {one["name"].rpartition(".")[2]: one for one in row["members"]}
        row["is_released"] = succession.name_of(part.section, part.record, str(row["cells"]["code"]["value"])) in known


# --- Preview ----------------------------------------------------------------------------------------------------------


@allow(PostKind.PARAMETER_MANAGER)
@require_GET
def form_preview(request: StaffRequest, pk: int) -> HttpResponse:
    """The page officers will see, on a phone and on a desktop; what a complete file needs; what changed and what depends on it."""
    draft, words = _open(request, pk), language()
    kind = find(draft.kind)
    document = _document(draft)
    asked, faults = read_form(document)
    base = draft.base
    changes = kind.differences(base.document, document, words) if base and kind else []
    lost = unasked(read_form(base.document)[0], asked) if base else []
    width = "desktop" if request.GET.get("width") == "desktop" else "phone"
    context = {
        "where": _where(request, draft, _("预览")),
        "title": _title(draft, words),
        "draft": draft,
        "base": base,
        "count": len(faults),
        "is_own": draft.is_in_hand and draft.drafted_by_id == request.user.pk,
        "width": width,
        "minimum": _minimum(asked, words),
        "changes": [one.sentence(words) for one in changes],
        "lost": [(one.label(words), [who.of(words) for who in readers]) for one, readers in lost],
        "uses": said_uses(shown.uses_of(kind, [base])[base.pk]) if base and kind else [],
    }
    return render(request, "customers/form_preview.html", context)


@allow(PostKind.PARAMETER_MANAGER)
@require_GET
@xframe_options_sameorigin
@csp_replace({"frame-ancestors": [SELF]})  # type: ignore[arg-type]
def form_sheet(request: StaffRequest, pk: int) -> HttpResponse:
    """The visit page drawn from a draft with made-up people, framed by its preview; it has nothing that could be sent."""
    draft = _open(request, pk)
    asked, _wrong = read_form(_document(draft))
    return render(request, "customers/form_sheet.html", specimen(asked))


def _minimum(asked: Form, words: str) -> list[tuple[str, list[str]]]:
    """What a complete file needs, section by section."""
    found: list[tuple[str, list[str]]] = []
    for section in asked.sections:
        needed = [
            one.words.label(words) + (_("（户主、借款人及其配偶）") if one.needed == "couple" else "")
            for one in section.fields
            if one.needed or (section.needed and one.required)
        ]
        if needed or section.needed:
            found.append((section.words.label(words), needed))
    return found
