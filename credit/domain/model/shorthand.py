"""Sections that say in a few words what takes several figures: how lines combine, entry modes, tenor by age, repayment.

Each is written out as figures, caps and vetoes of the language itself, so that evaluators know nothing of it and an
explanation shows every step. Months and years are whole numbers; the caller turns dates into them (``months_begun``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from credit.domain.model.document import EntryModes
from credit.domain.model.rules import GENERATED

Entry = dict[str, Any]


@dataclass(frozen=True)
class Written:
    """What a section stands for: figures, caps and vetoes (``reason``, ``when``), all read at the section's place."""

    figures: tuple[Entry, ...] = ()
    caps: tuple[Entry, ...] = ()
    vetoes: tuple[Entry, ...] = ()


def combination(raw: Mapping[str, Any]) -> str:
    """The formula of several lines: the smallest, the largest, their sum, or the first that applies."""
    names = [entry["line"] for entry in raw["of"]]
    if raw["by"] == "sum":
        return " + ".join(names)
    if raw["by"] in ("min", "max"):
        return f"{raw['by']}({', '.join(names)})" if len(names) > 1 else names[0]
    branches = [f"{entry.get('when') or entry['line'] + ' > 0'}, {entry['line']}" for entry in raw["of"]]
    return f"case({', '.join(branches)}, 0)"


def modes_input(raw: Mapping[str, Any]) -> Entry:
    """The way a household comes in, as a choice."""
    choices = [{"code": entry["code"], "label": entry["label"]} for entry in raw["entries"]]
    return {"name": raw["name"], "label": raw["label"], "type": "choice", "choices": choices,
            "missing": raw["missing"], "from": "run"}  # fmt: skip


def entry_modes(raw: Mapping[str, Any]) -> EntryModes:
    """The ways in, for who lets a household choose one."""
    return EntryModes(raw["name"], MappingProxyType({entry["code"]: entry["cap"] for entry in raw["entries"]}))


def modes(raw: Mapping[str, Any]) -> Written:
    """The cap of the way a household comes in."""
    cap = _by({entry["code"]: entry["cap"] for entry in raw["entries"]}, raw["name"])
    return Written(caps=({**raw["cap"], "formula": cap, GENERATED: True},))


def tenor(raw: Mapping[str, Any]) -> Written:
    """Months granted: as asked, within the longest and, where the rule shortens, within the age limit at maturity."""
    name, sex = raw["name"], raw.get("sex", "")
    lived = raw.get("age_months") or f"{raw['age']} * 12"
    limit, left = f"{name}_age_limit", f"{name}_left"
    asked = f"min({raw['asked']}, {raw['longest']})" if "longest" in raw else str(raw["asked"])
    shortens = raw["beyond"] == "shorten"
    months = f"max(min({asked}, {left}), 0)" if shortens else asked
    too_old = f"{left} < {raw.get('shortest', '1')}" if shortens else f"{left} < {name}"
    return Written(
        figures=(
            _figure(limit, "到期年龄上限（岁）", "age limit at maturity (years)", _by(raw["max_age_at_maturity"], sex)),
            _figure(left, "距到期年龄上限的月数", "months up to the age limit", f"{limit} * 12 - {lived}"),
            {**_figure(name, "", "", months), "label": raw["label"]},
        ),
        vetoes=(
            {"reason": raw["reasons"]["young"], "when": f"{raw['age']} < {_by(raw['min_age'], sex)}"},
            {"reason": raw["reasons"]["old"], "when": too_old},
        ),
    )


def repayment(raw: Mapping[str, Any]) -> Written:
    """The largest loan whose equal monthly instalments stay within a share of yearly income, less what is paid already."""
    name = raw["name"]
    factor, room = f"{name}_factor", f"{name}_room"
    already = f" - {raw['already']}" if "already" in raw else ""
    return Written(
        figures=(
            {
                "name": factor,
                "label": {
                    "zh": "年金系数（月供 1 元可还的本金）",
                    "en": "annuity factor (loan repaid by 1 yuan a month)",
                },
                "type": "ratio",
                "annuity": {"annual_rate": raw["annual_rate"], "months": raw["months"]},
            },
            {
                **_figure(room, "每年可用于还款的收入", "income free for instalments in a year", ""),
                "type": "money",
                "formula": f"max({raw['of']} * {raw['share']}{already}, 0)",
            },
        ),
        caps=({"name": name, "label": raw["label"], "formula": f"{room} * {factor} / 12", GENERATED: True},),
    )


SECTIONS = {"modes": modes, "tenor": tenor, "repayment": repayment}


def _figure(name: str, zh: str, en: str, formula: str) -> Entry:
    return {"name": name, "label": {"zh": zh, "en": en}, "type": "int", "formula": formula, GENERATED: True}


def _by(values: Any, name: str) -> str:
    """One value for all, or one for each code of a choice."""
    if isinstance(values, str):
        return values
    *first, last = values.items()
    if not first:
        return str(last[1])
    branches = "".join(f"{name} == '{code}', {value}, " for code, value in first)
    return f"case({branches}{last[1]})"
