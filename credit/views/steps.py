"""Steps people take on decisions and applications: read from the form, taken, answered; and told as a timeline, alike on both pages."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from config.lib import display
from config.lib.money import MoneyError, wan_from_text
from config.lib.requests import StaffRequest
from credit.services.decision_steps import MovedOnError
from grids.access import PostKind
from grids.services import Refused

_ICONS = {
    "receive": "inbox",
    "investigate": "search",
    "turn_down": "x",
    "cancel": "returned",
    "propose": "send",
    "refer": "arrow-up",
    "return": "returned",
    "approve": "stamp",
    "refuse": "x",
    "withdraw": "circle-x",
}


def take(
    request: StaffRequest,
    act: Callable[..., Any],
    *needs: str,
    again: Callable[[str, int], HttpResponse],
    page: tuple[str, int],
    **about: Any,
) -> HttpResponse:
    """Take the step a form asks for and go to ``page``. ``needs`` names what it is given besides the reason: amount, code, members.

    ``again`` answers with the page it was sent from: 409 when somebody was quicker, 422 with why the rules forbid it.
    """
    seen = request.POST.get("seen", "")
    sent: dict[str, Any] = {
        "by": request.user,
        "post": request.post,
        "seen": int(seen) if seen.isdecimal() and len(seen) < 9 else -1,
        "reason": request.POST.get("reason", ""),
        **about,
    }
    try:
        if "amount" in needs:
            sent["amount"] = wan_from_text(request.POST.get("amount", ""))
        for name in ("code", "members"):
            if name in needs:
                sent[name] = request.POST.get(name, "")
        act(**sent)
    except MoneyError:
        return again(_("请填写万元数，例如 3 或 3.5"), 422)
    except Refused as refusal:
        return again(str(refusal), 422)
    except MovedOnError:
        return again(_("刚刚有人办理过这一户，已换成最新状态"), 409)
    messages.success(request, _("已办理"))
    return redirect(page[0], pk=page[1])


def events_of(steps: Iterable[Any], said: Callable[[Any], str] = lambda step: "") -> list[dict[str, Any]]:
    """Return steps as the timeline component writes them; ``said`` puts a released reason before the words of a step."""
    return [
        {
            "verb": step.verb,
            "title": _titled(step),
            "at": step.taken_at,
            "by": f"{PostKind(step.post_kind).label} {step.staff.name}",
            "text": " · ".join(part for part in (said(step), step.reason) if part),
            "icon": _ICONS[step.verb],
        }
        for step in steps
    ]


def _titled(step: Any) -> str:
    amount = getattr(step, "amount", None)
    return f"{step.get_verb_display()} {display.wan(amount)}" if amount is not None else str(step.get_verb_display())
