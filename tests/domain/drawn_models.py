"""Hypothesis draws whole model documents: every construct of the language, over names that stand in scope."""

from hypothesis import strategies as st

from credit.domain.model import ModelDocumentError, read_model
from tests.domain.households import L

TYPES = {"money": 2, "ratio": 8, "points": 2, "int": 0}
RANGES = {
    "money": [
        ("0", "100000000"),
        ("-100000000", "100000000"),
        ("-5", "0"),
        ("100", "30000.01"),
        ("0", "999999999999.99"),
    ],
    "ratio": [("0", "1"), ("-3", "3"), ("0.00000001", "1000000"), ("0", "900000000000")],
    "points": [("0", "100"), ("-20.25", "7.5")],
    "int": [("0", "50"), ("1", "9"), ("-40", "40"), ("-3", "-1"), ("0", "999999999999999")],
}
NUMBERS = ["0", "1", "2", "3", "7", "0.5", "0.05", "1.5", "0.333", "100", "1000", "0.00000001", "99999.99", "12345678"]
EDGES = {"money": ["-1", "0", "0.01", "1000", "9999.99", "16000"], "ratio": ["-0.5", "0", "1/3", "2/3", "0.8", "1.2"],
         "points": ["0", "5.5", "60", "75", "90"], "int": ["-1", "1", "2", "3", "7", "30"]}  # fmt: skip
CODES = ("x", "y", "z")
EVENT_FIELDS = {"size": "money", "days": "int", "open": "bool", "what": "choice"}
UNITS = {"yuan": ("money",), "plain": ("ratio", "points", "int")}


