"""Drafts of parameters: begun, saved, submitted, withdrawn by one person; released or returned by another.

Every step locks the draft, looks at its state again, writes and leaves an audit event; the database keeps the same rules
(``config/lib/sql/parameters.sql``).
"""

import re
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock
from config.lib.models import ParameterDraft, Release
from config.lib.parameters.kinds import About, ParameterKind, find
from config.lib.releases import document_hash

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
State = ParameterDraft.State


class Refused(ValueError):
    """A step the rules forbid; the text says what to do instead."""


def newest(institution_id: int, kind: str, key: str) -> Release | None:
    """Return the newest version of a parameter, in force or to come."""
    return Release.objects.filter(institution_id=institution_id, kind=kind, key=key).order_by("-version").first()


def kind_of(draft: ParameterDraft) -> ParameterKind:
    """Return the kind of a draft; a draft of a kind that no app registers any more cannot go on."""
    kind = find(draft.kind)
    if kind is None:
        raise Refused(_("系统不再使用这类参数"))
    return kind


def about(draft: ParameterDraft) -> About:
    """Return what a draft's document is checked for."""
    today = clock.today()
    return About(institution_id=draft.institution_id, key=draft.key, on=max(draft.effective_on or today, today))


@transaction.atomic
def begin(*, by: Any, post_id: int | None, kind: ParameterKind, key: str = "") -> ParameterDraft:
    """Begin a draft with the content of the newest version, or empty where there is none."""
    if bool(kind.key_label.zh) != bool(key):
        raise Refused(_("请填写%(key)s") % {"key": kind.key_label.zh} if not key else _("这类参数只有一份"))
    if key and not KEY.fullmatch(key):
        raise Refused(_("只能用字母、数字、横线和下划线，最多 40 个"))
    base = newest(by.institution_id, kind.code, key)
    draft = ParameterDraft.objects.create(
        institution_id=by.institution_id,
        kind=kind.code,
        key=key,
        document=base.document if base is not None else {},
        base=base,
        drafted_by=by,
    )
    _record(by, post_id, "parameter_drafted", draft, base=base.version if base else 0)
    return draft


@transaction.atomic
def save(
    *,
    by: Any,
    post_id: int | None,
    draft: ParameterDraft,
    document: Any,
    note: str,
    effective_on: date | None,
    seen: int,
) -> ParameterDraft:
    """Save a draft as it was typed, faults and all; ``seen`` is the revision the page was opened with."""
    draft = _locked(draft)
    _by_drafter(draft, by)
    if not draft.is_in_hand:
        raise Refused(_("已经提交或结束，不能再改；请刷新页面"))
    if (draft.document, draft.note, draft.effective_on) == (document, note.strip(), effective_on):
        return draft  # nothing to save, a second press of the button for one
    if draft.revision != seen:
        raise Refused(_("另一个窗口保存过这份草稿。这里填写的内容还没有保存；先核对那边的内容，再保存一次以这里为准"))
    draft.document, draft.note, draft.effective_on = document, note.strip(), effective_on
    draft.revision += 1
    draft.save(update_fields=["document", "note", "effective_on", "revision"])
    _record(by, post_id, "parameter_saved", draft, revision=draft.revision)
    return draft


@transaction.atomic
def submit(*, by: Any, post_id: int | None, draft: ParameterDraft) -> ParameterDraft:
    """Hand a draft to another person; from here on it is frozen."""
    draft = _locked(draft)
    _by_drafter(draft, by)
    if not draft.is_in_hand:
        raise Refused(_("已经提交或结束，请刷新页面"))
    _whole(draft)
    draft.state, draft.submitted_at, draft.sha256 = State.SUBMITTED, clock.now(), document_hash(draft.document)
    draft.save(update_fields=["state", "submitted_at", "sha256"])
    _record(by, post_id, "parameter_submitted", draft, sha256=draft.sha256[:12])
    return draft


@transaction.atomic
def withdraw(*, by: Any, post_id: int | None, draft: ParameterDraft) -> ParameterDraft:
    """Give a draft up; it stays to be read."""
    draft = _locked(draft)
    _by_drafter(draft, by)
    if not draft.is_open:
        raise Refused(_("已经发布或撤回，请刷新页面"))
    draft.state = State.WITHDRAWN
    draft.save(update_fields=["state"])
    _record(by, post_id, "parameter_withdrawn", draft)
    return draft


