"""What a visit must say before it is stored, and what a file stands on: outcome, consent, dates (Semantics, section 2).

Without consent to collection only the visit itself is kept (PIPL, articles 13 and 14); a file sent along is refused with the
reason, never dropped in silence.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from customers.domain.economics import Problem, holds_identity

LONGEST_NOTE: Final = 500
MOST_PHOTOS: Final = 6
FARTHEST_NEXT: Final = timedelta(days=730)

# After these a file may be submitted; the others need only the visit itself.
FILED_OUTCOMES: Final = frozenset({"interviewed", "partial"})
OUTCOMES: Final = ("interviewed", "partial", "refused", "away", "nobody", "moved")
PURPOSES: Final = ("census", "revisit", "signing", "other")
# How the officer met the household: at the door, by video call, by phone (Domain, sections 2.10 and 6.1).
SITE: Final = "site"
CHANNELS: Final = (SITE, "video", "phone")
VIDEO: Final = "video"
PHONE: Final = "phone"
# Who was called: the customer himself, or the contact at home; the number is nobody's business here.
CALLED: Final = ("self", "home")
# Nobody was reached: there is no picture of a call that was not taken.
UNREACHED: Final = frozenset({"nobody", "moved"})
# Whom the officer met at a business or unit, where nobody is a member.
MET_ROLES: Final = ("principal", "employee", "family", "other")
# By which way a visit came in; the same answers make the same revision by each.
ENTRIES: Final = ("page", "paper", "api", "file")
PAPER: Final = "paper"
FILE: Final = "file"
# Written down by the officer who went, typed later: the visit names him, its day is the one he wrote.
TYPED: Final = frozenset({PAPER, FILE})
SHEET: Final = "纸质表"
# Older than this a paper form is no visit of the campaign any more.
OLDEST_PAPER: Final = timedelta(days=366)

# standing: given on an earlier visit under the notice in force and not withdrawn since.
CONSENTS: Final = ("standing", "spoken", "signed", "drawn", "photo", "none")
CONSENTED: Final = frozenset(CONSENTS) - {"none"}


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What a visit is judged against: the day, who may be named, and how consent stands in this household."""

    today: date
    members: Collection[int]
    colleagues: Collection[int]
    has_notice: bool
    has_standing_consent: bool
    # Who went may be named as lead on that day; only asked where a visit is typed afterwards.
    has_lead: bool = True


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What the officer says about the visit, file and photos apart. Ids are None where nothing was chosen."""

    purpose: str
    outcome: str
    consent: str = ""
    partner: int | None = None
    person_met: int | None = None
    note: str = ""
    next_visit_on: date | None = None
    has_file: bool = False
    photos: int = 0
    # How many of them show the paper form itself.
    sheets: int = 0
    channel: str = SITE
    called: str = ""
    entry: str = "page"
    # The day that was stated; None where none was.
    on: date | None = None
    met_role: str = ""


def check(visit: Statement, given: Circumstances) -> list[Problem]:
    """Return everything that keeps a visit from being stored, in the order of the form."""
    found: list[Problem] = []
    if visit.purpose not in PURPOSES:
        found.append(Problem("purpose", "purpose_missing"))
    if visit.outcome not in OUTCOMES:
        found.append(Problem("outcome", "outcome_missing"))
    if visit.channel not in CHANNELS:
        found.append(Problem("channel", "channel_missing"))
    found += _evidence(visit)
    if visit.entry in TYPED:
        found += _typed(visit, given)
    if visit.person_met is not None and visit.person_met not in given.members:
        found.append(Problem("person_met", "person_unknown"))
    if visit.met_role and visit.met_role not in MET_ROLES:
        found.append(Problem("met_role", "met_role_unknown"))
    if visit.partner is not None and visit.partner not in given.colleagues:
        found.append(Problem("partner", "partner_unknown"))
    found += _consent(visit, given)
    if len(visit.note) > LONGEST_NOTE:
        found.append(Problem("note", "visit_note_too_long", str(len(visit.note))))
    if holds_identity(visit.note):
        found.append(Problem("note", "visit_note_holds_identity"))
    if visit.next_visit_on is not None and not given.today <= visit.next_visit_on <= given.today + FARTHEST_NEXT:
        found.append(Problem("next_visit_on", "next_visit_range", visit.next_visit_on.isoformat()))
    if visit.photos > MOST_PHOTOS:
        found.append(Problem("photos", "too_many_photos", str(visit.photos)))
    return found


def _evidence(visit: Statement) -> list[Problem]:
    """What a visit that was not at the door must show: a video a picture of the call, a phone call its time and who was called."""
    if visit.channel == VIDEO and visit.outcome not in UNREACHED and visit.photos - visit.sheets < 1:
        return [Problem("photos", "video_needs_photo")]
    if visit.channel != PHONE:
        return [Problem("called", "called_unwanted")] if visit.called else []
    found = [] if visit.called in CALLED else [Problem("called", "called_missing")]
    # The page sends itself while the officer calls; any other way must say when it was.
    return (
        found if visit.on is not None or visit.entry == "page" else [*found, Problem("device_at", "call_time_missing")]
    )


def _typed(visit: Statement, given: Circumstances) -> list[Problem]:
    found = [] if given.has_lead else [Problem("lead", "lead_unknown")]
    if visit.on is None:
        found.append(Problem("visit_on", "visit_day_missing"))
    elif not given.today - OLDEST_PAPER <= visit.on <= given.today:
        found.append(Problem("visit_on", "visit_day_range", visit.on.isoformat()))
    if visit.entry == PAPER and visit.sheets < 1:
        found.append(Problem("sheets", "sheet_missing"))
    return found


def _consent(visit: Statement, given: Circumstances) -> list[Problem]:
    if visit.outcome not in OUTCOMES:
        return []  # said already, and what follows from it is not known
    if visit.outcome not in FILED_OUTCOMES:
        return [Problem("outcome", "file_without_interview")] if visit.has_file else []
    if visit.consent not in CONSENTS:
        return [Problem("consent", "consent_missing")]
    if visit.consent == "standing" and not given.has_standing_consent:
        return [Problem("consent", "consent_not_standing")]
    if visit.consent in CONSENTED and not given.has_notice:
        return [Problem("consent", "notice_missing")]
    if visit.consent == "none" and visit.has_file:
        return [Problem("consent", "file_without_consent")]
    return []


SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "purpose_missing": ("请选择走访目的", "Choose the purpose of the visit"),
    "outcome_missing": ("请选择走访结果", "Choose how the visit went"),
    "channel_missing": ("请选择走访方式", "Choose how the household was met"),
    "video_needs_photo": (
        "视频走访须附一张通话截图或照片",
        "A visit by video needs a picture or screenshot of the call",
    ),
    "called_missing": (
        "请选择电话打给了谁：本人，或家中联系人",
        "Say who was called: the customer, or the contact at home",
    ),
    "called_unwanted": (
        "只有电话走访才填“打给谁”，请改选走访方式或不填",
        "Who was called belongs to visits by phone only; change how they were met, or leave it out",
    ),
    "call_time_missing": ("请写明通话时间", "Say when the call was"),
    "lead_unknown": (
        "走访人须是走访当天管这个网格的客户经理，请重新选择",
        "Who visited must have been an officer of this grid on that day; choose again",
    ),
    "visit_day_missing": ("请填写纸质表上的走访日期", "Give the day of the visit as it stands on the paper"),
    "visit_day_range": (
        "走访日期应在过去一年之内、不晚于今天",
        "The day of the visit lies within the past year and not after today",
    ),
    "sheet_missing": ("请先上传纸质表的照片", "Upload a photo of the paper form first"),
    "members_of_households": ("只有农户有家庭成员", "Only households have members"),
    "form_unknown": (
        "采集表尚未发布或不适用于这一对象，暂时只能保存走访；请联系参数管理岗",
        "No form for this subject is in force, so only the visit can be kept. Ask the parameter manager",
    ),
    "person_unknown": (
        "所选的人不在这户成员中，请重新选择",
        "That person is not a member of this household; choose again",
    ),
    "partner_unknown": (
        "同访人须是本支行的另一位同事，请重新选择",
        "The companion must be another colleague of the branch; choose again",
    ),
    "met_role_unknown": ("请选择见到的是谁", "Choose whom you met"),
    "consent_missing": (
        "请先告知，再选择对方是否同意采集",
        "Read out the notice, then say whether collection was agreed to",
    ),
    "consent_not_standing": (
        "没有现行告知书下的有效同意，请重新告知并取得同意",
        "There is no valid consent under the present notice; read it out and ask again",
    ),
    "notice_missing": (
        "告知书尚未发布，暂时不能采集，只能保存走访；请联系参数管理岗",
        "No notice has been released, so nothing may be collected yet; only the visit can be kept. Ask the parameter manager",
    ),
    "file_without_consent": (
        "对方不同意采集，档案没有保存；可只提交走访，或取得同意后再提交",
        "Collection was not agreed to, so the file was not kept; send the visit alone, or ask for consent and send again",
    ),
    "file_without_interview": (
        "没有见到人，不能提交档案；请改选走访结果，或只提交走访",
        "Nobody was interviewed, so no file can be sent; change the outcome, or send the visit alone",
    ),
    "visit_note_too_long": (
        "备注最多 500 字，现有 {value} 字",
        "A note has at most 500 characters, this one has {value}",
    ),
    "visit_note_holds_identity": (
        "备注中有身份证号或手机号，请删去；证件信息只登记在人员资料里",
        "The note holds an ID or phone number; remove it, such numbers belong with the person only",
    ),
    "next_visit_range": (
        "下次走访应在今天之后、两年以内",
        "The next visit lies between today and two years from now",
    ),
    "next_visit_wrong": ("“{value}”不是有效日期", "“{value}” is not a valid date"),
    "too_many_photos": ("最多 6 张照片，现有 {value} 张", "At most 6 photos, there are {value}"),
    "photo_refused": ("{value}", "{value}"),
}


def sentence(code: str, value: str = "", language: str = "zh") -> str:
    """What a finding on a visit means and what to do about it."""
    return SENTENCES[code][language.startswith("en")].format(value=value)
