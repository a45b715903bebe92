"""Everything that ever happened to a household, the newest first.

A higher app adds its own events in ``<app>/selectors/timeline.py``, scoped through its access door.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from functools import cache
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from config.lib import display
from config.lib.weeks import SHANGHAI, business_day
from customers import access
from customers.models import (
    Business,
    ChangeFlag,
    Consent,
    ContactPlan,
    Evidence,
    Household,
    HouseholdEvent,
    ListEntry,
    MemberChange,
    Milestone,
    Profile,
    Unit,
    Visit,
)
from customers.selectors.changes import open_flags
from customers.selectors.consents import scope_names
from customers.selectors.effective import reasons_of
from customers.selectors.files import releases_of_entries, verdict_of
from customers.selectors.forms import form_of
from grids.access import Post, PostKind

Event = dict[str, Any]
Filed = Household | Business | Unit
More = Callable[[int, Post], Iterable[Event]]
_more: list[More] = []
_STAGES = {
    Milestone.Kind.ASSESSED: "ballot",
    Milestone.Kind.GRANTED: "stamp",
    Milestone.Kind.GRANT_WITHDRAWN: "returned",
    Milestone.Kind.SIGNED: "signature",
    Milestone.Kind.CARDED: "credit-card",
    Milestone.Kind.DRAWN: "yuan",
}


def register(more: More) -> None:
    """Add what an app knows of a household: called with its id and the acting post."""
    _more.append(more)


@cache
def _registered() -> tuple[More, ...]:
    autodiscover_modules("selectors.timeline")
    return tuple(_more)


def timeline_of(household: Filed, post: Post | None = None) -> list[Event]:
    """Return the events of a household as the timeline component writes them: title, at, by, text, icon, badge, tone.

    What was said about a list entry, and what other apps know, is told to a ``post`` that may know of it alone.
    """
    events = [
        *_visits(household),
        *_member_changes(household),
        *_life(household),
        *_profiles(household),
        *_consents(household),
        *_contacts(household),
        *_lists(household, post),
        *_changes(household, post),
        *_stages(household),
        *_roster(household),
        *(one for more in _registered() if post is not None for one in more(household.pk, post)),
    ]
    return sorted(events, key=lambda one: (_instant(one["at"]), one["order"]), reverse=True)


def _instant(at: date | datetime) -> datetime:
    return at if isinstance(at, datetime) else datetime.combine(at, time(), SHANGHAI)


def event(at: date | datetime, title: Any, icon: str, order: int = 0, **more: Any) -> Event:
    """One event; ``order`` settles which of one instant comes last."""
    return {"at": at, "title": title, "icon": icon, "order": order, **more}


def _visits(household: Filed) -> list[Event]:
    visits = Visit.objects.filter(subject_id=household.pk).select_related("lead", "partner", "typed_by")
    photos: dict[int, int] = {}
    for visit_id in Evidence.objects.filter(subject_id=household.pk).values_list("visit_id", flat=True):
        photos[visit_id or 0] = photos.get(visit_id or 0, 0) + 1
    events = []
    for visit in visits:
        parts = [visit.get_purpose_display(), *_how(visit)]
        if visit.partner is not None:
            parts.append(_("同访 %(name)s") % {"name": visit.partner.name})
        if business_day(visit.device_at) != business_day(visit.received_at):
            parts.append(_("走访日期 %(day)s") % {"day": display.day(visit.device_at)})
        if visit.dwell_minutes is not None:
            parts.append(_("停留 %(count)s 分钟") % {"count": visit.dwell_minutes})
        if count := photos.get(visit.pk, 0):
            parts.append(ngettext("%(count)s 张照片", "%(count)s 张照片", count) % {"count": count})
        if visit.next_visit_on is not None:
            parts.append(_("约定下次 %(day)s") % {"day": display.day(visit.next_visit_on)})
        if visit.note:
            parts.append(visit.note)
        title = _("走访：%(outcome)s") % {"outcome": visit.get_outcome_display()}
        one = event(visit.received_at, title, "walk", by=visit.lead.name, text=" · ".join(parts), **_verdict(visit))
        events.append(one)
    return events


def _verdict(visit: Visit) -> Event:
    """Whether a visit is effective, and why not; nothing of visits older than the rules."""
    if visit.judged is None:
        return {}
    badge, tone = (_("有效走访"), "good") if visit.judged else (_("其他走访"), "neutral")
    return {"badge": badge, "tone": tone, "notes": reasons_of(visit, get_language() or "zh-hans")}


def _how(visit: Visit) -> list[str]:
    """How the household was met and by which way the visit came in, where it is not the usual."""
    found = []
    if visit.channel != Visit.Channel.SITE:
        called = f"（{visit.get_called_display()}）" if visit.called else ""
        found.append(f"{visit.get_channel_display()}{called}")
    if visit.entry != Visit.Entry.PAGE:
        found.append(str(visit.get_entry_display()))
    if visit.typed_by is not None and visit.typed_by_id != visit.lead_id:
        found.append(_("%(name)s 录入") % {"name": visit.typed_by.name})
    return found


def _member_changes(household: Filed) -> list[Event]:
    changes = MemberChange.objects.filter(subject_id=household.pk).select_related("visit__lead", "person")
    events = []
    for change in changes:
        name = change.person.name or "—"
        if change.kind == MemberChange.Kind.JOINED:
            title = _("家庭成员增加：%(name)s") % {"name": name}
            text = str(change.person.get_relation_display())
        else:
            title = _("家庭成员离户：%(name)s") % {"name": name}
            text = f"{change.get_reason_display()} · {display.day(change.on)}"
        events.append(event(change.visit.received_at, title, "people", by=change.visit.lead.name, text=text))
    return events


def _life(household: Filed) -> list[Event]:
    """Changes of the household that took effect, those it received included."""
    done = HouseholdEvent.objects.filter(
        Q(subject_id=household.pk) | Q(to_subject_id=household.pk), state=HouseholdEvent.State.DONE
    )
    events = []
    for one in done.select_related("person", "proposed_by").defer("sealed"):
        parts = [one.person.name] if one.person is not None and one.person.name else []
        title = one.label
        if one.subject_id != household.pk:
            title = _("接收：%(kind)s") % {"kind": title}
        text = " · ".join([*parts, display.day(one.on), one.reason])
        url = reverse("customers:life_event", args=[one.pk])
        events.append(
            event(one.done_at or one.proposed_at, title, "people", 4, by=one.proposed_by.name, text=text, url=url)
        )
    return events


def _profiles(household: Filed) -> list[Event]:
    language = get_language() or "zh-hans"
    events = []
    profiles = Profile.objects.filter(subject_id=household.pk).select_related(
        "collector", "check_verdict__checker", "form"
    )
    for profile in profiles.defer("document"):
        asked = form_of(profile).by_code if profile.carried else {}
        same = [asked[name].words.label(language) for name in profile.carried if name in asked]
        text = _("与上次相同：%(names)s") % {"names": "、".join(same)} if same else ""
        title = _("提交第 %(number)s 版档案") % {"number": profile.number}
        events.append(event(profile.submitted_at, title, "file-text", 1, by=profile.collector.name, text=text))
        verdict = verdict_of(profile)
        if verdict is None:
            continue
        is_accepted = verdict.verdict == verdict.Verdict.ACCEPTED
        events.append(
            event(
                verdict.checked_at,
                _("复核第 %(number)s 版档案") % {"number": profile.number},
                "clipboard-check" if is_accepted else "returned",
                2,
                by=verdict.checker.name,
                text="；".join(remark["text"] for remark in verdict.remarks),
                badge=verdict.get_verdict_display(),
                tone="good" if is_accepted else "orange",
            )
        )
    return events


def _consents(household: Filed) -> list[Event]:
    consents = Consent.objects.filter(subject_id=household.pk).select_related("taken_by")
    return [
        event(
            consent.given_at,
            _("采集同意：%(how)s") % {"how": consent.get_how_display()},
            "signature",
            by=consent.taken_by.name,
            text=" · ".join(
                (
                    _("告知书第 %(version)s 版") % {"version": consent.notice_version},
                    "、".join(scope_names(consent.scopes, get_language() or "zh")),
                )
            ).removesuffix(" · "),
        )
        for consent in consents
    ]


def _contacts(household: Filed) -> list[Event]:
    plans = ContactPlan.objects.filter(subject_id=household.pk).select_related("made_by", "contact")
    events = []
    for plan in plans:
        if plan.ended:
            title = _("联系计划结束：%(how)s") % {"how": plan.get_ended_display()}
            events.append(event(plan.made_at, title, "phone", 1, by=plan.made_by.name))
            continue
        title = _("联系计划：%(way)s") % {"way": plan.get_way_display()}
        parts = [str(plan.get_why_display()), plan.contact.name if plan.contact is not None else ""]
        parts.append(_("下次联系 %(day)s") % {"day": display.day(plan.next_on)} if plan.next_on else "")
        text = " · ".join(part for part in parts if part)
        events.append(event(plan.made_at, title, "phone", 1, by=plan.made_by.name, text=text))
    return events


def _changes(household: Filed, post: Post | None) -> list[Event]:
    """Figures that moved suddenly, and what was said of them."""
    events = []
    flags = ChangeFlag.objects.filter(subject_id=household.pk).select_related("settled_by", "profile__collector")
    waiting = set(open_flags([household.pk]).values_list("pk", flat=True))
    for flag in flags.defer("profile__document"):
        text = f"{display.yuan(flag.before)} → {display.yuan(flag.after)}"
        title = _("大额变化：%(figure)s") % {"figure": flag.get_figure_display()}
        waits: dict[str, Any] = {}
        if not flag.outcome:
            waits = {"badge": _("待确认") if flag.pk in waiting else _("已由新版取代"), "tone": "wait"}
        if flag.pk in waiting and post is not None and post.kind in (PostKind.OFFICER, PostKind.BRANCH_MANAGER):
            waits["url"] = reverse("customers:change", args=[household.pk])
        events.append(
            event(flag.flagged_at, title, "alert-circle", 3, by=flag.profile.collector.name, text=text, **waits)
        )
        if flag.settled_at is not None and flag.settled_by is not None:
            is_true = flag.outcome == ChangeFlag.Outcome.CONFIRMED
            said = _("变化属实：%(figure)s") if is_true else _("变化不认可：%(figure)s")
            title = said % {"figure": flag.get_figure_display()}
            events.append(event(flag.settled_at, title, "gavel", 4, by=flag.settled_by.name, text=flag.answer))
    return events


def _lists(household: Filed, post: Post | None) -> list[Event]:
    events = []
    known = (
        set(access.list_entries_for(post).filter(subject_id=household.pk).values_list("pk", flat=True)) if post else ()
    )
    entries = (
        ListEntry.objects.filter(subject_id=household.pk)
        .select_related("proposed_by", "confirmed_by", "rejected_by", "released_by")
        .prefetch_related(releases_of_entries())
    )
    for entry in entries:
        colour = entry.get_colour_display()
        tells = entry.pk in known
        events.append(
            event(entry.proposed_at, _("提名列入%(list)s") % {"list": colour}, "flag", by=entry.proposed_by.name)
        )
        if entry.confirmed_at is not None and entry.confirmed_by is not None:
            events.append(
                event(
                    entry.confirmed_at, _("确认列入%(list)s") % {"list": colour}, "gavel", 1, by=entry.confirmed_by.name
                )
            )
        if entry.rejected_at is not None:
            by = entry.rejected_by.name if entry.rejected_by is not None else ""
            title = _("不同意列入%(list)s") % {"list": colour}
            events.append(event(entry.rejected_at, title, "gavel", 1, by=by, text=entry.answer if tells else ""))
        releases = list(entry.releases.all())
        for release in releases:
            title = _("提出解除%(list)s") % {"list": colour}
            text = release.reason if tells else ""
            events.append(event(release.asked_at, title, "flag", by=release.asked_by.name, text=text))
            if release.rejected_at is not None and release.rejected_by is not None:
                title = _("不同意解除%(list)s") % {"list": colour}
                by = release.rejected_by.name
                events.append(
                    event(release.rejected_at, title, "gavel", 1, by=by, text=release.answer if tells else "")
                )
        if entry.released_at is not None:
            title = _("%(list)s由新的名单取代") if entry.superseded_by_id else _("确认解除%(list)s")
            title %= {"list": colour}
            by = entry.released_by.name if entry.released_by is not None else ""
            events.append(event(entry.released_at, title, "lock-open", 2, by=by))
    return events


def _stages(household: Filed) -> list[Event]:
    reached = Milestone.objects.filter(subject_id=household.pk, kind__in=list(_STAGES)).select_related("campaign")
    return [
        event(
            one.reached_at,
            one.get_kind_display(),
            _STAGES[Milestone.Kind(one.kind)],
            3,
            by=one.campaign.name,
            text=display.money(one.amount) if one.amount is not None else "",
        )
        for one in reached
    ]


def _roster(household: Filed) -> list[Event]:
    subject = household.subject
    events = []
    if subject.listed_on is not None:
        events.append(event(subject.listed_on, _("列入名册"), "list-check", -1))
    if subject.found_on is not None:
        events.append(event(subject.found_on, _("走访中发现，不在名册"), "map-pin", -1))
    if subject.left_on is not None:
        title = _("离册：%(reason)s") % {"reason": subject.get_left_reason_display()}
        events.append(event(subject.left_on, title, "logout", 4))
    return events
