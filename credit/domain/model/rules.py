"""Reading the rules of figures: formulas, bands, look-ups, steps, tick lists, annuity factors, totals of events."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from config.lib.money import EXACT
from credit.domain.model.bands import Band, Edge, read_bands
from credit.domain.model.checking import named
from credit.domain.model.document import (
    BandTable,
    EventTotal,
    Figure,
    Formula,
    Lookup,
    Remark,
    Rule,
    Steps,
    Tick,
    Ticks,
    ValueType,
)
from credit.domain.model.expression import Kind
from credit.domain.model.inputs import InputReader, label, unit_of
from credit.domain.model.lists import MOST_MONTHS, annuity_factors, steps_counted, steps_value, tick_sum
from credit.domain.model.names import NOTHING
from credit.domain.model.units import YUAN, fits

GENERATED = "generated"  # marks an entry the reader itself put together; no document can say it


class RuleReader(InputReader):
    """Reads figures one after the other; each may use what is named before it."""

    def __init__(self, document: Mapping[str, Any], findings: Any) -> None:
        super().__init__(document, findings)
        self.remarks: list[Remark] = []

    def figures(self, section: str, fixed_type: ValueType | None = None) -> tuple[Figure, ...]:
        """The figures of a section, in order."""
        return tuple(
            self.figure(entry, path, fixed_type or ValueType(entry["type"])) for entry, path in self.entries(section)
        )

    def figure(self, raw: Mapping[str, Any], path: str, value_type: ValueType) -> Figure:
        """Read a figure, then take its name: it is not in scope inside its own rule."""
        outer, self.within = self.within, self.within or raw["name"]
        rule, kind = self.rule(raw, path, value_type)
        self.within = outer
        if kind.kind == "number":
            self.check_unit(kind, value_type, path)
            kind = named(kind, value_type.places, unit_of(value_type))
        self.declare(raw["name"], kind, path)
        return Figure(raw["name"], label(raw["label"]), value_type, kind, rule, is_part=raw.get("part", False))

    def check_unit(self, kind: Kind, value_type: ValueType, path: str) -> None:
        """A figure of money is yuan, any other is none."""
        if not fits(kind.unit, money=value_type is ValueType.MONEY) and kind.unit is not None:
            self.findings.add(
                path, "unit_result", type=value_type, expected=unit_of(value_type).words, found=kind.unit.words
            )

    def rule(self, raw: Mapping[str, Any], path: str, value_type: ValueType) -> tuple[Rule, Kind]:
        """The rule of a figure and what its value can be."""
        if "formula" in raw:
            expected = "bool" if value_type is ValueType.BOOL else "number"
            node = self.formula(raw["formula"], expected, f"{path}.formula", written=not raw.get(GENERATED))
            return Formula(raw["formula"], node), node.type or NOTHING
        if value_type is ValueType.BOOL:
            self.findings.add(
                path, "key_not_allowed", key="bands, lookup, steps, ticks, annuity, events", type=value_type
            )
            return Lookup("", {}), Kind("bool")
        if "bands" in raw:
            return self.band_table(raw["bands"], value_type, f"{path}.bands")
        if "lookup" in raw:
            return self.lookup(raw["lookup"], value_type, f"{path}.lookup")
        if "steps" in raw:
            return self.steps(raw["steps"], value_type, f"{path}.steps")
        if "ticks" in raw:
            return self.ticks(raw["ticks"], value_type, f"{path}.ticks")
        if "annuity" in raw:
            return self.annuity(raw["annuity"], value_type, f"{path}.annuity")
        return self.event_total(raw["events"], f"{path}.events")

    def money_figure(self, name: str, raw: Mapping[str, Any], path: str) -> Figure:
        """The combined figure or a cap: yuan by formula."""
        self.within = name
        node = self.formula(raw["formula"], "number", f"{path}.formula", written=not raw.get(GENERATED))
        self.within = ""
        self.check_unit(node.type or NOTHING, ValueType.MONEY, path)
        kind = named(node.type or NOTHING, ValueType.MONEY.places, YUAN)
        self.declare(name, kind, path)
        return Figure(name, label(raw["label"]), ValueType.MONEY, kind, Formula(raw["formula"], node))

    def band_table(self, raw: Mapping[str, Any], value_type: ValueType, path: str) -> tuple[BandTable, Kind]:
        """A table of bands over a number."""
        of = self.named_kind(raw["of"], "number", "band_not_number", path)
        values = [
            self.fitting(row["value"], value_type, f"{path}.rows[{index}].value")
            for index, row in enumerate(raw["rows"])
        ]
        rows = read_bands(raw["rows"], of, f"{path}.rows", self.findings) if of is not None else ()
        return BandTable(raw["of"], rows), Kind("number", value_type.places, min(values), max(values))

    def lookup(self, raw: Mapping[str, Any], value_type: ValueType, path: str) -> tuple[Lookup, Kind]:
        """A table over a choice."""
        of = self.named_kind(raw["of"], "choice", "lookup_not_choice", path)
        values = {code: self.fitting(text, value_type, f"{path}.values.{code}") for code, text in raw["values"].items()}
        if of is not None:
            for code in of.codes:
                if code not in values:
                    self.findings.add(f"{path}.values", "lookup_missing", code=code)
            for code in values:
                if code not in of.codes:
                    self.findings.add(f"{path}.values.{code}", "lookup_unknown", code=code)
        kind = Kind("number", value_type.places, min(values.values()), max(values.values()))
        return Lookup(raw["of"], MappingProxyType(values)), kind

    def steps(self, raw: Mapping[str, Any], value_type: ValueType, path: str) -> tuple[Steps, Kind]:
        """Points by steps over a number."""
        of = self.named_kind(raw["of"], "number", "band_not_number", path) or NOTHING
        rule = Steps(
            of=raw["of"],
            start=self.on_grid(raw["start"], of.places, f"{path}.start"),
            step=self.on_grid(raw["step"], of.places, f"{path}.step"),
            each=self.fitting(raw["each"], value_type, f"{path}.each"),
            at_most=self.fitting(raw["at_most"], value_type, f"{path}.at_most") if "at_most" in raw else None,
            direction=raw.get("direction", "up"),
            base=self.fitting(raw.get("base", "0"), value_type, f"{path}.base"),
            started=raw.get("started", False),
        )
        if rule.step <= 0:
            self.findings.add(f"{path}.step", "step_not_positive")
            return rule, NOTHING
        if rule.at_most is not None and rule.at_most <= 0:
            self.findings.add(f"{path}.at_most", "at_most_not_positive")
        if of is not NOTHING and steps_counted(rule, of.high if rule.direction == "up" else of.low) == 0:
            self.findings.add(path, "steps_never", low=of.low, high=of.high)
        ends = sorted(steps_value(rule, end) for end in (of.low, of.high))
        return rule, Kind("number", value_type.places, ends[0], ends[1])

    def ticks(self, raw: Mapping[str, Any], value_type: ValueType, path: str) -> tuple[Ticks, Kind]:
        """A tick list; a row with a reason is also a remark of the result."""
        rows = []
        for index, row in enumerate(raw["rows"]):
            place = f"{path}.rows[{index}]"
            node = self.condition(row["when"], f"{place}.when")
            value = self.fitting(row["value"], value_type, f"{place}.value")
            reason = row.get("reason", "")
            if reason:
                self.use_reason(reason, f"{place}.reason")
                self.remarks.append(Remark(reason, row["when"], node))
            words = label(row["label"]) if "label" in row else None
            rows.append(Tick(row["when"], node, value, words, reason))
        base = self.fitting(raw.get("base", "0"), value_type, f"{path}.base")
        least, most = (
            self.fitting(raw[key], value_type, f"{path}.{key}") if key in raw else None
            for key in ("at_least", "at_most")
        )
        if least is not None and most is not None and least > most:
            self.findings.add(path, "range_reversed")
            most = None
        rule = Ticks(tuple(rows), base, least, most)
        ends = (
            tick_sum(rule, [row for row in rows if row.value < 0]),
            tick_sum(rule, [row for row in rows if row.value > 0]),
        )
        return rule, Kind("number", value_type.places, ends[0], ends[1])

    def annuity(self, raw: Mapping[str, Any], value_type: ValueType, path: str) -> tuple[Rule, Kind]:
        """How much one yuan a month repays: a table over the months, worked out here once (Domain, 4.6)."""
        if value_type is not ValueType.RATIO:
            self.findings.add(path, "annuity_ratio", type=value_type)
        rate = Decimal(raw["annual_rate"])
        if not 0 <= rate <= 1:
            self.findings.add(f"{path}.annual_rate", "outside_range", value=rate, low=0, high=1)
            rate = Decimal(0)
        of = self.named_kind(raw["months"], "number", "band_not_number", path, "months")
        if of is None:
            return BandTable(raw["months"], ()), NOTHING
        if of.places or of.low < 0 or of.high > MOST_MONTHS:
            self.findings.add(f"{path}.months", "months_range", most=MOST_MONTHS, low=of.low, high=of.high)
            return BandTable(raw["months"], ()), NOTHING
        factors = annuity_factors(rate, int(of.high))[int(of.low) :]
        rows = tuple(
            Band(Decimal(month), Decimal(month), Edge(str(month), True), Edge(str(month), True), factor)
            for month, factor in enumerate(factors, int(of.low))
        )
        return BandTable(raw["months"], rows), Kind("number", 8, factors[0], factors[-1])

    def event_total(self, raw: Mapping[str, Any], path: str) -> tuple[EventTotal, Kind]:
        """Figures of one event see the event's fields beside everything defined before; outside they are unknown."""
        self.read.add(raw["of"])
        source = self.events.get(raw["of"])
        if source is None:
            self.findings.add(f"{path}.of", "not_an_event_list", name=raw["of"])
            return EventTotal(raw["of"], (), ""), NOTHING
        outer = self.scope
        self.scope = {**outer, **{entry.name: entry.kind for entry in source.fields}}
        figures = tuple(
            self.figure(entry, f"{path}.figures[{index}]", ValueType(entry["type"]))
            for index, entry in enumerate(raw.get("figures", ()))
        )
        inner, self.scope = self.scope, outer
        total = raw.get("sum", "")
        if not total:
            return EventTotal(source.name, figures, ""), Kind("number", 0, Decimal(0), Decimal(source.at_most))
        kind = inner.get(total)
        if kind is None or total not in {part.name for part in source.fields} | {part.name for part in figures}:
            self.findings.add(f"{path}.sum", "sum_not_of_event", name=total)
            return EventTotal(source.name, figures, total), NOTHING
        if kind.kind != "number":
            self.findings.add(f"{path}.sum", "band_not_number", name=total)
        low, high = (EXACT.multiply(end, Decimal(source.at_most)) for end in (kind.low, kind.high))
        return (
            EventTotal(source.name, figures, total),
            Kind("number", kind.places, min(Decimal(0), low), max(Decimal(0), high), unit=kind.unit),
        )
