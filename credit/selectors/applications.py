"""Applications of single households: the list, one with everything known of it, what its investigation looks into."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from config.lib import clock, releases
from config.lib.models import Release
from config.lib.weeks import business_day
from credit.access import applications_for
from credit.domain import applications as domain
from credit.domain.applications import ApplicationRules, Check, Found, Mode, Stage
from credit.domain.rules import Reason
from credit.models import Application, ApplicationDocument, ApplicationStep, Decision
from credit.selectors.alone import model_in_force
from credit.selectors.decisions import with_standing
from customers.selectors.applicants import agreed_to_a_query, applicant_of, last_seen_by
from customers.selectors.assessment import Card, blocked_among, cards, checked_files
from grids.access import Post, PostKind, branches_for
from grids.selectors.colleagues import officers_of

RULES = "application_rules"
TONES = {"granted": "good", "refused": "neutral", "cancelled": "neutral", "revoked": "neutral"}


def rules_in_force(institution_id: int) -> Release | None:
    """Return the released rules of applications, None while there are none."""
    try:
        return releases.in_force(institution_id, RULES, clock.today())
    except releases.NotReleased:
        return None


def rules_of_application(application: Application) -> ApplicationRules:
    """Return the rules an application was received under."""
    return ApplicationRules.from_document(application.rules.document)


def modes_offered(institution: Any, rules: ApplicationRules) -> tuple[Mode, ...]:
    """Return the ways in that may be chosen today: those of the rules that the model in force knows, with the smaller cap."""
    found = model_in_force(institution, rules.model, clock.today())
    if found is None:
        return rules.modes
    amounts = {name: value for name, value in found.bound.parameters.items() if isinstance(value, Decimal)}
    return domain.offered(rules.modes, found.bound.model.modes, amounts)


def word(reasons: Iterable[Reason], code: str, language: str) -> str:
    """Return the words of a released code; an unknown one stands for itself."""
    return next((reason.label(language) for reason in reasons if reason.code == code), code)


# --- Lists ------------------------------------------------------------------------------------------------------------


def my_turn(post: Post) -> Q:
    """Return the condition of applications whose next step is the acting post's own."""
    kind = str(post.kind)
    stages = [stage.value for stage, owner in domain.OWNERS.items() if owner == kind]
    mine = Q(owner__isnull=True) | Q(owner=post.staff_id)
    return Q(stage__in=stages) & (mine if kind == PostKind.OFFICER else Q())


def list_applications(post: Post, filters: Mapping[str, str]) -> QuerySet[Application]:
    """Return applications of a post's scope by ``stage`` (one, or all; else those that are open, first due first), ``branch``,
    ``owner`` (me) and ``late``. Unknown values find nothing."""
    rows = applications_for(post).select_related("grid__branch", "owner", "rules").defer("settings", "grid__boundary")
    stage, branch = filters.get("stage", ""), filters.get("branch", "")
    if not stage:
        rows = rows.filter(ended_at__isnull=True)
    elif stage != "all":
        rows = rows.filter(stage=stage)
    if branch:
        rows = rows.filter(grid__branch_id=int(branch)) if branch.isdecimal() and len(branch) < 18 else rows.none()
    if filters.get("owner") == "me":
        rows = rows.filter(my_turn(post))
    if filters.get("late"):
        rows = rows.filter(ended_at__isnull=True, due_on__lt=clock.today())
    return rows.order_by("-received_at", "-pk") if stage else rows.order_by("due_on", "pk")


@dataclass(frozen=True)
class Row:
    """One application of a list with how its household is called."""

    application: Application
    card: Card | None
    label: str
    tone: str
    mode: str
    owner: str
    is_late: bool


def rows_of(applications: Iterable[Application], language: str) -> list[Row]:
    """Return the rows of a list; one query for all households."""
    found = list(applications)
    called = cards(one.subject_id for one in found)
    return [_row(one, called.get(one.subject_id), language) for one in found]


def _row(one: Application, card: Card | None, language: str) -> Row:
    mode = rules_of_application(one).mode(one.mode)
    late = one.ended_at is None and one.due_on is not None and one.due_on < clock.today()
    return Row(
        one,
        card,
        str(one.get_stage_display()),
        TONES.get(one.stage, "wait"),
        mode.label(language) if mode else one.mode,
        owner_of(one),
        late,
    )


def stage_label(stage: Stage) -> str:
    """Say where an application stands."""
    return str(Application.Stage(stage.value).label)


def owner_of(application: Application) -> str:
    """Say whose turn it is: the officer by name, else the post; "" when it ended."""
    if application.ended_at is not None:
        return ""
    if application.owner is not None:
        return application.owner.name
    return str(PostKind(domain.OWNERS[Stage(application.stage)]).label)


def branches_to_choose(post: Post) -> list[tuple[str, str]]:
    """Return the branches a post sees applications of."""
    rows = branches_for(post).filter(is_open=True).exclude(kind="head").order_by("path")
    return [(str(pk), name) for pk, name in rows.values_list("pk", "name")]


def of_household(post: Post, subject_id: int) -> list[Application]:
    """Return the applications of a household, newest first, at most six."""
    rows = applications_for(post).filter(subject_id=subject_id).select_related("owner", "rules")
    return list(rows.defer("settings").order_by("-received_at", "-pk")[:6])


# --- One --------------------------------------------------------------------------------------------------------------


def steps_of_application(application: Application) -> list[ApplicationStep]:
    """Return the steps before the decision in order, with who took them."""
    return list(ApplicationStep.objects.filter(application=application).select_related("staff").order_by("number"))


def documents_of(application: Application) -> list[ApplicationDocument]:
    """Return the documents of an application, newest first."""
    rows = ApplicationDocument.objects.filter(application=application).select_related("file", "added_by")
    return list(rows.order_by("-added_at", "-pk"))


def decision_of(application: Application) -> Any:
    """Return the decision in force of an application with its standing, None before the investigation."""
    return with_standing(Decision.objects.filter(application=application).select_related("snapshot")).first()


def checklist(application: Application, model_state: str, on: date | None = None) -> tuple[Check, ...]:
    """Return what an investigation looks into and whether it is met today."""
    subject_id, on = application.subject_id, on or clock.today()
    rules = rules_of_application(application)
    who = applicant_of(subject_id)
    profile = checked_files([subject_id]).get(subject_id)
    officers = {officer.pk for officer in officers_of(application.grid, on)}
    return domain.checks(
        Found(
            file_checked_on=business_day(profile.check_verdict.checked_at) if profile else None,
            visited_on=last_seen_by(subject_id, sorted(officers)),
            is_blocked=subject_id in blocked_among([subject_id]),
            has_borrower=who.person_id is not None,
            born_on=who.born_on,
            sex=who.sex,
            consents=agreed_to_a_query(subject_id),
            model=model_state,
        ),
        rules,
        months=application.months,
        received_on=business_day(application.received_at),
        on=on,
    )


def refusal_code(application: Application, decision: Any) -> str:
    """Return the released code of why an application was refused, "" when it was not."""
    turned_down = ApplicationStep.objects.filter(application=application, verb=ApplicationStep.Verb.TURN_DOWN).last()
    if turned_down is not None:
        return str(turned_down.detail.get("code", ""))
    last = decision.steps.filter(verb="refuse").last() if decision is not None else None
    return str(last.trace.get("code", "")) if last else ""
