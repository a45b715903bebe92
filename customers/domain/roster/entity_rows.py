"""Read a list of businesses or units from end to end in one pass: every row in one spelling, every finding.

A row whose place is no grid of ours goes in without one: it is on the list and in no grid until somebody says where it belongs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from customers.domain import entities
from customers.domain.entities import Facts
from customers.domain.roster import cells
from customers.domain.roster.columns import is_header_again
from customers.domain.roster.entity_columns import FORMS
from customers.domain.roster.problems import LONGEST_VALUE, Problem
from customers.domain.roster.table import FLAWED, Table
from customers.domain.roster.villages import Villages

LONGEST_PLACE: Final = 60
_KINDS: Final = {
    "business": {
        "licensed": "个体工商户 个体户 个体 有照 个体工商户有照 licensed individual",
        "unlicensed": "无照经营 无照 无执照 个体工商户无照 未办照 unlicensed",
        "farm": "家庭农场 农场 familyfarm farm",
        "coop": "农民专业合作社 合作社 专业合作社 cooperative coop",
        "leading": "农业产业化龙头企业 龙头企业 龙头 leading",
        "other": "其他 其他商户 商铺 门店 摊位 企业 公司 有限责任公司 个人独资企业 other shop",
    },
    "unit": {
        "institution": "机关事业单位 机关 事业单位 行政机关 学校 医院 institution",
        "enterprise": "企业 公司 有限责任公司 股份有限公司 工厂 enterprise company",
    },
}
_WORDS: Final = {
    kind: {entities.fold(word): code for code, words in table.items() for word in words.split()}
    for kind, table in _KINDS.items()
}
_UNIT_CODES: Final = {"11": "institution", "12": "institution", "91": "enterprise"}
_PLACE_FINDINGS: Final = {
    "village_unknown": "place_unknown",
    "village_missing": "place_missing",
    "village_ambiguous": "place_ambiguous",
}


@dataclass(frozen=True, slots=True)
class EntityLine:
    """One row: its number in the file, the grid it belongs to (None: in none), the place as the file says it, the facts."""

    row: int
    grid_id: int | None
    place: str
    facts: Facts


@dataclass(slots=True)
class EntityRows:
    """A list read from end to end: the rows without an error, every finding, how many rows there were."""

    rows: int = 0
    lines: list[EntityLine] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read(table: Table, subject_kind: str, places: Villages, *, today: date) -> EntityRows:
    """Read every row of a list of one kind."""
    found = EntityRows()
    codes: dict[str, int] = {}
    named: dict[tuple[int | None, str, str, str], int] = {}
    for row, values, flawed in _rows(table, subject_kind, found):
        found.rows += 1
        line, problems = _line(row, values, subject_kind, places, today)
        problems = [problem for problem in problems if problem.column not in flawed]
        if line is not None:
            problems += _doubles(line, codes, named)
        found.problems += problems
        if line is not None and not flawed and not any(problem.is_error for problem in problems):
            found.lines.append(line)
    return found


def _rows(table: Table, subject_kind: str, found: EntityRows) -> Iterator[tuple[int, dict[str, str], set[str]]]:
    form = FORMS[subject_kind]
    for chunk in table.chunks():
        found.problems += chunk.problems
        broken: dict[int, set[str]] = {}
        for problem in chunk.problems:
            if problem.is_error:
                broken.setdefault(problem.row, set()).add(problem.column)
        names = list(chunk.columns)
        for row, texts in zip(chunk.rows.tolist(), zip(*chunk.columns.values(), strict=True), strict=True):
            values = dict(zip(names, texts, strict=True))
            if is_header_again("name", values["name"], form):
                found.problems.append(Problem(row, "", "header_again", is_error=False))
                continue
            yield row, {name: "" if text == FLAWED else text for name, text in values.items()}, broken.get(row, set())


def _line(
    row: int, values: dict[str, str], subject_kind: str, places: Villages, today: date
) -> tuple[EntityLine | None, list[Problem]]:
    said = {name: cells.clean(text) for name, text in values.items()}
    problems: list[Problem] = []
    founded = cells.birth(said.get("founded_on", ""))
    if founded is None:
        problems.append(Problem(row, "founded_on", "founded_unreadable", said["founded_on"][:LONGEST_VALUE]))
    kind = _kind(said.get("kind", ""), said.get("uscc", ""), subject_kind)
    facts, findings = entities.check(
        Facts(
            subject_kind=subject_kind,
            kind=kind,
            founded_on=date.fromisoformat(founded) if founded else None,
            **{
                name: said.get(name, "")
                for name in ("name", "uscc", "licence_name", "trade", "address", "principal", "id_number", "phone")
            },
        ),
        today=today,
    )
    for finding in findings:
        value = said.get("kind", "") if finding.field == "kind" and not kind else finding.value
        # Lists often name nobody; the officer asks when he comes.
        is_error = finding.is_error and finding.code != "principal_missing"
        problems.append(Problem(row, finding.field, finding.code, value[:LONGEST_VALUE], is_error))
    place = places.find(values.get("village_code", ""), said.get("village", ""))
    for column, code, value, is_error, _hint in place.findings:
        told = _PLACE_FINDINGS.get(code)
        if told is not None or not is_error:
            problems.append(Problem(row, column, told or code, value[:LONGEST_VALUE], is_error=False, also=_hint))
    where = (said.get("village") or values.get("village_code", ""))[:LONGEST_PLACE]
    return EntityLine(row, place.grid_id, where, facts), problems


def _kind(word: str, code: str, subject_kind: str) -> str:
    if word:
        return _WORDS[subject_kind].get(entities.fold(word), "")
    if subject_kind == entities.UNIT:
        return _UNIT_CODES.get(code[:2], "")
    return entities.kind_by_code(code) or "other"


def _doubles(
    line: EntityLine, codes: dict[str, int], named: dict[tuple[int | None, str, str, str], int]
) -> list[Problem]:
    """What an earlier row of the file has said already."""
    facts = line.facts
    if facts.uscc:
        first = codes.setdefault(facts.uscc, line.row)
        if first != line.row:
            return [Problem(line.row, "uscc", "uscc_twice", facts.uscc, also=str(first))]
    where = "" if line.grid_id is not None else line.place
    first = named.setdefault((line.grid_id, where, facts.folded, facts.uscc or f"@{facts.address}"), line.row)
    if first != line.row and facts.name:
        return [Problem(line.row, "name", "entity_twice", facts.name[:LONGEST_VALUE], also=str(first))]
    return []
