"""The parts of a form document as the editor types them and as versions are compared: names, sorts, limits of every key."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from config.lib.parameters.shape import NONE, Chosen, Group, Items, Node, Rows, Scalar, Value
from config.lib.tables import Words
from customers.domain.diff import TOTALS as TOTAL_WORDS
from customers.domain.form.definition import SUBJECTS, TOTALS, TYPES

Named = tuple[tuple[str, Words], ...]

TYPE_WORDS: Final[Mapping[str, Words]] = {
    "text": Words("文字", "text"),
    "yuan": Words("金额（元）", "amount (yuan)"),
    "number": Words("数字，可带小数", "number with decimals"),
    "whole": Words("整数", "whole number"),
    "day": Words("日期", "date"),
    "choice": Words("单选", "one choice"),
    "choices": Words("多选", "several choices"),
    "yes_no": Words("是或否", "yes or no"),
    "member": Words("家庭成员", "member of the household"),
}
SHAPE_WORDS: Final[Mapping[str, Words]] = {
    "answers": Words("每项填一次", "each item once"),
    "items": Words("可填多行", "any number of rows"),
    "members": Words("每位成员一行", "a row for each member"),
}
SUBJECT_WORDS: Final[Mapping[str, Words]] = {
    "household": Words("农户", "households"),
    "business": Words("经营主体", "businesses"),
    "unit": Words("单位", "units"),
}
NEEDED_WORDS: Final[Mapping[str, Words]] = {
    "file": Words("每份档案都要有", "every file"),
    "couple": Words("户主、借款人及其配偶要有", "head, borrower and the borrower's spouse"),
}
FIT_WORDS: Final[Mapping[str, Words]] = {
    "licensed": Words("个体工商户", "individual businesses"),
    "unlicensed": Words("个体工商户（无照）", "unlicensed businesses"),
    "farm": Words("家庭农场", "family farms"),
    "coop": Words("农民专业合作社", "co-operatives"),
    "leading": Words("农业产业化龙头企业", "leading enterprises"),
    "other": Words("其他", "others"),
}
TOTAL_CHOICES: Final[Named] = tuple((code, Words(TOTAL_WORDS[code].zh, TOTAL_WORDS[code].en)) for code in TOTALS)
CONDITION: Final = Words("只在这样回答时显示", "Shown only after this answer")


def _named(words: Mapping[str, Words], codes: Iterable[str]) -> Named:
    return tuple((code, words[code]) for code in codes)


def _text(name: str, zh: str, en: str, longest: int = 200, *, note: Words = NONE) -> Scalar:
    return Scalar(name=name, label=Words(zh, en), longest=longest, is_optional=True, note=note)


def _flag(name: str, zh: str, en: str, note: Words = NONE) -> Scalar:
    return Scalar(name=name, label=Words(zh, en), value=Value.FLAG, is_optional=True, note=note)


def _choice(name: str, zh: str, en: str, choices: Named, note: Words = NONE) -> Scalar:
    label = Words(zh, en)
    return Scalar(name=name, label=label, value=Value.CHOICE, choices=choices, is_optional=True, note=note)


def _figure(name: str, zh: str, en: str, value: Value, note: Words = NONE) -> Scalar:
    return Scalar(name=name, label=Words(zh, en), value=value, is_optional=True, low=Decimal(0), note=note)


def _both(name: str, zh: str, en: str, note: Words = NONE) -> Group:
    """A text in both languages, left out when both are empty."""
    members = (_text("zh", f"{zh}（中文）", f"{en} (Chinese)"), _text("en", f"{zh}（英文）", f"{en} (English)"))
    return Group(name=name, label=Words(zh, en), members=members, is_optional=True, note=note)


CODE: Final = _text(
    "code",
    "代码",
    "Code",
    40,
    note=Words("文件和接口里用它；发布后不再变", "Used in files and the API; it stays once released"),
)
NAME: Final = (
    Scalar(name="zh", label=Words("中文名称", "Chinese name"), longest=120),
    Scalar(name="en", label=Words("英文名称", "English name"), longest=120),
)
_CODE_OF_OPTION: Final = _text("code", "代码", "Code", 40)
OPTIONS: Final = Rows(
    name="options",
    label=Words("选项", "Options"),
    most=200,
    is_optional=True,
    members=(
        _CODE_OF_OPTION,
        _text("zh", "中文", "Chinese", 120),
        _text("en", "英文", "English", 120),
        _flag("common", "常用", "Common"),
        _flag("retired", "停用", "Retired"),
    ),
)
HELP: Final = _both("help", "提示", "Help")


def heading(subject: str, *, is_first: bool) -> Group:
    """What a form says about itself; whom it is for is chosen with its first edition."""
    members: list[Node] = [*NAME]
    if is_first:
        members.append(_choice("subject", "给谁用", "For", _named(SUBJECT_WORDS, SUBJECTS)))
    if subject == "business":
        fits = tuple(FIT_WORDS.items())
        members.append(Chosen(name="fits", label=Words("哪几种", "Kinds"), choices=fits, is_optional=True))
    return Group(name="", label=Words("表", "Form"), members=tuple(members))


def step() -> Group:
    """A step of the page."""
    totals = Chosen(
        name="totals",
        label=Words("本步末尾显示的合计", "Totals at the end of the step"),
        choices=TOTAL_CHOICES,
        is_optional=True,
    )
    return Group(name="", label=Words("步骤", "Step"), members=(*NAME, totals))


def section(steps: Named, conditions: Named, values: Named, *, is_fixed: bool, is_released: bool, rows: bool) -> Group:
    """A section; what is released keeps its code and shape, members their rows."""
    members: list[Node] = [*NAME, _choice("step", "放在哪一步", "Step", steps)]
    if not is_released:
        members.insert(0, CODE)
    if not is_released and not is_fixed:
        shapes = _named(SHAPE_WORDS, ("answers", "items"))
        members.append(_choice("shape", "怎样填", "Filled in as", shapes))
    members.append(HELP)
    if rows:
        members += [
            _both("row", "一行叫什么", "What a row is called"),
            _both("add", "加一行的按钮", "The button that adds a row"),
            _figure("most", "最多几行", "Rows at most", Value.WHOLE),
        ]
        if not is_fixed:
            members.append(_flag("required", "至少一行才能提交", "At least one row before it is sent"))
            note = Words("没有也能提交，但不算完整档案", "It can be sent without, but the file is not complete")
            members.append(_flag("needed", "完整档案须有", "Needed in a complete file", note))
    if not is_fixed:
        members.append(condition(conditions, values))
    return Group(name="", label=Words("部分", "Section"), members=tuple(members))


def field(
    sort: str,
    figures: Named,
    conditions: Named,
    values: Named,
    *,
    is_fixed: bool,
    is_released: bool,
    of_members: bool,
    is_row: bool,
) -> Group:
    """A field, with what its type can be told; what is released keeps its code and type."""
    members: list[Node] = [*NAME]
    if not is_released:
        members.insert(0, CODE)
    if not is_released and not is_fixed:
        members.append(_choice("type", "类型", "Type", _named(TYPE_WORDS, TYPES)))
    members.append(HELP)
    members.append(_flag("required", "必填", "Required", Words("不填不能提交", "It cannot be sent without")))
    needed = ("file", "couple") if of_members else ("file",)
    members.append(
        _choice(
            "needed",
            "完整档案须有",
            "Needed in a complete file",
            _named(NEEDED_WORDS, needed),
            Words("没有也能提交，但不算完整档案", "It can be sent without, but the file is not complete"),
        )
    )
    if is_row:
        members.append(_flag("more", "收在“补充”里", "Behind “More”"))
    if sort in ("number", "whole"):
        members.append(_both("unit", "单位", "Unit"))
    if sort in ("yuan", "number", "whole"):
        members.append(_figure("least", "最小", "At least", Value.DECIMAL))
        members.append(_figure("most", "最大", "At most", Value.DECIMAL))
        if sort == "number":
            members.append(_figure("places", "小数位数", "Decimals", Value.WHOLE))
        if sort == "yuan":
            members.append(_flag("asset", "数目不寻常时问单位", "Ask for the unit when the figure is odd"))
        if figures:
            members.append(_choice("not_above", "不能超过", "May not exceed", figures))
            members.append(_flag("only_warns", "超过只提醒，不拦", "Exceeding only warns"))
    if sort == "day" and figures:
        members.append(
            _choice("warns_past", "日期已过而这项还有余额时提醒", "Warn when past and this is still owed", figures)
        )
    if sort == "text":
        members.append(_figure("longest", "最多几个字", "Characters at most", Value.WHOLE))
    members.append(condition(conditions, values))
    if sort in ("choice", "choices"):
        members.append(OPTIONS)
    return Group(name="", label=Words("项目", "Field"), members=tuple(members))


def condition(conditions: Named, values: Named) -> Group:
    """When a part is shown: the question and the answers to it."""
    members: tuple[Node, ...] = (
        _choice("field", "看哪一项", "Depends on", conditions),
        Chosen(name="is", label=Words("答案是其中之一", "The answer is one of"), choices=values, is_optional=True),
    )
    return Group(name="shown_if", label=CONDITION, members=members, is_optional=True)


def _compared_condition() -> Group:
    value = Scalar(name="", label=Words("答案", "Answer"))
    return Group(
        name="shown_if",
        label=CONDITION,
        members=(_text("field", "项目", "Field"), Items(name="is", label=Words("答案", "Answer"), item=value)),
        is_optional=True,
    )


def _kept_at() -> Scalar:
    return _text("at", "存放处", "Stored at", 81)


def whole() -> Group:
    """A form document with all its keys, as two versions are compared."""
    everything = {"yuan", "number", "text"}
    seen: dict[str, Node] = {}
    for sort in (*sorted(everything), "day", "choice"):
        figures: Named = (("", Words("", "")),)
        made = field(sort, figures, (), (), is_fixed=False, is_released=False, of_members=True, is_row=True)
        seen |= {one.name: one for one in made.members if one.name not in seen}
    for name in ("not_above", "warns_past"):
        node = seen[name]
        seen[name] = _text(name, node.label.zh, node.label.en)
    seen["shown_if"] = _compared_condition()
    default = Scalar(name="default", label=Words("默认", "Default"), value=Value.ANY, is_optional=True)
    retired = _flag("retired", "停用", "Retired")
    options = seen.pop("options")
    fields = Rows(
        name="fields",
        label=Words("项目", "Field"),
        members=(*seen.values(), default, _kept_at(), retired, options),
    )
    own = section((), (), (), is_fixed=False, is_released=False, rows=True)
    parts = {one.name: one for one in own.members} | {"shown_if": _compared_condition()}
    parts["step"] = _text("step", "放在哪一步", "Step")
    parts["shape"] = _choice("shape", "怎样填", "Filled in as", tuple(SHAPE_WORDS.items()))
    sections = Rows(
        name="sections",
        label=Words("部分", "Section"),
        members=(*parts.values(), _kept_at(), retired, fields),
    )
    steps = Rows(name="steps", label=Words("步骤", "Step"), members=(CODE, *step().members))
    fits = Chosen(name="fits", label=Words("哪几种", "Kinds"), choices=tuple(FIT_WORDS.items()), is_optional=True)
    subject = _choice("subject", "对象", "Subject", _named(SUBJECT_WORDS, SUBJECTS))
    return Group(name="", label=Words("采集表", "Collection form"), members=(*NAME, subject, fits, steps, sections))


_OF_TYPE: Final = (
    "unit", "least", "most", "places", "asset", "not_above", "only_warns", "warns_past", "longest", "options", "default",
)  # fmt: skip


def merged(node: Group, before: Mapping[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with what was typed in place of the keys of its shape. Keys the editor does not show stay, but for those
    of another type when the type was changed; a number written as it stood stays the number it was."""
    shown = {member.name for member in node.members}
    gone = _OF_TYPE if "type" in shown and typed.get("type") != before.get("type") else ()
    kept = {name: value for name, value in before.items() if name not in shown and name not in gone}
    both = kept | {
        name: before[name] if isinstance(before.get(name), int) and str(before[name]) == value else value
        for name, value in typed.items()
    }
    order = list(before)
    return {name: both[name] for name in sorted(both, key=lambda name: order.index(name) if name in order else 99)}
