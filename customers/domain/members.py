"""Who came to a household and who left it, as an officer learns on a visit (Semantics, sections 3 and 8).

A new member needs name and relation; birth date and ID number where they are known. Leaving has a reason and a day. The head
neither comes nor leaves on a visit: that changes whose household it is, which the branch's next roster says.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from customers.domain import catalogue
from customers.domain.economics import Problem
from customers.domain.identity import OLDEST, check_id, years_before
from customers.domain.names import check_name, normalise_name

MOST: Final = 12
REASONS: Final = ("moved", "deceased", "other")
FILED_ELSEWHERE: Final = "id_filed_elsewhere"


@dataclass(frozen=True, kw_only=True)
class Joining:
    """A new member as typed; ``labour`` and ``occupation`` are codes of the catalogue, "" where nothing was said."""

    name: str
    relation: str
    born_on: date | None = None
    id_number: str = ""
    labour: str = ""
    occupation: str = ""
    away: bool = False


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """A member who is no longer here: why, and since which day."""

    person: int | None
    reason: str
    on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Member:
    """A present member, as far as a change is judged against him."""

    name: str
    is_head: bool = False
    born_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Newcomer:
    """A new member in the one spelling of everything; ``sex`` is M, F or "" where neither number nor relation tells."""

    name: str
    relation: str
    sex: str
    born_on: date | None
    id_number: str
    facts: Mapping[str, str | bool]


def check(
    joining: Sequence[Joining], leaving: Sequence[Leaving], members: Mapping[int, Member], *, today: date, may: bool
) -> tuple[list[Newcomer], list[Problem]]:
    """Return the new members as they will be filed and everything that keeps the changes from being stored.

    ``members`` are the present ones by id; ``may``: somebody was interviewed and agreed to collection.
    """
    found: list[Problem] = []
    if (joining or leaving) and not may:
        found.append(Problem("joining", "members_without_consent"))
    if len(joining) > MOST:
        found.append(Problem("joining", "too_many_members", str(MOST)))
    gone = {one.person for one in leaving}
    known = {member.name for pk, member in members.items() if pk not in gone}
    newcomers = []
    numbers: set[str] = set()
    for i, one in enumerate(joining):
        newcomer, problems = _newcomer(one, f"joining.{i}", known, today)
        if newcomer.id_number and newcomer.id_number in numbers:
            problems.append(Problem(f"joining.{i}.id_number", "id_twice"))
        known.add(newcomer.name)
        numbers.add(newcomer.id_number)
        newcomers.append(newcomer)
        found += problems
    for i, leaver in enumerate(leaving):
        again = leaver.person in {other.person for other in leaving[:i]}
        found += _leaver(leaver, f"leaving.{i}", members, today) if not again else []
    return newcomers, found


def _newcomer(one: Joining, path: str, known: Collection[str], today: date) -> tuple[Newcomer, list[Problem]]:
    name = normalise_name(one.name)
    errors, warnings = check_name(name)
    found = [Problem(f"{path}.name", code, name[:20]) for code in errors]
    found += [Problem(f"{path}.name", code, level="warning") for code in warnings]
    if name and name in known:
        found.append(Problem(f"{path}.name", "member_known", name))
    relation = catalogue.RELATIONS.get(one.relation)
    if relation is None:
        found.append(Problem(f"{path}.relation", "relation_missing"))
    elif one.relation == "head":
        found.append(Problem(f"{path}.relation", "head_by_roster"))
    sex = relation.sex if relation is not None else ""
    read = check_id(one.id_number, today=today, sex=sex or None)
    if read.number:
        found += [Problem(f"{path}.id_number", code) for code in read.errors]
        found += [Problem(f"{path}.id_number", code, level="warning") for code in read.warnings]
    born_on = one.born_on or read.birth
    if one.born_on is not None:
        if one.born_on > today:
            found.append(Problem(f"{path}.born_on", "born_future", one.born_on.isoformat()))
        elif one.born_on < years_before(today, OLDEST):
            found.append(Problem(f"{path}.born_on", "born_too_old", one.born_on.isoformat()))
        elif read.birth is not None and not read.errors and read.birth != one.born_on:
            found.append(Problem(f"{path}.born_on", "born_differs", read.birth.isoformat()))
    facts: dict[str, str | bool] = {}
    for field, kinds in (("labour", catalogue.LABOUR), ("occupation", catalogue.OCCUPATIONS)):
        code = getattr(one, field)
        if code and code not in kinds:
            found.append(Problem(f"{path}.{field}", "choice_unknown", code[:20]))
        elif code:
            facts[field] = code
    facts["away"] = one.away
    newcomer = Newcomer(
        name=name,
        relation=one.relation,
        sex=read.sex or sex,
        born_on=born_on,
        id_number=read.number,
        facts=facts,
    )
    return newcomer, found


def _leaver(one: Leaving, path: str, members: Mapping[int, Member], today: date) -> list[Problem]:
    member = members.get(one.person) if one.person is not None else None
    if member is None:
        return [Problem(f"{path}.reason", "leaver_unknown")]
    if member.is_head:
        return [Problem(f"{path}.reason", "head_stays")]
    if one.reason not in REASONS:
        return [Problem(f"{path}.reason", "leaving_reason_missing")]
    if one.on is None:
        return [Problem(f"{path}.on", "leaving_day_missing")]
    if one.on > today:
        return [Problem(f"{path}.on", "leaving_day_future", one.on.isoformat())]
    if member.born_on is not None and one.on < member.born_on:
        return [Problem(f"{path}.on", "leaving_before_birth", member.born_on.isoformat())]
    return []


_CARD: Final = ("请对照证件核对", "check it against the card")
SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "members_without_consent": (
        "没有面谈或对方不同意采集，成员变动没有保存；可只提交走访",
        "Nobody was interviewed or collection was not agreed to, so changes of members were not kept; send the visit alone",
    ),
    "too_many_members": ("一次最多加 {value} 位成员", "At most {value} members can be added at once"),
    "name_missing": ("请填写姓名", "Enter the name"),
    "name_too_long": ("姓名太长，请核对", "The name is too long; check it"),
    "name_characters": (
        "姓名“{value}”含有不该有的字符，请核对",
        "The name “{value}” holds characters that do not belong; check it",
    ),
    "name_private_use": (
        "姓名里有生僻字，别的设备可能显示不出",
        "The name holds a rare character that other devices may not show",
    ),
    "name_single": ("姓名只有一个字，请留意", "The name has one character only"),
    "member_known": (
        "本户已有叫“{value}”的成员，请不要重复添加",
        "The household has a member called “{value}” already; do not add him again",
    ),
    "relation_missing": ("请选择与户主的关系", "Choose the relation to the head"),
    "head_by_roster": (
        "走访中不能更换户主，请选别的关系；户主由支行导入的新名册更换",
        "A visit cannot make a new head; choose another relation. A new head comes with the branch's next roster",
    ),
    "head_stays": (
        "户主不能在走访中离户；户主迁出或身故的，先由支行导入新名册更换户主",
        "The head cannot leave on a visit; when he moved or died, the branch's next roster names a new head first",
    ),
    "leaver_unknown": ("这位已不是本户成员，请重新打开走访", "This person is no member any more; open the visit again"),
    "leaving_reason_missing": ("请选择为什么不在本户了", "Choose why the person is no longer here"),
    "leaving_day_missing": ("请填写从哪天起不在本户", "Enter since which day the person is no longer here"),
    "leaving_day_wrong": ("“{value}”不是有效日期", "“{value}” is not a valid date"),
    "leaving_day_future": ("离户日期不能晚于今天", "The day of leaving cannot lie in the future"),
    "leaving_before_birth": ("离户日期早于出生日期 {value}", "The day of leaving lies before the birth on {value}"),
    "born_wrong": ("“{value}”不是有效日期", "“{value}” is not a valid date"),
    "born_future": ("出生日期不能晚于今天", "The birth date cannot lie in the future"),
    "born_too_old": ("按出生日期已超过 120 岁，请核对", "By the birth date the person is older than 120; check it"),
    "born_differs": ("与身份证号里的出生日期 {value} 不同，请核对", "The ID number says born on {value}; check both"),
    "id_length": (
        f"身份证号不是 18 位（或旧的 15 位），{_CARD[0]}",
        f"The ID number has not 18 (or 15) characters; {_CARD[1]}",
    ),
    "id_characters": (
        f"身份证号含有数字和末位 X 以外的字符，{_CARD[0]}",
        f"The ID number holds characters other than digits and a final X; {_CARD[1]}",
    ),
    "id_check_character": (
        f"身份证号校验位不对，至少有一位有误，{_CARD[0]}",
        f"The check character of the ID number is wrong: at least one digit is; {_CARD[1]}",
    ),
    "id_rounded": (f"身份证号末三位变成了 000，{_CARD[0]}", f"The ID number ends in 000, as if rounded; {_CARD[1]}"),
    "id_birth_impossible": (
        f"身份证号里的出生日期不存在，{_CARD[0]}",
        f"The birth date in the ID number does not exist; {_CARD[1]}",
    ),
    "id_birth_future": (
        f"身份证号里的出生日期晚于今天，{_CARD[0]}",
        f"The birth date in the ID number lies in the future; {_CARD[1]}",
    ),
    "id_too_old": (
        f"按身份证号已超过 120 岁，{_CARD[0]}",
        f"By the ID number the person is older than 120; {_CARD[1]}",
    ),
    "id_region_unknown": (
        "身份证号的地区代码在出生时不在代码表中，请留意",
        "The county code of the ID number is not in the list for the year of birth",
    ),
    "id_residence_permit": ("这是港澳台居民居住证号码", "This is a residence permit of Hong Kong, Macau or Taiwan"),
    "id_sex_differs": (
        "身份证号的性别与关系不符，请核对",
        "The sex in the ID number does not fit the relation; check both",
    ),
    "id_twice": ("这个身份证号在上面已填过，请核对", "This ID number stands above already; check it"),
    FILED_ELSEWHERE: (
        "这个身份证号已在别处登记，已告知您的支行行长",
        "Already filed elsewhere, your branch manager has been told",
    ),
}


def sentence(code: str, value: str = "", language: str = "zh") -> str:
    """What a finding on a change of members means and what to do about it."""
    return SENTENCES[code][language.startswith("en")].format(value=value)
