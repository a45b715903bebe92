"""Notices of a round: prepared by one, confirmed by another and so posted, printed, photographed where they hang."""

from io import BytesIO
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock, files
from config.lib.display import moment
from config.lib.working_days import changes_of
from credit.domain.notices import NoticeRules, last_day
from credit.models import Notice, NoticePrint, NoticeRow, Round
from credit.selectors.notices import fingerprint, poster, rules_in_force, rules_of_notice, standing, unshown
from customers.selectors.naming import named_by
from grids.access import Post, PostKind, Staff
from grids.services import Refused

MAKERS = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
CONFIRMERS = (PostKind.BRANCH_MANAGER, PostKind.APPROVER)


@transaction.atomic
def prepare(*, by: Staff, post: Post, round: Round, place: str) -> Notice:
    """Freeze a notice of everybody who agreed to be shown and stands on no notice yet, in the order of household numbers.

    ``place``: where it will hang. It waits for a second person.
    """
    if post.kind not in MAKERS:
        raise Refused(_("由客户经理或支行行长准备公示"))
    round = Round.objects.select_for_update(of=("self",)).get(pk=round.pk)
    if round.stage != Round.Stage.NOTICE:
        raise Refused(_("这一轮不在公示阶段"))
    if not place.strip():
        raise Refused(_("请写明张贴地点"))
    release = rules_in_force(round.institution_id)
    if release is None:
        raise Refused(_("公示规则还没有发布，请联系参数管理岗"))
    if Notice.objects.filter(round=round, confirmed_at__isnull=True, dropped_at__isnull=True).exists():
        raise Refused(_("已有一份公示等人核对"))
    wanted = unshown(round)
    if not wanted:
        raise Refused(_("没有可以公示的农户：已同意公示的都已公示"))
    rules = NoticeRules.from_document(release.document)
    notice = Notice.objects.create(
        **_placed(round),
        round=round,
        number=Notice.objects.filter(round=round).count() + 1,
        rules=release,
        place=place.strip()[:80],
        prepared_by=by,
        prepared_at=clock.now(),
    )
    named = named_by(one.line.subject_id for one in wanted)
    wanted.sort(key=lambda one: (named[one.line.subject_id].number, one.line.subject_id))
    NoticeRow.objects.bulk_create(
        NoticeRow(
            **_placed(round),
            recorded_grid_id=round.grid_id,
            notice=notice,
            subject_id=one.line.subject_id,
            decision_id=one.line.decision_id,
            named_id=named[one.line.subject_id].person_id,
            place=number,
            group=named[one.line.subject_id].group,
            grade={"zh": one.line.grade.label.zh, "en": one.line.grade.label.en} if one.line.grade else None,
            amount=one.line.amount if rules.shows_amount(one.consent_version) else None,
        )
        for number, one in enumerate(wanted, start=1)
    )
    _record(by, post, "notice_prepared", notice, rows=len(wanted), rules=release.version)
    return notice


def _placed(round: Round) -> dict[str, int]:
    return {"institution_id": round.institution_id, "grid_id": round.grid_id}


@transaction.atomic
def confirm(*, by: Staff, post: Post, notice: Notice) -> Notice:
    """Confirm a notice another prepared: it hangs from today, for the working days of its rules."""
    found = _waiting(notice)
    if post.kind not in CONFIRMERS:
        raise Refused(_("由支行行长或业务审批岗核对"))
    if found.prepared_by_id == by.pk:
        raise Refused(_("准备和核对要由两个人办理"))
    if not standing(found):
        raise Refused(_("名单上的农户都已撤回同意，请作废后重新准备"))
    today = clock.today()
    found.confirmed_by, found.confirmed_at, found.posted_on = by, clock.now(), today
    found.ends_on = last_day(today, rules_of_notice(found).days, changes_of(found.institution_id))
    try:
        with transaction.atomic():
            found.save(update_fields=["confirmed_by", "confirmed_at", "posted_on", "ends_on"])
    except IntegrityError as error:
        raise Refused(_("准备和核对要由两个人办理")) from error
    _record(by, post, "notice_posted", found, ends_on=str(found.ends_on))
    return found


@transaction.atomic
def drop(*, by: Staff, post: Post, notice: Notice) -> None:
    """Drop a notice nobody has confirmed; its number is not given again."""
    found = _waiting(notice)
    if post.kind not in (*MAKERS, *CONFIRMERS):
        raise Refused(_("由客户经理、支行行长或业务审批岗作废"))
    found.dropped_by, found.dropped_at = by, clock.now()
    found.save(update_fields=["dropped_by", "dropped_at"])
    _record(by, post, "notice_dropped", found)


def _waiting(notice: Notice) -> Notice:
    # The round before the notice: the order of every step on a round.
    Round.objects.select_for_update(of=("self",)).get(pk=notice.round_id)
    found = Notice.objects.select_for_update(of=("self",)).select_related("rules", "round").get(pk=notice.pk)
    if found.confirmed_at is not None or found.dropped_at is not None:
        raise Refused(_("这份公示已经核对或作废"))
    return found


@transaction.atomic
def print_paper(*, by: Staff, post: Post, notice: Notice, language: str) -> dict[str, Any]:
    """Return the paper of a notice as it may hang now, and keep which rows it held: a later change asks for a new paper."""
    rows = standing(notice)
    at = clock.now()
    NoticePrint.objects.create(
        institution_id=notice.institution_id,
        grid_id=notice.grid_id,
        notice=notice,
        rows=len(rows),
        sha256=fingerprint(rows),
        printed_by=by,
        printed_at=at,
    )
    _record(by, post, "notice_printed", notice, rows=len(rows))
    return poster(notice, rows, language, _("打印于 %(at)s") % {"at": moment(at)})


@transaction.atomic
def keep_photo(*, by: Staff, post: Post, notice: Notice, content: bytes, name: str) -> None:
    """Keep a photo of the paper where it hangs. Raises FileRefused for anything but a photo."""
    if post.kind not in MAKERS:
        raise Refused(_("由客户经理或支行行长上传"))
    found = Notice.objects.select_for_update(of=("self",)).get(pk=notice.pk)
    if found.confirmed_at is None:
        raise Refused(_("张贴以后再上传照片"))
    found.photo = files.store_photo(
        content=BytesIO(content),
        name=name,
        institution_id=found.institution_id,
        grid_id=found.grid_id,
        stored_by_id=by.pk,
    )
    found.save(update_fields=["photo"])
    _record(by, post, "notice_photographed", found, file=found.photo.pk)


def _record(by: Staff, post: Post, verb: str, notice: Notice, **detail: Any) -> None:
    audit.record(
        staff=by,
        post_id=post.pk,
        verb=verb,
        about="round",
        about_id=notice.round_id,
        detail={"notice": notice.number, **detail},
    )