@transaction.atomic
def release(*, by: Any, post_id: int | None, draft: ParameterDraft) -> Release:
    """Release a submitted draft of somebody else as the next version, in force from its day or, without one, from today."""
    with connection.cursor() as cursor:
        # Two drafts of one parameter: whoever comes second finds the version of the first (the database locks the same).
        name = f"parameter:{draft.institution_id}:{draft.kind}:{draft.key}"
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
    draft = _locked(draft)
    _by_another(draft, by)
    _whole(draft)
    draft.state, draft.settled_by, draft.settled_at = State.RELEASED, by, clock.now()
    draft.save(update_fields=["state", "settled_by", "settled_at"])
    made = Release.objects.get(draft=draft)
    _record(by, post_id, "parameter_released", draft, version=made.version, effective_on=made.effective_on.isoformat())
    return made


@transaction.atomic
def send_back(*, by: Any, post_id: int | None, draft: ParameterDraft, reason: str) -> ParameterDraft:
    """Return a submitted draft to who drafted it, with the reason."""
    draft = _locked(draft)
    _by_another(draft, by)
    if not reason.strip():
        raise Refused(_("请写明退回的理由"))
    draft.state, draft.settled_by, draft.settled_at, draft.reason = (
        State.RETURNED,
        by,
        clock.now(),
        reason.strip()[:500],
    )
    draft.save(update_fields=["state", "settled_by", "settled_at", "reason"])
    _record(by, post_id, "parameter_returned", draft)
    return draft


def hindrances(draft: ParameterDraft) -> list[str]:
    """Return, besides faults of the content, why a draft could not be released today."""
    found = []
    last = newest(draft.institution_id, draft.kind, draft.key)
    if (last.pk if last else None) != draft.base_id and last is not None:
        found.append(
            _("起草之后又发布了第 %(version)s 版。请撤回，从新版本重新起草，以免盖掉它的改动")
            % {"version": last.version}
        )
    if draft.effective_on is not None and draft.effective_on < clock.today():
        found.append(_("生效日期 %(day)s 已经过去，只能是今天或以后") % {"day": draft.effective_on.isoformat()})
    if not draft.note:
        found.append(_("请写说明：为什么改、依据是什么"))
    if last is not None and last.sha256 == document_hash(draft.document):
        found.append(_("内容与第 %(version)s 版相同，没有要发布的") % {"version": last.version})
    return found


def _whole(draft: ParameterDraft) -> None:
    """Refuse a draft with faults: it is checked when submitted and again when released, as what it rests on may have moved."""
    wrong = kind_of(draft).found(draft.document, about(draft))
    if wrong:
        raise Refused(_("内容有 %(count)s 处需要改，都标在旁边") % {"count": len(wrong)})
    if against := hindrances(draft):
        raise Refused(against[0])


def _locked(draft: ParameterDraft) -> ParameterDraft:
    return (
        ParameterDraft.objects.select_for_update(of=("self",))
        .select_related("drafted_by", "settled_by")
        .get(pk=draft.pk)
    )


def _by_drafter(draft: ParameterDraft, by: Any) -> None:
    if draft.drafted_by_id != by.pk:
        raise Refused(_("只有起草人可以修改、提交和撤回"))


def _by_another(draft: ParameterDraft, by: Any) -> None:
    if draft.state == State.RELEASED:
        raise Refused(_("已由 %(name)s 发布") % {"name": draft.settled_by.name if draft.settled_by else ""})
    if draft.state != State.SUBMITTED:
        raise Refused(_("没有等待发布，请刷新页面"))
    if draft.drafted_by_id == by.pk:
        raise Refused(_("自己起草的由另一位参数管理岗发布"))


def _record(by: Any, post_id: int | None, verb: str, draft: ParameterDraft, **detail: object) -> None:
    kept = {"kind": draft.kind, "key": draft.key, **detail}
    audit.record(staff=by, post_id=post_id, verb=verb, about="parameter_draft", about_id=draft.pk, detail=kept)
