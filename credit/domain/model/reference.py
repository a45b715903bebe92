"""The reference of the model language as one page, made from the schema, the functions and the faults themselves.

``manage.py model_reference`` writes it to docs/models.md; a test compares the two, and another reads every example.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from credit.domain.facts import SOURCES
from credit.domain.model import expression, reading, schema
from credit.domain.model import reference_words as words
from credit.domain.model.expression import MAX_DEPTH, MAX_TOKENS
from credit.domain.model.lists import MOST_MONTHS
from credit.domain.model.problems import MESSAGES
from credit.domain.model.reference_words import CONSTRUCTS, SMALL, Construct
from credit.domain.model.shape import Either, Entries, Fields, Flag, Listing, OneOf, Shape, Text, Whole

PAGE = Path(__file__).parents[3] / "docs" / "models.md"
_WIDTH = 110


def example(construct: Construct) -> dict[str, Any]:
    """The whole document an example belongs to."""
    return {**SMALL, **construct.example}


def reference_text() -> str:
    """The page, byte for byte."""
    parts = [_opening(), _arithmetic(), _types(), _functions()]
    parts += [_construct(number, construct) for number, construct in enumerate(CONSTRUCTS, 1)]
    return "\n\n".join([*parts, _facts(), _limits(), _faults()]) + "\n"


def write_reference() -> Path:
    """Write the page anew and return where it lies."""
    PAGE.write_text(reference_text(), encoding="utf-8")
    return PAGE


def _opening() -> str:
    return (
        "# 信用模型的写法 · The language of credit models\n\n"
        "<!-- 由 manage.py model_reference 生成，请勿手改。Written by manage.py model_reference; do not edit. -->\n\n"
        "模型是一份 JSON 文件，由参数管理岗起草、另一人发布。它说清取什么数、怎样评分、怎样算额度，程序不含任何方案；新方案不必改程序。\n"
        "形状以 [schema.json](../credit/domain/model/schema.json) 为准，自带的方案在 [credit/schemes](../credit/schemes)。\n\n"
        "A model is a JSON document, drafted by a parameter manager and released by another person. It says what is asked, how it is\n"
        "scored and how the line is computed; no scheme is part of the program, and a further one takes no code. Its shape is published as\n"
        "[schema.json](../credit/domain/model/schema.json); shipped schemes lie in [credit/schemes](../credit/schemes).\n\n"
        "● 必写 required　◐ 只写其中一项 exactly one of these"
    )


def _arithmetic() -> str:
    said = "\n".join(f"{number}. {zh}\n   {en}" for number, (zh, en) in enumerate(words.ARITHMETIC, 1))
    return f"## 怎样计算 · Arithmetic\n\n{said}"


def _types() -> str:
    rows = [(f"`{code}`", *words.TYPES[code]) for code in schema.INPUT_TYPES]
    return "## 类型 · Types\n\n" + _table(("类型 type", "中文", "English"), rows)


def _functions() -> str:
    rows = [(f"`{signs}`", zh, en) for signs, zh, en in words.OPERATORS]
    rows += [(f"`{words.FUNCTIONS[name][0]}`", *words.FUNCTIONS[name][1:]) for name in expression.FUNCTIONS]
    return "## 运算和函数 · Operators and functions\n\n" + _table(("写法 as written", "中文", "English"), rows)


def _construct(number: int, construct: Construct) -> str:
    zh, en = construct.title
    parts = [f"## {number} {zh} · {en}", "\n\n".join(construct.means)]
    parts += [_keys(name) for name in construct.shapes]
    shown = {key: example(construct)[key] for key in construct.shown}
    parts.append(f"```json\n{_json(shown)}\n```")
    if construct.faults:
        parts.append("可能的错误 · Faults: " + ", ".join(f"`{code}`" for code in construct.faults))
    return "\n\n".join(parts)


def _keys(name: str) -> str:
    shape: Fields = getattr(schema, name)
    rows = []
    for key, part in {**shape.required, **shape.optional}.items():
        is_edge = key == "from" and "above" in shape.optional
        one = key in shape.exactly_one
        needed = "●" if key in shape.required else "◐" if one else ""
        rows.append((f"`{key}`", needed, _form(part), *words.KEYS["band.from" if is_edge else key]))
    return _table((f"{name.lower()}", "", "写法 form", "中文", "English"), rows)


def _form(shape: Shape) -> str:
    match shape:
        case Text():
            return (
                f"{shape.meaning_zh} {shape.meaning}"
                if shape.pattern and shape.meaning
                else f"文字 text ≤ {shape.limit}"
            )
        case OneOf():
            return ", ".join(f"`{value}`" for value in shape.values)
        case Flag():
            return "`true` / `false`"
        case Whole():
            return f"{shape.low}–{shape.high}"
        case Listing():
            return f"列表 list ≤ {shape.at_most}"
        case Entries():
            return f"对象 object ≤ {shape.at_most}"
        case Either():
            return f"{_form(shape.text)} / {_form(shape.entries)}"
    return "对象 object"


def _facts() -> str:
    rows = [(f"`{name}`", f"`{one.type}`", one.words.zh, one.words.en) for name, one in SOURCES.items()]
    return (
        "## 能取到的数 · Facts that can be read\n\n"
        "要素用下面的名称，就从核对过的档案、名单和商户里自动取数；金额前加 `village_`，取本村有效档案的中位数。银行自己加在采集表里的栏目，用栏目的代码作名称。"
        "其余名称只能试算时手填。\n\n"
        "An input of one of these names is read from the checked file, the lists and the businesses. With `village_` before the name of an\n"
        "amount it is the median over the village's trusted files. A field the bank added to a form is read by its code. Any other name can\n"
        "only be typed in for a trial.\n\n" + _table(("名称 name", "类型 type", "中文", "English"), rows)
    )


def _limits() -> str:
    rows = [
        ("文件 document", f"{reading.MAX_DOCUMENT:,} 字符 characters"),
        ("公式 formula", f"{MAX_TOKENS} 个记号 tokens，{MAX_DEPTH} 层 levels"),
        ("每户计算 work for one household", f"{reading.MAX_WORK:,} 步 steps"),
        ("年金月数 months of an annuity", str(MOST_MONTHS)),
    ]
    return "## 限度 · Limits\n\n" + _table(("", ""), rows)


def _faults() -> str:
    rows = [(f"`{code}`", *(text.replace("|", "\\|") for text in MESSAGES[code])) for code in MESSAGES]
    return (
        "## 错误和提示 · Faults and advice\n\n"
        "每条都带位置，如 `derived[2].formula`；一次全部列出。Each names its place; all are found in one pass.\n\n"
        + _table(("代码 code", "中文", "English"), rows)
    )


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _json(value: Any, indent: int = 0) -> str:
    """JSON that keeps short objects on one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or (indent and len(flat) + indent <= _WIDTH):
        return flat
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        inner = [f"{pad}{json.dumps(key)}: {_json(part, indent + 2)}" for key, part in value.items()]
        return "{\n" + ",\n".join(inner) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(pad + _json(part, indent + 2) for part in value) + "\n" + " " * indent + "]"
