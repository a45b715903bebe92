"""Changes in the life of a household: what happened and what can be done, one form for each, and who confirms."""

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.lib import display
from config.lib.access import allow
from config.lib.requests import StaffRequest
from customers import access
from customers.domain import catalogue, household_life, life_words
from customers.domain.identity import mask_id, normalise_id
from customers.forms.items import language
from customers.forms.life import ACTIONS, NUMBER, LifeForm
from customers.selectors import life as selectors
from customers.selectors.visits import members
from customers.services import life
from grids.access import CUSTOMER_POSTS, PostKind

SEEING = frozenset(CUSTOMER_POSTS - {PostKind.LEADER})
_ICONS = {"move": "map-pin", "death": "user", "leave": "logout", "identity": "id"}


def labels() -> dict[str, tuple[str, str]]:
    """Return what each action is called and what it is for."""
    return {
        "split": (_("分户"), _("部分成员另立新户")),
        "merge": (_("并入他户"), _("全户并入另一户")),
        "move": (_("整户迁移"), _("全户迁到另一个网格")),
        "transfer": (_("成员迁移"), _("一位成员到另一户")),
        "marriage": (_("婚嫁"), _("婚入婚出，到配偶的户")),
        "death": (_("成员身故"), _("登记成员身故")),
        "head": (_("更换户主"), _("在户成员中换一位")),
        "borrower": (_("变更借款人"), _("一户只有一位借款人")),
        "rejoin": (_("成员返回"), _("离户成员回到本户")),
        "identity": (_("更正身份信息"), _("姓名、性别、生日、手机号")),
        NUMBER: (_("更正身份证号"), _("由支行行长确认")),
        "leave": (_("全户离册"), _("全户迁出或身故")),
        "return": (_("返回"), _("离册的户重新在册")),
    }


def _consequences(action: str) -> list[str]:
    stays = _("已有走访、档案和评议留在原户，采集责任不变。")
    both = _("由双方支行行长确认后生效；同一支行的，一位行长确认即可。")
    one = _("由支行行长确认后生效。")
    lists = _("这位成员的名单记录随人走，原户不再受影响。")
    return {
        "split": [_("新户沿用原户的组和住址，先按散户计，等下次名册列入。"), stays, one],
        "merge": [_("成员全部到对方户，本户离册，原因记为并户。"), stays, both],
        "move": [_("全户的走访、档案、名单和额度记录一起归新网格管；以前的报表不变。"), both],
        "transfer": [lists, stays, both],
        "marriage": [lists, stays, both],
        "death": [_("此人记为离户；是借款人的，借款人变为未确定。"), _("提交后立即生效。")],
        "head": [_("其他成员与户主的关系随之改写，请在下面核对。"), _("提交后立即生效。")],
        "borrower": [_("额度属于全户，不随借款人改变；已有额度的，请尽快重新面签。"), _("提交后立即生效。")],
        "rejoin": [_("还是原来的人，证件和历史都在，不用重新登记。"), _("提交后立即生效。")],
        "identity": [_("更正前的内容留在历史里。"), _("提交后立即生效。")],
        NUMBER: [_("更正前的号码加密留在历史里。"), one],
        "leave": [_("离册后不再计入名册，档案保留，可以办理返回。"), one],
        "return": [_("还是原来的户，档案和历史接着用。"), one],
    }[action]


def _consequences_of_move() -> list[str]:
    return [
        _("走访、档案和名单一起归新网格管，以前的报表不变。"),
        _("由双方支行行长确认后生效；同一支行的，一位行长确认即可。"),
    ]


@allow(*SEEING)
@require_GET
def household_life_page(request: StaffRequest, pk: int) -> HttpResponse:
    """What happened to a household, where it came from and its parts went, and what can be done."""
    home = access.open_household(request.post, pk)
    if access.is_hidden(request.post, pk):
        raise Http404
    came, went = selectors.graph_of(home)
    is_officer = request.post.kind == PostKind.OFFICER
    events = selectors.events_of(home)
    waits = any(event.state == event.State.PROPOSED and event.subject_id == home.pk for event in events)
    context = {
        "where": [{"label": home.grid.name}, _crumb(home), {"label": _("家庭变动")}],
        "home": home,
        "events": [_line(event, home.pk) for event in events],
        "came": came,
        "went": went,
        "drawing": _drawing(home, came, went),
        "actions": _actions(home) if is_officer and not waits else [],
        "asked": selectors.moves_asked(home) if is_officer and not waits else [],
        "waits": waits,
    }
    return render(request, "customers/life.html", context)


