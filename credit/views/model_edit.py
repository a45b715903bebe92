"""The editor of credit models: the draft part by part as tables, checked while one types; the common drafts keep it."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from config.lib import clock
from config.lib.access import allow
from config.lib.parameters import drafts, form, shown
from config.lib.parameters.drafts import Refused
from config.lib.parameters.views import day_typed, text_sent
from config.lib.requests import StaffRequest
from credit.domain.model.problems import Problem
from credit.domain.model_form import PART_NAMES, Drawn, arranged, part_of, parts, typed
from credit.domain.model_form.parts import dotted
from credit.selectors import laboratory
from credit.selectors.explained_model import language
from credit.selectors.laboratory import DRAFT, Text
from credit.views.laboratory import opened, page_of
from grids.access import PostKind

RELEASE, JSON = "release", "json"
MOST_NOTE = 500


def _elsewhere(request: StaffRequest, text: Text) -> HttpResponse | None:
    """Lead who may not change a draft to its page."""
    if text.is_in_hand_of(request.user.pk):
        return None
    if request.method == "POST":
        messages.error(request, _("只有起草人在提交之前可以修改。"))
    return redirect("lib:parameter_draft", pk=text.pk)


def _part(request: StaffRequest, document: dict[str, Any]) -> str:
    part = request.GET.get("part", "")
    if part in (*parts(), RELEASE, JSON):
        return part
    if part:
        raise Http404
    return "about" if document else JSON


def _address(pk: int, part: str) -> str:
    return f"{reverse('credit:model_edit', args=[pk])}?part={part}"


@allow(PostKind.PARAMETER_MANAGER)
@require_http_methods(["GET", "POST"])
def model_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """One part of a draft as tables; rows are arranged without saving, saving checks the whole."""
    text = opened(request, DRAFT, pk)
    if elsewhere := _elsewhere(request, text):
        return elsewhere
    part = _part(request, text.document)
    if request.method == "POST":
        return _edited(request, text, part)
    return _page(request, text, part, text.document, {"seen": text.row.revision})  # type: ignore[union-attr]


def _edited(request: StaffRequest, text: Text, part: str) -> HttpResponse:
    step = request.POST.get("do", "save")
    errors: dict[str, str] = {}
    seen = request.POST.get("seen", "")
    draft: Any = text.row
    state: dict[str, Any] = {"seen": int(seen) if seen.isdigit() and len(seen) < 9 else 0}
    document, note, day = text.document, draft.note, draft.effective_on
    if part == JSON:
        document = _whole(request, text, step, state, errors)
    elif part == RELEASE:
        state |= {"note": request.POST.get("note", "").strip(), "on": request.POST.get("effective_on", "").strip()}
        note, day = state["note"], day_typed(state["on"])
        errors |= _release_errors(state)
    else:
        document = typed(part, dict(request.POST.lists()), document)
        if step != "save":
            return _page(request, text, part, arranged(document, step), state)
    if errors:
        return _page(request, text, part, document, state | {"errors": errors}, 422)
    try:
        saved = drafts.save(
            by=request.user, post_id=request.post.pk, draft=draft, document=document, note=note, effective_on=day,
            seen=state["seen"],
        )  # fmt: skip
    except Refused as refusal:
        state |= {"errors": {"refused": str(refusal)}, "seen": opened(request, DRAFT, text.pk).row.revision}  # type: ignore[union-attr]
        return _page(request, text, part, document, state, 422)
    kept = Text(saved)
    problems = kept.problems if document == kept.document else laboratory.problems_of(document)
    here = [one for one in problems if part in parts() and part_of(dotted(one.path) or "") == part]
    if here:
        return _page(request, kept, part, document, {"seen": saved.revision, "saved": True}, 422)
    messages.success(request, _("已保存。") if problems else _("已保存，内容没有问题。"))
    return HttpResponseRedirect(_address(text.pk, "about" if part == JSON else part))


def _whole(request: StaffRequest, text: Text, step: str, state: dict[str, Any], errors: dict[str, str]) -> Any:
    """The whole document at once: pasted, uploaded, blank, or a copy of a released model."""
    verb, _colon, chosen = step.partition(":")
    if verb == "blank":
        return laboratory.blank(text.key)
    if verb == "scheme":
        scheme = next((one for one in laboratory.schemes() if one.name == chosen), None)
        if scheme is not None:
            return {**scheme.document, "code": text.key}
        errors["refused"] = _("没有这个版本，请重新选择")
        return text.document
    if verb == "copy":
        found = laboratory.starts(request.user.institution_id, text.row.key)
        source = next((one for one in found if str(one.pk) == chosen), None)
        if source is not None:
            return {**source.document, "code": text.key}
        errors["refused"] = _("没有这个版本，请重新选择")
        return text.document
    state["json"] = text_sent(request)
    try:
        document = form.parsed(state["json"])
    except form.Unreadable as error:
        errors["json"] = error.words.of(language())
        return text.document
    if not isinstance(document, dict):
        errors["json"] = _("内容应是一份模型文档")
        return text.document
    return document


def _release_errors(state: dict[str, Any]) -> dict[str, str]:
    errors = {}
    day = day_typed(state["on"])
    if day is None and state["on"]:
        errors["effective_on"] = _("请写成 2026-12-01 这样的日期")
    elif day is not None and day < clock.today():
        errors["effective_on"] = _("只能是今天或以后")
    if len(state["note"]) > MOST_NOTE:
        errors["note"] = _("最多 500 个字")
    return errors


@allow(PostKind.PARAMETER_MANAGER)
@require_POST
def model_check(request: StaffRequest, pk: int) -> HttpResponse:
    """What is wrong with a part as it is typed, for the cells on the page; nothing is saved."""
    text = opened(request, DRAFT, pk)
    if not text.is_in_hand_of(request.user.pk):
        raise Http404
    part = _part(request, text.document)
    if part not in parts():
        raise Http404
    document = typed(part, dict(request.POST.lists()), text.document)
    problems = laboratory.problems_of(document)
    context = {"drawn": Drawn(part, document, problems, language()), "others": _others(text.pk, problems, part)}
    return render(request, "credit/_model_checked.html", context)


def _others(pk: int, problems: Sequence[Problem], here: str) -> list[dict[str, Any]]:
    """The parts of a draft with how many things are wrong in each."""
    index = 1 if language() == "en" else 0
    counts: dict[str, int] = {}
    for problem in problems:
        wrong = part_of(dotted(problem.path) or problem.values.get("key", ""))
        counts[wrong] = counts.get(wrong, 0) + 1
    names = [*((part, PART_NAMES[part][index]) for part in parts()), (RELEASE, _("说明和生效")), (JSON, "JSON")]
    return [
        {
            "label": label,
            "url": _address(pk, part),
            "count": counts.get(part, 0),
            "is_here": part == here,
        }
        for part, label in names
    ]


def _page(
    request: StaffRequest, text: Text, part: str, document: dict[str, Any], state: dict[str, Any], status: int = 200
) -> HttpResponse:
    draft: Any = text.row
    # What the page says of the whole read the document already; another document is read once more, not for each use.
    problems = text.problems if document == text.document else laboratory.problems_of(document)
    context = page_of(request, text, "model_edit", _("修改草稿")) | {
        "part": part,
        "draft": draft,
        "others": _others(text.pk, problems, part),
        "seen": state["seen"],
        "saved": state.get("saved", False),
        "errors": state.get("errors", {}),
        "coming": shown.coming_of(draft),
    }
    if part == JSON:
        context |= {
            "json": state.get("json") or form.as_text(document),
            "starts": laboratory.starts(draft.institution_id, draft.key),
            "schemes": [one.row(language()) for one in laboratory.schemes()],
            "is_empty": not document,
        }
    elif part == RELEASE:
        on = draft.effective_on.isoformat() if draft.effective_on else ""
        context |= {"note": state.get("note", draft.note), "effective_on": state.get("on", on), "today": clock.today()}
    else:
        drawn = Drawn(part, document, problems if document else (), language())
        context |= {"drawn": drawn, "tree": drawn.tree}
    return render(request, "credit/model_edit.html", context, status=status)
