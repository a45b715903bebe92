"""A form as a banker reads it: steps, their sections, a line for each field; every fault beside its place.

Reads half-typed drafts too: nothing that stands in the document is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from config.lib.parameters.reading import LIST, Block, Sheet
from config.lib.tables import Words
from customers.domain.form import parts, succession
from customers.domain.form.consumers import readers
from customers.domain.form.definition import Fault

_REQUIRED = Words("必填", "required")
_NEEDED = {
    "file": Words("完整档案须有", "needed in a complete file"),
    "couple": Words("户主、借款人及其配偶须有", "needed of head, borrower and spouse"),
}
_RETIRED = Words("停用", "retired")
_MORE = Words("收在“补充”里", "behind “More”")
_SECTION_NEEDED = Words("完整档案须有", "needed in a complete file")
_NO_STEP = Words("没有归入步骤", "In no step")


@dataclass
class Placed:
    """Something with a place in the document, and what may be done with it: what is released is retired, what is new removed."""

    path: str
    code: str
    name: str
    errors: list[str] = field(default_factory=list, kw_only=True)
    is_fixed: bool = field(default=False, kw_only=True)
    is_retired: bool = field(default=False, kw_only=True)
    is_released: bool = field(default=False, kw_only=True)

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return "part-" + self.path.replace(".", "-")

    @property
    def may_retire(self) -> bool:
        """Whether it may be retired."""
        return self.is_released and not self.is_fixed and not self.is_retired

    @property
    def may_remove(self) -> bool:
        """Whether it may be removed."""
        return not self.is_released and not self.is_fixed


@dataclass
class Line(Placed):
    """One field: what it is called, its type, what it demands, its limits, its options, when it is shown, who reads it."""

    sort: str
    demands: str
    limits: str
    options: list[str]
    shown: str
    help: str
    readers: list[str]
    summed: str = ""


@dataclass
class Part(Placed):
    """One section with its fields."""

    shape: str
    demands: str
    shown: str
    help: str
    lines: list[Line]


@dataclass
class Page(Placed):
    """One step with its sections and the totals shown at its end; ``path`` is empty for what lies in no step."""

    totals: list[str]
    parts: list[Part]


@dataclass
class Laid:
    """A whole form; ``errors`` are those that have no place of their own."""

    pages: list[Page]
    errors: list[str]


def laid_out(document: Any, faults: Iterable[Fault], released: frozenset[str], language: str) -> Laid:
    """Return a document as it is read; ``released`` is what the edition before holds (``succession.released``)."""
    source: Mapping[str, Any] = document if isinstance(document, Mapping) else {}
    names = _names(source, language)
    pages = [
        Page(
            f"steps.{place}",
            str(one.get("code") or ""),
            said(one, language),
            [
                dict(parts.TOTAL_CHOICES)[code].of(language)
                for code in _texts(one.get("totals"))
                if code in dict(parts.TOTAL_CHOICES)
            ],
            [],
        )
        for place, one in _records(source.get("steps"))
    ]
    rest = Page("", "", _NO_STEP.of(language), [], [])
    by_code = {page.code: page for page in reversed(pages)}
    for place, one in _records(source.get("sections")):
        part = _part(f"sections.{place}", one, names, released, language)
        by_code.get(str(one.get("step") or ""), rest).parts.append(part)
    if rest.parts:
        pages.append(rest)
    laid = Laid(pages, [])
    _put(laid, faults, language)
    return laid


def _own_names(section: Mapping[str, Any], names: Mapping[str, str], language: str) -> Mapping[str, str]:
    """In a row, a code means the field of its own section first."""
    return names if section.get("shape") == "answers" else {**names, **_names({"sections": [section]}, language)}


def _part(path: str, one: Mapping[str, Any], names: Mapping[str, str], released: frozenset[str], language: str) -> Part:
    own = _own_names(one, names, language)
    return Part(
        path,
        str(one.get("code") or ""),
        said(one, language),
        _word(parts.SHAPE_WORDS, one.get("shape"), language),
        _SECTION_NEEDED.of(language) if one.get("needed") else _REQUIRED.of(language) if one.get("required") else "",
        _shown(one, names, language),
        said(one.get("help"), language),
        [
            _line(f"{path}.fields.{place}", one, asked, own, released, language)
            for place, asked in _records(one.get("fields"))
        ],
        is_fixed=succession.fixed(one),
        is_retired=one.get("retired") is True,
        is_released=str(one.get("code")) in released,
    )


def _line(
    path: str,
    section: Mapping[str, Any],
    asked: Mapping[str, Any],
    names: Mapping[str, str],
    released: frozenset[str],
    language: str,
) -> Line:
    demands = [_REQUIRED.of(language)] if asked.get("required") else []
    if asked.get("needed") in _NEEDED:
        demands.append(_NEEDED[str(asked["needed"])].of(language))
    if asked.get("more"):
        demands.append(_MORE.of(language))
    total = succession.summed(str(section.get("code")), str(asked.get("code")))
    return Line(
        path,
        str(asked.get("code") or ""),
        said(asked, language),
        _word(parts.TYPE_WORDS, asked.get("type"), language),
        LIST.of(language).join(demands),
        _limits(asked, section, language),
        [
            said(option, language) + (f"（{_RETIRED.of(language)}）" if option.get("retired") is True else "")
            for _place, option in _records(asked.get("options"))
        ],
        _shown(asked, names, language),
        said(asked.get("help"), language),
        readers_of(section, asked, language),
        summed=total,
        is_fixed=succession.fixed(section, asked),
        is_retired=asked.get("retired") is True,
        is_released=succession.name_of(section, asked) in released,
    )


def readers_of(section: Mapping[str, Any], asked: Mapping[str, Any], language: str) -> list[str]:
    """Return who reads a field."""
    own = str(asked.get("at") or asked.get("code"))
    place = (
        own if section.get("shape") == "answers" else f"{section.get('at') or section.get('code')}.{asked.get('code')}"
    )
    return [words.of(language) for words in readers(place)]


def _limits(asked: Mapping[str, Any], section: Mapping[str, Any], language: str) -> str:
    is_zh = language.startswith("zh")
    found = []
    least, most = asked.get("least"), asked.get("most")
    if least not in (None, "") and most not in (None, ""):
        found.append(f"{least}–{most}")
    elif most not in (None, ""):
        found.append(f"≤ {most}")
    elif least not in (None, ""):
        found.append(f"≥ {least}")
    if unit := said(asked.get("unit"), language):
        found.append(unit)
    if asked.get("places"):
        found.append(f"{asked['places']} 位小数" if is_zh else f"{asked['places']} decimals")
    if asked.get("not_above"):
        other = next(
            (
                said(one, language)
                for _p, one in _records(section.get("fields"))
                if one.get("code") == asked["not_above"]
            ),
            str(asked["not_above"]),
        )
        warns = ("（只提醒）" if is_zh else " (warns)") if asked.get("only_warns") else ""
        found.append(f"不超过{other}{warns}" if is_zh else f"not above {other}{warns}")
    if asked.get("longest"):
        found.append(f"{asked['longest']} 字以内" if is_zh else f"up to {asked['longest']} characters")
    return LIST.of(language).join(found)


def _shown(part: Mapping[str, Any], names: Mapping[str, str], language: str) -> str:
    condition = part.get("shown_if")
    if not isinstance(condition, Mapping):
        return ""
    on = str(condition.get("field") or "")
    values = [names.get(f"{on}.{value}", value) for value in _texts(condition.get("is"))]
    return f"{names.get(on, on)} = {LIST.of(language).join(values)}"


def _names(document: Mapping[str, Any], language: str) -> dict[str, str]:
    """Return what fields and their answers are called, by code; of a code used in several sections that of a single answer."""
    yes, no = Words("是", "yes").of(language), Words("否", "no").of(language)
    found: dict[str, str] = {}
    sections = sorted(_records(document.get("sections")), key=lambda one: one[1].get("shape") != "answers")
    for _place, section in sections:
        for _at, asked in _records(section.get("fields")):
            code = str(asked.get("code"))
            found.setdefault(code, said(asked, language))
            if asked.get("type") == "yes_no":
                found |= {f"{code}.true": yes, f"{code}.false": no}
            for _spot, option in _records(asked.get("options")):
                found.setdefault(f"{code}.{option.get('code')}", said(option, language))
    return found


def _put(laid: Laid, faults: Iterable[Fault], language: str) -> None:
    """Every fault to the nearest part around its place."""
    places: dict[str, list[str]] = {}
    for page in laid.pages:
        if page.path:
            places[page.path] = page.errors
        for part in page.parts:
            places[part.path] = part.errors
            places |= {line.path: line.errors for line in part.lines}
    for fault in faults:
        place = fault.path
        while place and place not in places:
            place = place.rpartition(".")[0]
        sentence = fault.sentence(language)
        held = places.get(place, laid.errors)
        if sentence not in held:
            held.append(sentence)


def block(document: Any, language: str) -> Block:
    """Return a form as the pages of versions and drafts show documents: a part for each step, a table for each section."""
    laid = laid_out(document, (), frozenset(), language)
    is_zh = language.startswith("zh")
    columns = (
        ["项目", "类型", "要求", "范围和选项", "何时显示"]
        if is_zh
        else ["Field", "Type", "Demands", "Range and options", "Shown"]
    )
    whole = Block("")
    for page in laid.pages:
        inner = Block(page.name)
        if page.totals:
            inner.values.append(("合计" if is_zh else "Totals", LIST.of(language).join(page.totals)))
        for part in page.parts:
            marks = [
                one
                for one in (part.shape, part.demands, part.shown, _RETIRED.of(language) if part.is_retired else "")
                if one
            ]
            rows = [_cells(line, language) for line in part.lines]
            inner.sheets.append(Sheet(f"{part.name} · {' · '.join(marks)}", columns, rows))
        whole.blocks.append(inner)
    return whole


def _cells(line: Line, language: str) -> list[str]:
    name = f"{line.name}（{_RETIRED.of(language)}）" if line.is_retired else line.name
    both = [one for one in (line.limits, LIST.of(language).join(line.options)) if one]
    return [name, line.sort, line.demands, LIST.of(language).join(both), line.shown]


def place_of(document: Any, path: str, language: str) -> str:
    """Return how the place of a fault is called: the step, or the section and its field."""
    source: Mapping[str, Any] = document if isinstance(document, Mapping) else {}
    found = []
    inner: Any = source
    for part in path.split("."):
        if isinstance(inner, list) and part.isdigit() and int(part) < len(inner):
            inner = inner[int(part)]
            code = inner.get("code") if isinstance(inner, Mapping) else None
            found.append(said(inner, language) or str(code or int(part) + 1))
        elif isinstance(inner, Mapping):
            inner = inner.get(part)
    return " · ".join(found)


def said(record: Any, language: str) -> str:
    """Return the words of a record in a language, in the other where that is missing."""
    if not isinstance(record, Mapping):
        return ""
    zh, en = str(record.get("zh") or ""), str(record.get("en") or "")
    return (en or zh) if language.startswith("en") else (zh or en)


def type_of(asked: Mapping[str, Any], language: str) -> str:
    """Return the type of a field in words."""
    return _word(parts.TYPE_WORDS, asked.get("type"), language)


def _word(words: Mapping[str, Words], code: Any, language: str) -> str:
    return words[code].of(language) if isinstance(code, str) and code in words else str(code or "")


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _records(listed: Any) -> Sequence[tuple[int, Mapping[str, Any]]]:
    found = listed if isinstance(listed, list) else []
    return [(place, one) for place, one in enumerate(found) if isinstance(one, Mapping)]