def _crumb(home: Any) -> dict[str, str]:
    return {
        "label": home.head.name if home.head else home.number,
        "url": reverse("customers:household", args=[home.pk]),
    }


def _actions(home: Any) -> list[dict[str, str]]:
    wanted = ["return"] if home.subject.left_on else [one for one in ACTIONS if one != "return"]
    named = labels()
    return [
        {
            "label": named[one][0],
            "text": named[one][1],
            "url": reverse("customers:life_change", args=[home.pk, one]),
        }
        for one in wanted
    ]


def _line(event: Any, pk: int) -> dict[str, Any]:
    """An event as the timeline writes it."""
    parts = [display.day(event.on), event.reason]
    if event.person is not None and event.person.name:
        parts.insert(0, event.person.name)
    if event.answer:
        parts.append(event.answer)
    tones = {"proposed": "wait", "done": "good"}
    return {
        "at": event.done_at or event.ended_at or event.proposed_at,
        "title": event.get_kind_display()
        if event.subject_id == pk
        else _("接收：%(kind)s") % {"kind": event.get_kind_display()},
        "by": event.proposed_by.name,
        "text": " · ".join(parts),
        "icon": _ICONS.get(event.kind, "people"),
        "badge": event.get_state_display(),
        "tone": tones.get(event.state, "neutral"),
        "url": reverse("customers:life_event", args=[event.pk]),
    }


# --- The graph: sources above, this household in the middle, where parts went below -----------------------------------

_WIDE, _HIGH, _GAP = 360, 46, 26


def _drawing(home: Any, came: list[Any], went: list[Any]) -> dict[str, Any] | None:
    if not came and not went:
        return None
    step = _HIGH + _GAP
    boxes, lines = [], []
    middle = len(came) * step

    def box(node: Any, y: int) -> dict[str, Any]:
        name = node.label or _("别的网格的一户")
        return {
            "y": y,
            "text_y": y + 19,
            "note_y": y + 36,
            "name": name,
            "note": f"{node.event.get_kind_display()} {display.day(node.event.on)}",
        }

    for i, node in enumerate(came):
        boxes.append(box(node, i * step))
        lines.append({"x": 20 + 12 * i, "from": i * step + _HIGH, "to": middle})
    head = f"{home.head.name if home.head else ''} {home.number}".strip()
    boxes.append(
        {"y": middle, "text_y": middle + 19, "note_y": middle + 36, "name": head, "note": _("本户"), "own": True}
    )
    for i, node in enumerate(went):
        y = middle + (i + 1) * step
        boxes.append(box(node, y))
        lines.append({"x": _WIDE - 20 - 12 * i, "from": middle + _HIGH, "to": y})
    height = middle + (len(went) + 1) * step - _GAP
    return {"boxes": boxes, "lines": lines, "width": _WIDE, "height": height, "box_height": _HIGH}


# --- One change -------------------------------------------------------------------------------------------------------


@allow(PostKind.OFFICER)
@require_http_methods(["GET", "POST"])
@never_cache
def change(request: StaffRequest, pk: int, action: str) -> HttpResponse:
    """Fill in a change, look at what follows from it, and send it."""
    home = access.open_household(request.post, pk)
    if action not in ACTIONS or (action == "return") != bool(home.subject.left_on):
        raise Http404
    present, former = members(home), selectors.former_members(home)
    grids = selectors.active_grids(request.post)
    form = LifeForm(action, home, present, former, grids, request.POST or None, _asked(request, home, action))
    step = request.POST.get("step", "")
    if request.method == "GET" or not form.is_valid():
        return _form(request, home, form)
    relations = _relations(request, form)
    try:
        if action in ("identity", NUMBER):
            if step != "send":
                return _review(request, home, form, {}, "")
            event = _correct(request, home, form)
        else:
            typed = form.change(relations)
            found, _home, told = life.reviewed(home, typed, number=form.cleaned_data.get("number", ""))
            if step != "send":
                surname = ""
                if found.to_home is not None:
                    named = selectors.household_named(found.to_grid or 0, form.cleaned_data["number"])
                    surname = named[1] if named else ""
                return _review(request, home, form, told, surname)
            event = life.propose(
                staff=request.user,
                post_id=request.post.pk,
                household=home,
                change=typed,
                number=form.cleaned_data.get("number", ""),
            )
    except life.LifeProblemsError as refused:
        for problem in refused.problems:
            form.add_error(problem.path if problem.path in form.fields else None, _words(problem.code))
        return _form(request, home, form, 422)
    except life.LifeRefusedError as refused:
        form.add_error(None, _words(refused.code))
        return _form(request, home, form, 422)
    event.refresh_from_db()
    if event.state == event.State.DONE:
        messages.success(request, _("%(kind)s已生效。") % {"kind": labels()[action][0]})
    else:
        messages.success(request, _("%(kind)s已提出，等确认后生效。") % {"kind": labels()[action][0]})
    return redirect("customers:life", pk=home.pk)


