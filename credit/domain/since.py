"""Why a line is higher or lower than last time, in plain sentences of either language."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from config.lib.money import format_yuan
from credit.domain.changes import Changes, FactChange, Shown
from credit.domain.model import Label, ValueType
from credit.domain.trace import exact_text

MOST = 5
"""So many parts or facts are named; of more it is said how many."""

_TEXT: dict[str, tuple[str, str]] = {
    "up": ("这次 {after}，上次 {before}，高 {change}。", "It is {after} now and was {before}: {change} more."),
    "down": ("这次 {after}，上次 {before}，低 {change}。", "It is {after} now and was {before}: {change} less."),
    "same": ("和上次一样，{after}。", "It is the same as last time, {after}."),
    "none": ("两次中有一次没有额度，不能比较金额。", "One of the two has no line, so the amounts cannot be compared."),
    "other_model": (
        "两次所用的模型或版本不同，计算方法有变化。",
        "The model or its version is another one, so the way of computing has changed.",
    ),
    "grade": ("信用等级由{before}变为{after}。", "The grade went from {before} to {after}."),
    "parts": ("其中：{list}。", "Of this: {list}."),
    "part_up": ("{label}增加 {amount}", "{label} {amount} more"),
    "part_down": ("{label}减少 {amount}", "{label} {amount} less"),
    "facts": ("和上次不同的数据：{list}。", "Facts that are not what they were: {list}."),
    "parameters": ("统一规定的参数有变化：{list}。", "Parameters set for everybody have changed: {list}."),
    "change": ("{label}由 {before} 变为 {after}", "{label} from {before} to {after}"),
    "nothing": ("所用的数据和参数都没有变化。", "No fact and no parameter has changed."),
    "more": ("等 {count} 项", "and {count} more"),
    "separator": ("；", "; "),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "missing": ("没有填写", "not filled in"),
}


def explain_changes(changes: Changes, language: str = "zh-hans") -> list[str]:
    """The comparison as sentences, what weighs most first; ``language`` is ``zh-hans`` or ``en``."""
    return _Writer(changes, 1 if language == "en" else 0).sentences()


class _Writer:
    def __init__(self, changes: Changes, index: int) -> None:
        self.changes = changes
        self.index = index
        self.language = "en" if index else "zh-hans"

    def say(self, code: str, **values: str) -> str:
        return _TEXT[code][self.index].format_map(values)

    def sentences(self) -> list[str]:
        changes = self.changes
        found = [self.difference()]
        if changes.is_other_model:
            found.append(self.say("other_model"))
        before, after = changes.grade_before, changes.grade_after
        if before is not None and after is not None and before != after:
            found.append(self.say("grade", before=before.text(self.language), after=after.text(self.language)))
        if changes.parts:
            found.append(self.say("parts", list=self.listed(self.part(one.label, one.change) for one in changes.parts)))
        for code, rows in (("facts", changes.facts), ("parameters", changes.parameters)):
            if rows:
                found.append(self.say(code, list=self.listed(self.change(row) for row in rows)))
        if not (changes.facts or changes.parameters or changes.is_other_model):
            found.append(self.say("nothing"))
        return found

    def difference(self) -> str:
        changes = self.changes
        if changes.before is None or changes.after is None or changes.change is None:
            return self.say("none")
        return self.say(
            changes.direction,
            after=self.money(changes.after),
            before=self.money(changes.before),
            change=self.money(abs(changes.change)),
        )

    def part(self, label: Label, change: Decimal) -> str:
        code = "part_up" if change > 0 else "part_down"
        return self.say(code, label=label.text(self.language), amount=self.money(abs(change)))

    def change(self, row: FactChange) -> str:
        return self.say(
            "change",
            label=row.label.text(self.language),
            before=self.value(row.before, row.type),
            after=self.value(row.after, row.type),
        )

    def listed(self, parts: Iterable[str]) -> str:
        whole = list(parts)
        text = self.say("separator").join(whole[:MOST])
        if len(whole) <= MOST:
            return text
        more = self.say("more", count=str(len(whole) - MOST if self.index else len(whole)))
        return f"{text}{', ' if self.index else ' '}{more}"

    def value(self, value: Shown, value_type: ValueType) -> str:
        if isinstance(value, Label):
            return value.text(self.language)
        if isinstance(value, bool):
            return self.say("yes" if value else "no")
        if isinstance(value, Decimal):
            return self.money(value) if value_type is ValueType.MONEY else exact_text(value)
        return value or self.say("missing")

    def money(self, amount: Decimal) -> str:
        return format_yuan(amount, self.language)
