"""Consent: what may be agreed to, how, and what stands after everything a household has said (PIPL articles 13 to 16, 29, 31).

The last word counts, scope by scope. The database says the same in one view (customers/sql/consents.sql); a test compares both.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from customers.domain.economics import Problem

COLLECTION: Final = "collection"
POSITION: Final = "position"
CREDIT_QUERY: Final = "credit_query"
PUBLICITY: Final = "publicity"
MESSAGES: Final = "messages"
SCOPES: Final = (COLLECTION, POSITION, CREDIT_QUERY, PUBLICITY, MESSAGES)
# Each is asked for by itself, never bundled (PIPL 25, 29; Regulation on credit reporting, article 18).
SEPARATE: Final = frozenset({POSITION, CREDIT_QUERY, PUBLICITY})

SPOKEN: Final = "spoken"
SIGNED: Final = "signed"
DRAWN: Final = "drawn"
PHOTO: Final = "photo"
WITHDRAWN: Final = "withdrawn"
REFUSED: Final = "refused"
GIVEN: Final = frozenset({SPOKEN, SIGNED, DRAWN, PHOTO})
# The signature itself is kept: drawn on the device, or the signed paper as a picture.
EVIDENCED: Final = frozenset({DRAWN, PHOTO})
# What a credit query is for; no other use of what is learned (articles 18 and 20).
CREDIT_PURPOSES: Final = ("lending", "post_loan", "guarantee")

# Below this age a guardian consents in the child's place (PIPL 31).
OF_AGE_TO_CONSENT: Final = 14
GUARDIAN_AGE: Final = 18


def asked(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the scopes a notice asks about, in their order; a notice from before scopes asked for collection as a whole, and
    for the position where it named it."""
    named = document.get("scopes") or ()
    if COLLECTION in named:
        return tuple(scope for scope in SCOPES if scope in named)
    return (COLLECTION, POSITION) if POSITION in named else (COLLECTION,)


def assumed(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a consent given without naming scopes covers: collection, and the position where the notice names it."""
    return tuple(scope for scope in asked(document) if scope in (COLLECTION, POSITION))


@dataclass(frozen=True)
class Word:
    """One thing that was said: ``scopes`` agreed to (or taken back, where ``how`` is withdrawn), ``refused`` not agreed to.
    ``whose`` is None for the household as a whole, else the member who spoke for himself alone."""

    at: datetime
    place: int
    how: str
    scopes: Sequence[str]
    refused: Sequence[str] = ()
    notice_version: int = 0
    whose: int | None = None


def standing(words: Iterable[Word], whose: int | None = None) -> dict[str, Word]:
    """Return the scopes that stand with the word each stands on. ``whose``: for this member, whose own withdrawal holds against
    what the household says until he takes it back himself."""
    ordered = sorted(words, key=lambda word: (word.at, word.place))
    found = _last(word for word in ordered if word.whose is None)
    if whose is None:
        return {scope: word for scope, (word, given) in found.items() if given}
    own = _last(word for word in ordered if word.whose == whose)
    return {scope: word for scope, (word, given) in found.items() if given and (scope not in own or own[scope][1])}


def _last(words: Iterable[Word]) -> dict[str, tuple[Word, bool]]:
    found: dict[str, tuple[Word, bool]] = {}
    for word in words:
        found |= dict.fromkeys(word.scopes, (word, word.how in GIVEN))
        found |= dict.fromkeys(word.refused, (word, False))
    return found


def taken_back(standing_scopes: Collection[str], wanted: Collection[str]) -> tuple[str, ...]:
    """Return what a withdrawal takes back of what stands; without collection nothing else is left to stand on."""
    gone = SCOPES if COLLECTION in wanted else wanted
    return tuple(scope for scope in SCOPES if scope in gone and scope in standing_scopes)


def needs_guardian(born_on: date | None, on: date) -> bool:
    """Tell whether somebody was under 14 on a day; an unknown birth date says nothing."""
    return born_on is not None and _age(born_on, on) < OF_AGE_TO_CONSENT


def may_be_guardian(born_on: date | None, on: date) -> bool:
    """Tell whether somebody was grown up on a day; an unknown birth date stands in nobody's way."""
    return born_on is None or _age(born_on, on) >= GUARDIAN_AGE


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


@dataclass(frozen=True, kw_only=True)
class Given:
    """A consent as it was taken, to be judged. ``scopes`` None: not said one by one. ``speaks_for_child``: who consents is
    under 14 or cannot decide; ``guardian`` is named, ``guardians`` may be."""

    how: str
    scopes: Sequence[str] | None
    offered: Sequence[str]
    purpose: str = ""
    has_signature: bool = False
    needs_guardian: bool = False
    guardian: int | None = None
    guardians: Collection[int] = ()


def check(given: Given) -> list[Problem]:
    """Return everything wrong with a consent newly given."""
    found: list[Problem] = []
    scopes = given.scopes
    if scopes is not None:
        if set(scopes) - set(given.offered) or len(set(scopes)) < len(scopes):
            found.append(Problem("scopes", "scope_unknown"))
        if COLLECTION not in scopes:
            found.append(Problem("scopes", "scope_needs_collection"))
        if CREDIT_QUERY in scopes:
            if given.how not in EVIDENCED:
                found.append(Problem("scopes", "credit_query_in_writing"))
            if given.purpose not in CREDIT_PURPOSES:
                found.append(Problem("credit_purpose", "credit_purpose_missing"))
    if given.purpose and CREDIT_QUERY not in (scopes or ()):
        found.append(Problem("credit_purpose", "credit_purpose_unwanted"))
    if given.how in EVIDENCED and not given.has_signature:
        found.append(Problem("signature", f"{given.how}_missing"))
    if given.needs_guardian and given.guardian is None:
        found.append(Problem("guardian", "guardian_missing"))
    if given.guardian is not None and given.guardian not in given.guardians:
        found.append(Problem("guardian", "guardian_unknown"))
    return found


SCOPE_WORDS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    COLLECTION: (
        "采集家庭情况",
        "Collecting household facts",
        "只用于建档、评定信用和核定额度",
        "only for the file, the rating and the credit line",
    ),
    POSITION: (
        "记录走访位置",
        "Recording where visits take place",
        "敏感信息，单独同意；不同意就不保存经纬度",
        "sensitive, asked separately; without it no position is stored",
    ),
    CREDIT_QUERY: (
        "查询个人征信",
        "Querying the credit register",
        "须书面同意并写明用途，不作他用",
        "in writing, for a stated purpose and no other",
    ),
    PUBLICITY: (
        "在村内公示评定结果",
        "Showing the result in the village",
        "单独同意；只公示等级，不公示金额",
        "asked separately; the grade only, never the amount",
    ),
    MESSAGES: (
        "短信、电话告知业务",
        "Messages and calls about services",
        "随时可以停",
        "can be stopped at any time",
    ),
}


