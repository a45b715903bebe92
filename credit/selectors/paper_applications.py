"""Papers of an application: the decision sheet for the file, and the letter that tells the customer nothing is granted."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.lib import clock
from config.lib.display import day, moment, wan_figure
from config.lib.weeks import business_day
from credit.domain.bounds import BoundCode
from credit.domain.wording import bound_name, explain_steps
from credit.models import Application
from credit.selectors import applications as selectors
from credit.selectors import decisions, lines
from customers.selectors.applicants import applicant_of
from customers.selectors.assessment import cards
from grids.access import PostKind


def _common(application: Application, language: str) -> dict[str, Any]:
    rules = selectors.rules_of_application(application)
    mode = rules.mode(application.mode)
    card = cards([application.subject_id]).get(application.subject_id)
    who = applicant_of(application.subject_id)
    return {
        "bank": application.institution.name,
        "number": str(application),
        "place": f"{application.grid.town}{application.grid.name}",
        "facts": [
            {"name": _("客户姓名"), "value": who.name or (card.head if card else "") or "—"},
            {"name": _("户号"), "value": card.number if card else "—"},
            {"name": _("机构"), "value": application.grid.branch.name},
            {"name": _("申请日期"), "value": day(business_day(application.received_at))},
            {"name": _("申请金额"), "value": f"{wan_figure(application.amount)} {_('万元')}"},
            {"name": _("贷款期限"), "value": _months(application.months)},
            {"name": _("用途"), "value": selectors.word(rules.purposes, application.purpose, language)},
            {"name": _("方式"), "value": mode.label(language) if mode else application.mode},
        ],
    }


def _months(count: int) -> str:
    return ngettext("%(months)s 个月", "%(months)s 个月", count) % {"months": count}


def sheet_paper(application: Application, language: str) -> dict[str, Any]:
    """Return what the template ``application`` prints: what was asked, found, said by each, bounded and decided."""
    decision = selectors.decision_of(application)
    steps = selectors.steps_of_application(application)
    taken = decisions.steps_of(decision) if decision is not None else []
    rules = selectors.rules_of_application(application)
    four = decisions.four_opinions(decision, taken) if decision is not None else None
    happened: list[Any] = sorted((*steps, *decisions.earlier_steps(application), *taken), key=_when)
    code = selectors.refusal_code(application, decision)
    return _common(application, language) | {
        "status": str(application.get_stage_display()),
        "stamp": _("打印于 %(at)s") % {"at": moment(clock.now())},
        "opinions": [
            {"name": _("村评"), "value": _("不经村评")},
            {"name": _("客户经理"), "value": _wan(four.officer if four else None)},
            {"name": _("模型"), "value": _wan(four.model if four else None)},
            {"name": _("审批"), "value": _wan(four.approver if four else None)},
        ],
        "bounds": _bounds(decision, language),
        "words": explain_steps(decisions.trace_steps(decision, "proposal"), language) if decision is not None else [],
        "refusal": selectors.word(rules.refusals, code, language) if code else "",
        "steps": [
            {
                "name": str(step.get_verb_display()),
                "amount": _wan(step.amount) if getattr(step, "amount", None) is not None else "",
                "by": f"{PostKind(step.post_kind).label} {step.staff.name}",
                "at": moment(step.taken_at),
                "text": step.reason,
            }
            for step in happened
        ],
        "documents": [
            {"name": selectors.word(rules.documents, one.kind, language), "value": day(business_day(one.added_at))}
            for one in selectors.documents_of(application)
        ],
        "signatures": [
            {"role": _("客户经理"), "name": "", "at": ""},
            {"role": _("支行行长"), "name": "", "at": ""},
            {"role": _("业务审批岗"), "name": "", "at": ""},
        ],
    }


def letter_paper(application: Application, home: Any, language: str) -> dict[str, Any]:
    """Return what the template ``refusal`` prints: the released reason alone, never what staff wrote to each other."""
    decision = selectors.decision_of(application)
    rules = selectors.rules_of_application(application)
    code = selectors.refusal_code(application, decision)
    notice = lines.notice_in_force(application.institution_id)
    text = (
        notice.document["en" if language == "en" else "zh"] if notice is not None else {"title": "", "paragraphs": []}
    )
    where = _("请到%(branch)s提出，由人工复核，%(days)s 个工作日内答复。")
    return _common(application, language) | {
        "stamp": _("打印于 %(at)s") % {"at": moment(clock.now())},
        "day": day(business_day(application.ended_at)) if application.ended_at else "",
        "customer": (home.borrower or home.head).name if (home.borrower or home.head) else "—",
        "reason": selectors.word(rules.refusals, code, language),
        "notice_title": text["title"],
        "notice": [
            *text["paragraphs"],
            *(
                [where % {"branch": application.grid.branch.name, "days": notice.document["answer_days"]}]
                if notice is not None
                else []
            ),
        ],
    }


def _when(step: Any) -> tuple[Any, int]:
    return step.taken_at, step.pk


def _wan(amount: Decimal | None) -> str:
    return "—" if amount is None else f"{wan_figure(amount)} {_('万元')}"


def _bounds(decision: Any, language: str) -> list[dict[str, Any]]:
    if decision is None:
        return []
    stored, steps = decision.trace["proposal"]["bounds"], decisions.trace_steps(decision, "proposal")
    return [
        {
            "name": bound_name(code, steps, language),
            "value": _wan(Decimal(stored[code])),
            "is_binding": code in decision.binding,
        }
        for code in BoundCode
        if code in stored
    ]