def _asked(request: StaffRequest, home: Any, action: str) -> dict[str, Any]:
    """Return what a roster says of a member it lists elsewhere (``?asked=``), so that nothing is typed again."""
    wanted = request.GET.get("asked", "")
    if action != "transfer" or not wanted:
        return {}
    found = next((one for one in selectors.moves_asked(home) if str(one.pk) == wanted), None)
    if found is None:
        raise Http404
    return {
        "person": found.person.pk,
        "grid": found.grid_id,
        "number": found.number,
        "relation": found.relation,
        "reason": _("名册列在 %(grid)s %(number)s 户") % {"grid": found.grid, "number": found.number},
    }


def _correct(request: StaffRequest, home: Any, form: LifeForm) -> Any:
    person = form.person()
    if person is None:
        form.add_error("person", _words("person_missing"))
        raise life.LifeProblemsError([])
    who = {"staff": request.user, "post_id": request.post.pk, "household": home, "person": person}
    reason = form.cleaned_data["reason"]
    if form.action == NUMBER:
        return life.correct_number(**who, reason=reason, id_number=form.cleaned_data["id_number"])
    return life.correct_person(**who, reason=reason, typed=form.corrected())


def _words(code: str) -> str:
    return life_words.sentence(code, language())


def _relations(request: StaffRequest, form: LifeForm) -> dict[int, str]:
    """Return the relations put right on the second page: ``relation:<person>``."""
    found = {}
    for pk in form.by_id:
        said = request.POST.get(f"relation:{pk}", "")
        if said:
            found[pk] = said
    return found


def _frame(home: Any, form: LifeForm) -> dict[str, Any]:
    title, text = labels()[form.action]
    where = [
        {"label": home.grid.name},
        _crumb(home),
        {"label": _("家庭变动"), "url": reverse("customers:life", args=[home.pk])},
    ]
    ties = selectors.ties_of(home)
    stopping = [_words(tie) for tie in ties if form.action in household_life.TIES.get(tie, ())]
    return {
        "where": [*where, {"label": title}],
        "home": home,
        "form": form,
        "title": title,
        "text": text,
        "consequences": _consequences(form.action),
        "stopping": stopping,
        "has_line": "line" in ties and not stopping,
    }


def _form(request: StaffRequest, home: Any, form: LifeForm, status: int = 200) -> HttpResponse:
    if form.is_bound and form.errors:
        status = 422
    return render(request, "customers/life_change.html", _frame(home, form), status=status)


def _review(request: StaffRequest, home: Any, form: LifeForm, told: dict[str, Any], surname: str) -> HttpResponse:
    """What was typed, in words, and what follows; relations to a new head can be put right here."""
    typed = []
    for field in form:
        if field.name == "id_number":
            value = mask_id(normalise_id(form.cleaned_data["id_number"]))
        else:
            value = _value(form, field)
        if value:
            typed.append((field.label, value))
    if surname:
        typed.append((_("对方户主"), _("%(surname)s某") % {"surname": surname}))
    relations = [
        {
            "pk": int(pk),
            "name": form.by_id[int(pk)].name,
            "before": form.by_id[int(pk)].get_relation_display(),
            "now": said,
            "options": [
                (code, label) for code, label in catalogue.choices(catalogue.RELATIONS, language()) if code != "head"
            ],
            "heads": said == "head",
        }
        for pk, said in told.get("relations", {}).items()
        if int(pk) in form.by_id
    ]
    sent = cast("QueryDict", form.data)
    hidden = [(name, value) for name in form.fields for value in sent.getlist(name)]
    context = _frame(home, form) | {"typed": typed, "relations": relations, "hidden": hidden}
    return render(request, "customers/life_review.html", context)