def scope_name(scope: str, language: str = "zh") -> str:
    """What a scope is called; an unknown one stands for itself."""
    words = SCOPE_WORDS.get(scope)
    return words[language.startswith("en")] if words else scope


def scope_note(scope: str, language: str = "zh") -> str:
    """What agreeing to a scope means, in one line."""
    words = SCOPE_WORDS.get(scope)
    return words[2 + language.startswith("en")] if words else ""


SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "scope_unknown": (
        "告知书里没有这一项，请重新选择同意的范围",
        "The notice asks for no such thing; choose again what was agreed to",
    ),
    "scope_needs_collection": (
        "没有勾选“采集家庭情况”；不同意采集请选“不同意采集”",
        "Collecting was not ticked; if it was not agreed to, choose that it was refused",
    ),
    "credit_query_in_writing": (
        "查询征信须书面同意：请当场签名，或拍下签好的纸质同意书",
        "A credit query needs written consent: have it signed on the screen, or photograph the signed paper",
    ),
    "credit_purpose_missing": ("请选择查询征信的用途", "Choose what the credit query is for"),
    "credit_purpose_unwanted": (
        "没有同意查询征信，不用填用途",
        "The credit query was not agreed to, so it has no purpose",
    ),
    "drawn_missing": ("请在签名框内签名，或改选其他方式", "Sign in the box, or choose another way"),
    "photo_missing": ("请拍下签好字的纸质同意书", "Photograph the signed paper"),
    "signature_refused": ("{value}", "{value}"),
    "guardian_missing": (
        "见到的人不满 14 周岁或不能自己决定，请写明监护人",
        "Whoever was met is under 14 or cannot decide; name the guardian",
    ),
    "guardian_unknown": (
        "监护人须是本户满 18 周岁的成员，请重新选择",
        "The guardian must be a member of the household of at least 18 years; choose again",
    ),
    "consent_withdrawn_since": (
        "走访以后这户撤回了采集同意，档案没有保存；可只提交走访",
        "Consent was withdrawn after this visit, so the file was not kept; the visit alone can be sent",
    ),
    "member_withdrew": (
        "{value}本人撤回了采集同意，只保留姓名和关系；请清空其他内容，或由本人重新同意",
        "{value} withdrew consent, so only name and relation may stand; clear the rest, or ask that person again",
    ),
}


def sentence(code: str, value: str = "", language: str = "zh") -> str:
    """What a finding on a consent means and what to do about it."""
    return SENTENCES[code][language.startswith("en")].format(value=value)
