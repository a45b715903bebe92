"""The shape of a model document, and its published JSON Schema.

``write_schema()`` rewrites ``schema.json`` beside this file; a test keeps the two in step.
Amounts are decimal strings in yuan: JSON numbers would pass through floats on the way.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from credit.domain.model.shape import Either, Entries, Fields, Flag, Listing, OneOf, Shape, Text, Whole

FORMAT = "gedang-model/1"
SCHEMA_FILE = Path(__file__).with_name("schema.json")

NUMBER_TYPES = ("money", "ratio", "points", "int")
FIGURE_TYPES = (*NUMBER_TYPES, "bool")
INPUT_TYPES = (*NUMBER_TYPES, "bool", "choice", "flags", "events")
FIELD_TYPES = (*NUMBER_TYPES, "bool", "choice")

LABEL = Fields({"zh": Text(600), "en": Text(1200)})
NAME = Text(
    40,
    r"[a-z][a-z0-9_]*",
    "a name formulas can use: small letters, digits and _",
    "公式能用的名称：小写字母、数字和下划线",
)
CODE = Text(
    40,
    r"[A-Za-z0-9][A-Za-z0-9_]*",
    "the code of a choice, a grade or a reason: letters, digits and _",
    "代码：字母、数字和下划线",
)
NUMBER = Text(
    30,
    r"-?[0-9]{1,15}(\.[0-9]{1,8})?",
    "a decimal number, at most 8 decimals",
    "十进制数，小数不超过 8 位",
)
EDGE = Text(
    30,
    r"-?[0-9]{1,15}(\.[0-9]{1,8}|/[1-9][0-9]{0,5})?",
    "a decimal number or a fraction such as 1/3",
    "数字，或 1/3 这样的分数",
)
FORMULA = Text(600, "", "a formula over names defined before")
AMOUNT = Text(
    40,
    r"-?[0-9]{1,15}(\.[0-9]{1,8})?|[a-z][a-z0-9_]*",
    "a decimal number, or the name of a parameter or figure",
    "数字，或参数、中间量的名称",
)
SOURCES = ("profile", "members", "business", "lists", "village", "officer", "run")

CHOICE = Fields({"code": CODE, "label": LABEL})
MISSING = Fields({}, {"default": Text(40), "reason": CODE}, ("default", "reason"))
EVENT_FIELD = Fields(
    {"name": NAME, "label": LABEL, "type": OneOf(FIELD_TYPES)},
    {"min": NUMBER, "max": NUMBER, "choices": Listing(CHOICE, 60, 1)},
)
INPUT = Fields(
    {"name": NAME, "label": LABEL, "type": OneOf(INPUT_TYPES), "missing": MISSING},
    {
        "min": NUMBER,
        "max": NUMBER,
        "choices": Listing(CHOICE, 60, 1),
        "fields": Listing(EVENT_FIELD, 20, 1),
        "at_most": Whole(1, 200),
        "from": OneOf(SOURCES),
    },
)
PARAMETER = Fields(
    {"name": NAME, "label": LABEL, "type": OneOf(NUMBER_TYPES), "min": NUMBER, "max": NUMBER},
    {"default": NUMBER, "scope": OneOf(("institution", "county", "village"))},
)

BAND: dict[str, Shape] = {"from": EDGE, "above": EDGE, "upto": EDGE, "below": EDGE}
BANDS = Fields({"of": NAME, "rows": Listing(Fields({"value": NUMBER}, BAND), 60, 1)})
LOOKUP = Fields({"of": NAME, "values": Entries(CODE, NUMBER, 60)})
RULE: dict[str, Shape] = {"formula": FORMULA, "bands": BANDS, "lookup": LOOKUP}
EVENT_FIGURE = Fields({"name": NAME, "label": LABEL, "type": OneOf(FIGURE_TYPES)}, RULE, tuple(RULE))
EVENTS = Fields({"of": NAME}, {"figures": Listing(EVENT_FIGURE, 20), "sum": NAME, "count": Flag()}, ("sum", "count"))
STEPS = Fields(
    {"of": NAME, "start": NUMBER, "step": NUMBER, "each": NUMBER},
    {"at_most": NUMBER, "direction": OneOf(("up", "down")), "base": NUMBER, "started": Flag()},
)
TICK = Fields({"when": FORMULA, "value": NUMBER}, {"label": LABEL, "reason": CODE})
TICKS = Fields({"rows": Listing(TICK, 60, 1)}, {"base": NUMBER, "at_least": NUMBER, "at_most": NUMBER})
ANNUITY = Fields({"annual_rate": NUMBER, "months": NAME})
LIST_RULE: dict[str, Shape] = {**RULE, "steps": STEPS, "ticks": TICKS, "annuity": ANNUITY}
ANY_RULE: dict[str, Shape] = {**LIST_RULE, "events": EVENTS}

FIGURE = Fields({"name": NAME, "label": LABEL, "type": OneOf(FIGURE_TYPES)}, ANY_RULE, tuple(ANY_RULE))
ITEM = Fields({"name": NAME, "label": LABEL, "full": NUMBER}, LIST_RULE, tuple(LIST_RULE))
LEVEL = Fields({"code": CODE, "label": LABEL}, {**BAND, "values": Entries(NAME, NUMBER, 20)})
GRADE_FIGURE = Fields({"name": NAME, "label": LABEL, "type": OneOf(NUMBER_TYPES)})
LINE = Fields({"name": NAME, "label": LABEL}, {**LIST_RULE, "part": Flag()}, tuple(LIST_RULE))

PART = Fields({"line": NAME}, {"when": FORMULA})
COMBINED = Fields(
    {"label": LABEL},
    {"formula": FORMULA, "by": OneOf(("min", "max", "sum", "first")), "of": Listing(PART, 12, 1)},
    ("formula", "by"),
    {"by": ("of",), "of": ("by",)},
)
BY_SEX = Either(AMOUNT, Entries(CODE, AMOUNT, 10))
TENOR = Fields(
    {
        "name": NAME,
        "label": LABEL,
        "asked": AMOUNT,
        "age": NAME,
        "min_age": BY_SEX,
        "max_age_at_maturity": BY_SEX,
        "beyond": OneOf(("refuse", "shorten")),
        "reasons": Fields({"young": CODE, "old": CODE}),
    },
    {"age_months": NAME, "sex": NAME, "longest": AMOUNT, "shortest": AMOUNT},
)
REPAYMENT = Fields(
    {"name": NAME, "label": LABEL, "of": NAME, "share": AMOUNT, "annual_rate": NUMBER, "months": NAME},
    {"already": NAME},
)
MODE = Fields({"code": CODE, "label": LABEL, "cap": AMOUNT})
MODES = Fields(
    {
        "name": NAME,
        "label": LABEL,
        "missing": MISSING,
        "entries": Listing(MODE, 12, 1),
        "cap": Fields({"name": NAME, "label": LABEL}),
    }
)

SCORE = Fields({"name": NAME, "label": LABEL}, {"at_least": NUMBER})
SCORECARD = Fields({"score": SCORE, "items": Listing(ITEM, 100, 1)})
GRADE = Fields(
    {"name": NAME, "label": LABEL, "of": NAME, "levels": Listing(LEVEL, 20, 1)},
    {"figures": Listing(GRADE_FIGURE, 20), "lower_by": NAME},
)
CONDITION = Fields({"reason": CODE, "when": FORMULA})
CAP = Fields({"name": NAME, "label": LABEL, "formula": FORMULA})
ROUNDING = Fields({"step": NUMBER})
UNKNOWN = Fields({"label": LABEL}, {"of": NAME})

DOCUMENT = Fields(
    {
        "format": OneOf((FORMAT,)),
        "code": Text(40, r"[A-Za-z0-9][A-Za-z0-9_-]*"),
        "title": LABEL,
        "inputs": Listing(INPUT, 200, 1),
        "lines": Listing(LINE, 60, 1),
        "combined": COMBINED,
    },
    {
        "source": LABEL,
        "notes": Listing(LABEL, 40),
        "parameters": Listing(PARAMETER, 100),
        "reasons": Listing(CHOICE, 100),
        "derived": Listing(FIGURE, 200),
        "scorecard": SCORECARD,
        "grade": GRADE,
        "vetoes": Listing(CONDITION, 60),
        "remarks": Listing(CONDITION, 60),
        "caps": Listing(CAP, 30),
        "rounding": ROUNDING,
        "modes": MODES,
        "tenor": TENOR,
        "repayment": REPAYMENT,
        "unknown": Listing(UNKNOWN, 40),
    },
)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a model document. It covers the shape; names, types and bands are checked on reading."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Gedang credit model document",
        "description": "Sections are evaluated in the order parameters, inputs, derived, tenor, scorecard, grade, lines, "
        "combined, caps, vetoes, remarks, rounding. Amounts are decimal strings in yuan.",
        **DOCUMENT.schema(),
    }


def schema_text() -> str:
    """The schema file, byte for byte."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n"


def write_schema() -> None:
    """Publish the schema file anew after a change of the shape."""
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