class Sketch:
    """A document that grows part by part; a part that would make it invalid is left out."""

    def __init__(self, draw):
        self.draw = draw
        self.known = {}  # name -> type
        self.sections_drawn = ()
        self.raw = {
            "format": "gedang-model/1", "code": "R", "title": L,
            "inputs": [self.number("amount", "money")],
            "lines": [{"name": "first", "label": L, "formula": "amount / 3"}],
            "combined": {"label": L, "formula": "first"},
        }  # fmt: skip

    # --- parts ---------------------------------------------------------------------------------------------------

    def one(self, *choices):
        return self.draw(st.sampled_from(choices))

    def chance(self):
        return self.draw(st.booleans())

    def number(self, name, kind):
        low, high = self.one(*RANGES[kind])
        self.known[name] = kind
        missing = {"default": self.one(low, high)}
        return {"name": name, "label": L, "type": kind, "min": low, "max": high, "missing": missing}

    def names(self, *kinds):
        return [name for name, kind in self.known.items() if kind in kinds]

    def leaves(self, unit, inner):
        """Names of a unit in scope: yuan or plain."""
        kinds = {**self.known, **{name: kind for name, kind in EVENT_FIELDS.items() if name in inner}}
        return [name for name, kind in kinds.items() if kind in UNITS[unit]]

    def formula(self, depth=2, inner=(), unit="yuan"):
        """A formula of one unit; what the reader still refuses is left out by ``try_part``."""
        way = self.draw(st.integers(0, 12)) if depth else self.draw(st.integers(0, 1))
        names = self.leaves(unit, inner)
        if way == 0 or (way == 1 and not names):
            return self.one(*NUMBERS)
        if way == 1:
            return self.one(*names)
        one = self.formula(depth - 1, inner, unit)
        if way == 2:
            return f"-({one})"
        plain = self.leaves("plain", inner)
        if way == 3:
            return f"({one}) / {self.one('3', '7', '(0 - 3)', '0.06', *plain)}"
        if way == 4 and names:
            return f"floor_step({self.one(*names)}, {self.one('1', '0.5', '1000', '0.003')})"
        if way == 5:
            return f"div({one}, {self.formula(depth - 1, inner, 'plain')}, {self.formula(0, inner, unit)})"
        two = self.formula(depth - 1, inner, unit)
        if way == 6 and unit == "plain":
            yuan = [self.formula(depth - 1, inner, "yuan") for _ in range(2)]
            return f"div({yuan[0]}, {yuan[1]}, {one})"
        if way in (6, 7):
            return f"{self.one('min', 'max')}({one}, {two})"
        if way == 8:
            return f"if({self.condition(depth - 1, inner)}, {one}, {two})"
        if way == 9:
            return f"case({self.condition(0, inner)}, {one}, {self.condition(0, inner)}, {two}, 5)"
        if way == 10:
            return f"({one}) * ({self.formula(depth - 1, inner, 'plain')})"
        return f"({one}) {self.one('+', '-')} ({two})"

    def condition(self, depth=1, inner=()):
        if depth and self.chance():
            one, two = self.condition(depth - 1, inner), self.condition(depth - 1, inner)
            return f"({one} {self.one('and', 'or')} not ({two}))"
        truths = self.names("bool") + (["open"] if "open" in inner else [])
        choices = self.names("choice") + (["what"] if "what" in inner else [])
        if truths and self.chance():
            return self.one(*truths, "true")
        if choices and self.chance():
            return f"{self.one(*choices)} {self.one('==', '!=')} '{self.one(*CODES)}'"
        compared, unit = self.one("<", "<=", ">", ">=", "==", "!="), self.one(*UNITS)
        return f"{self.formula(0, inner, unit)} {compared} {self.formula(min(depth, 1), inner, unit)}"

    def bands(self, kind, of, of_kind, value=None):
        edges = sorted(set(self.draw(st.lists(st.sampled_from(EDGES[of_kind]), max_size=4))), key=self.edge)
        rows = [{"value": value() if value else self.literal(kind)} for _ in range(len(edges) + 1)]
        for place, edge in enumerate(edges):
            upper, lower = self.one(("upto", "above"), ("below", "from"))
            rows[place][upper], rows[place + 1][lower] = edge, edge
        return {"of": of, "rows": rows[:: self.one(1, -1)]}

    @staticmethod
    def edge(text):
        top, _, bottom = text.partition("/")
        return float(top) / float(bottom or 1)

    def literal(self, kind):
        return self.one("0", "1", "-3", "12") if kind == "int" else self.one("0", "0.5", "-7.25", "12", "0.7", "100000")

    def rule(self, kind, *, inner=(), lists=True):
        ways = ["formula", "bands", "lookup", *(("steps", "ticks") if lists else ())]
        if lists and kind == "ratio":
            ways.append("annuity")
        way = self.one(*ways)
        numbers = {**{name: self.known[name] for name in self.names(*TYPES)},
                   **{name: EVENT_FIELDS[name] for name in inner if name in ("size", "days")}}  # fmt: skip
        of = self.one(*numbers)
        if way == "bands":
            return {"bands": self.bands(kind, of, numbers[of])}
        choices = self.names("choice") + (["what"] if inner else [])
        if way == "lookup" and choices:
            return {"lookup": {"of": self.one(*choices), "values": {code: self.literal(kind) for code in CODES}}}
        if way == "annuity":
            return {"annuity": {"annual_rate": self.one("0", "0.06", "1"), "months": "months"}}
        if way == "steps":
            steps = {"of": of, "start": self.one("0", "1", "-2", "100"), "step": self.one("1", "3", "1000"),
                     "each": self.literal(kind), "base": self.literal(kind), "direction": self.one("up", "down"),
                     "started": self.chance()}  # fmt: skip
            return {"steps": {**steps, **({"at_most": self.one("1", "5", "40")} if self.chance() else {})}}
        if way == "ticks":
            rows = [{"when": self.condition(), "value": self.literal(kind),
                     **({"reason": self.one("why", "also")} if self.chance() else {})}
                    for _ in range(self.draw(st.integers(1, 4)))]  # fmt: skip
            ends = {key: value for key, value in (("at_least", "-4"), ("at_most", "9")) if self.chance()}
            return {"ticks": {"rows": rows, "base": self.literal(kind), **ends}}
        return {"formula": self.formula(inner=inner, unit="yuan" if kind == "money" else "plain")}

    def events(self, kind, place):
        inner = list(EVENT_FIELDS)
        figures = []
        for number in range(self.draw(st.integers(0, 2))):
            own = self.one(*TYPES)
            name = f"own{place}_{number}"
            figures.append({"name": name, "label": L, "type": own, **self.rule(own, inner=inner, lists=False)})
        total = self.one({"count": True}, *({"sum": one["name"]} for one in figures), {"sum": "size"}, {"sum": "days"})
        return {"events": {"of": "happened", "figures": figures, **total}}

    # --- growing -------------------------------------------------------------------------------------------------

    def holds(self, raw):
        reasons = [
            {"code": code, "label": L} for code in ("why", "also", "gone") if f'"{code}"' in repr(raw).replace("'", '"')
        ]
        raw = {**raw, **({"reasons": reasons} if reasons else {})}
        try:
            read_model(raw)
        except ModelDocumentError:
            return None
        return raw

    def try_part(self, section, part, kind=None):
        grown = {**self.raw, section: [*self.raw.get(section, ()), part]}
        if self.holds(grown) is None:
            return
        self.raw = grown
        if kind:
            self.known[part["name"]] = kind

    def try_section(self, **sections):
        grown = {**self.raw, **sections}
        if self.holds(grown) is not None:
            self.raw = grown
            return True
        return False

    def inputs(self):
        for name, kind in (("debt", "money"), ("share", "ratio"), ("people", "int"), ("mark", "points")):
            entry = self.number(name, kind)
            if self.chance():
                entry["missing"] = {"reason": "gone"}
            self.raw["inputs"].append(entry)
        choices = [{"code": code, "label": L} for code in CODES]
        self.raw["inputs"] += [
            {"name": "flag", "label": L, "type": "bool", "missing": {"default": self.one("true", "false")}},
            {"name": "owns", "label": L, "type": "flags", "missing": {"default": "empty"},
             "choices": [{"code": code, "label": L} for code in ("car", "flat")]},
            {"name": "years", "label": L, "type": "int", "min": "0", "max": "120", "missing": {"default": "40"}},
            {"name": "months", "label": L, "type": "int", "min": self.one("0", "3"), "max": self.one("24", "600"),
             "missing": {"default": "12"}},
            {"name": "kind", "label": L, "type": "choice", "choices": choices, "missing": {"default": self.one(*CODES)}},
            {"name": "happened", "label": L, "type": "events", "at_most": self.one(1, 4, 200),
             "missing": self.one({"default": "empty"}, {"reason": "gone"}),
             "fields": [
                 {"name": "size", "label": L, "type": "money", "min": "-1000", "max": "50000.5"},
                 {"name": "days", "label": L, "type": "int", "min": "0", "max": "36500"},
                 {"name": "open", "label": L, "type": "bool"},
                 {"name": "what", "label": L, "type": "choice", "choices": choices},
             ]},
        ]  # fmt: skip
        self.known |= {"flag": "bool", "kind": "choice", "months": "int", "owns_car": "bool", "owns_flat": "bool"}
        for name, kind in (("base", "money"), ("rate", "ratio")):
            low, high = self.one(*RANGES[kind])
            part = {"name": name, "label": L, "type": kind, "min": low, "max": high}
            self.try_part("parameters", {**part, **({"default": high} if self.chance() else {})}, kind)

    def figures(self):
        for place in range(self.draw(st.integers(0, 6))):
            kind = self.one(*TYPES, "bool")
            if kind == "bool":
                rule = {"formula": self.condition(2)}
            else:
                rule = self.events(kind, place) if self.draw(st.integers(0, 4)) == 0 else self.rule(kind)
            self.try_part("derived", {"name": f"d{place}", "label": L, "type": kind, **rule}, kind)

    def scored(self):
        items = []
        score = {"name": "score", "label": L, **({"at_least": self.one("0", "-5", "3.5")} if self.chance() else {})}
        for place in range(self.draw(st.integers(0, 4))):
            item = {"name": f"i{place}", "label": L, "full": "999999999999999", **self.rule("points")}
            if self.try_section(scorecard={"score": score, "items": [*items, item]}):
                items.append(item)
                self.known[item["name"]] = "points"
        if not items:
            return
        self.known["score"] = "points"
        table = self.bands("points", "score", "points")["rows"]
        levels = [{**{key: edge for key, edge in row.items() if key != "value"}, "code": f"g{place}", "label": L,
                   "values": {"v": self.one("0.7", "1", "0.33333333")}} for place, row in enumerate(table)]  # fmt: skip
        lower = {"lower_by": self.one(*self.names("int"))} if self.chance() else {}
        grade = {"name": "grade", "label": L, "of": "score", "levels": levels,
                 "figures": [{"name": "v", "label": L, "type": "ratio"}], **lower}  # fmt: skip
        if self.try_section(grade=grade):
            self.known["v"] = "ratio"

    def sections(self):
        """Sections that are written out as figures, caps and vetoes."""
        way = {"name": "way", "label": L, "missing": {"default": "site"}, "cap": {"name": "way_cap", "label": L},
               "entries": [{"code": "site", "label": L, "cap": "300000"},
                           {"code": "online", "label": L, "cap": self.one("5000.5", *self.names("money"))}]}  # fmt: skip
        repaid = {"name": "afford", "label": L, "of": self.one(*self.names("money")), "share": "0.5",
                  "annual_rate": "0.0485", "months": "months"}  # fmt: skip
        granted = {"name": "granted", "label": L, "asked": "months", "age": "years", "min_age": "18",
                   "max_age_at_maturity": {"x": "60", "y": "55", "z": "65"}, "sex": "kind",
                   "beyond": self.one("shorten", "refuse"), "reasons": {"young": "why", "old": "also"}}  # fmt: skip
        for name, section in (("modes", way), ("repayment", repaid), ("tenor", granted)):
            if self.chance() and self.try_section(**{name: section}):
                self.sections_drawn += (name,)

    def ends(self):
        for place in range(self.draw(st.integers(0, 3))):
            self.try_part("lines", {"name": f"l{place}", "label": L, **self.rule("money")}, "money")
        lines = [{"line": line["name"]} for line in self.raw["lines"]]
        several = {"label": L, "by": self.one("min", "max", "sum", "first"), "of": lines}
        if self.try_section(combined=self.one({"label": L, "formula": self.formula()}, several)):
            self.known["combined"] = "money"
        for place in range(self.draw(st.integers(0, 2))):
            self.try_part("caps", {"name": f"c{place}", "label": L, "formula": self.formula(1)}, "money")
        for section in ("vetoes", "remarks"):
            for _ in range(self.draw(st.integers(0, 3))):
                self.try_part(section, {"reason": self.one("why", "also"), "when": self.condition()})
        if self.chance():
            self.try_section(rounding={"step": self.one("0.01", "1", "1000", "0.5", "333.33")})


@st.composite
def models(draw):
    """A model the reader accepts."""
    sketch = Sketch(draw)
    sketch.inputs()
    sketch.figures()
    sketch.sections()
    sketch.scored()
    sketch.ends()
    return read_model(sketch.holds(sketch.raw))