def _value(form: LifeForm, field: Any) -> str:
    said = form.cleaned_data.get(field.name)
    if said in (None, "", []):
        return ""
    if field.name == "people":
        return "、".join(form.by_id[pk].name for pk in said)
    choices = getattr(field.field, "choices", None)
    if choices:
        return str(dict(choices).get(said, said))
    return display.day(said) if hasattr(said, "year") else str(said)


# --- The event and who confirms it ------------------------------------------------------------------------------------


@allow(*SEEING)
@require_GET
def event(request: StaffRequest, pk: int) -> HttpResponse:
    """One change: who proposed it, whom it concerns, who has confirmed; the receiving side sees who would come."""
    found = access.open_household_event(request.post, pk)
    if access.is_hidden(request.post, found.subject_id):
        raise Http404
    people = selectors.people_of(found) if found.state == found.State.PROPOSED else []
    reach = selectors.reached_by(request.post, found)
    home = selectors.household_of(request.post, found.subject_id)
    entity = selectors.entity_of(found)
    is_waiting = found.state == found.State.PROPOSED
    is_manager = request.post.kind == PostKind.BRANCH_MANAGER
    missing = (found.needs_giving and not found.giving_by_id and "giving" in reach) or (
        found.needs_receiving and not found.receiving_by_id and "receiving" in reach
    )
    own = found.proposed_by_id == request.user.pk
    context = {
        "where": [{"label": _("家庭变动") if entity is None else _("移到别的网格")}, {"label": found.label}],
        "event": found,
        "home": home,
        "entity": entity,
        "sees_entity": entity is not None and "giving" in reach,
        "people": people,
        "may_confirm": is_waiting and is_manager and not own and missing,
        "may_withdraw": is_waiting and own,
        "consequences": _consequences(found.kind) if entity is None else _consequences_of_move(),
        "tone": {"proposed": "wait", "done": "good"}.get(found.state, "neutral"),
    }
    return render(request, "customers/life_event.html", context)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """Confirm a change for the sides this manager answers for."""
    found = access.open_household_event(request.post, pk)
    try:
        state = life.confirm(staff=request.user, post_id=request.post.pk, event=found)
    except life.LifeRefusedError as refused:
        messages.error(request, _words(refused.code))
        return redirect("customers:life_event", pk=pk)
    if state == found.State.DONE:
        messages.success(request, _("%(kind)s已生效。") % {"kind": found.label})
    else:
        messages.success(request, _("您这一侧已确认，等另一侧支行行长。"))
    return redirect("customers:queues")


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def refuse(request: StaffRequest, pk: int) -> HttpResponse:
    """Refuse a change, with an answer."""
    found = access.open_household_event(request.post, pk)
    try:
        life.refuse(staff=request.user, post_id=request.post.pk, event=found, answer=request.POST.get("reason", ""))
    except life.LifeRefusedError as refused:
        messages.error(request, _words(refused.code))
        return redirect("customers:life_event", pk=pk)
    messages.success(request, _("已答复提出人：不同意。"))
    return redirect("customers:queues")


@allow(PostKind.OFFICER)
@require_POST
def refuse_asked(request: StaffRequest, pk: int) -> HttpResponse:
    """Say no to what a roster asked: the member stays where he is filed."""
    asked = access.open_move_request(request.post, pk)
    try:
        life.refuse_asked(staff=request.user, post_id=request.post.pk, request=asked)
    except life.LifeRefusedError as refused:
        messages.error(request, _words(refused.code))
    else:
        messages.success(request, _("已记为不迁移，%(name)s 留在本户。") % {"name": asked.person.name})
    return redirect("customers:household", pk=asked.person.household_id)


@allow(PostKind.OFFICER)
@require_POST
def withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back one's own proposal."""
    found = access.open_household_event(request.post, pk)
    try:
        life.withdraw(staff=request.user, post_id=request.post.pk, event=found)
    except life.LifeRefusedError as refused:
        messages.error(request, _words(refused.code))
    else:
        messages.success(request, _("已撤回。"))
    if found.effects.get("subject"):
        return redirect("customers:entity", pk=found.subject_id)
    return redirect("customers:life", pk=found.subject_id)
