"""What is wrong with a model document: every fault with its place, in words of both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MESSAGES: dict[str, tuple[str, str]] = {
    # shape
    "missing_key": ("缺少“{key}”", "“{key}” is missing"),
    "unknown_key": ("多出了不认识的“{key}”", "“{key}” is not known here"),
    "exactly_one": ("下列各项必须且只能写一项：{keys}", "exactly one of these must be given: {keys}"),
    "wrong_kind": ("这里应为{expected}", "expected {expected}"),
    "too_long": ("超过 {limit} 个字符", "longer than {limit} characters"),
    "too_many": ("超过 {limit} 项", "more than {limit} entries"),
    "too_few": ("少于 {limit} 项", "fewer than {limit} entries"),
    "not_in_list": ("“{found}”不在可选值之内：{allowed}", "“{found}” is not one of {allowed}"),
    "bad_pattern": ("“{found}”写法不对", "“{found}” is not written as required"),
    # names
    "duplicate_name": ("名称“{name}”重复", "the name “{name}” is used twice"),
    "reserved_name": ("“{name}”是保留词，不能作名称", "“{name}” is a reserved word"),
    "unknown_name": ("“{name}”在此之前没有定义", "“{name}” is not defined before this point"),
    "unknown_reason": ("原因代码“{code}”没有登记", "the reason code “{code}” is not declared"),
    "unused_reason": ("原因代码“{code}”没有用到", "the reason code “{code}” is never used"),
    # values
    "key_not_allowed": ("类型为 {type} 时不能写“{key}”", "“{key}” has no place with type {type}"),
    "key_required": ("类型为 {type} 时必须写“{key}”", "“{key}” is required with type {type}"),
    "range_reversed": ("最小值大于最大值", "the minimum is above the maximum"),
    "outside_range": ("{value} 超出范围 {low} 至 {high}", "{value} lies outside {low} to {high}"),
    "too_precise": ("{value} 的小数位多于 {places} 位", "{value} has more than {places} decimals"),
    "bad_default": ("默认值“{value}”不合类型 {type}", "the default “{value}” does not fit type {type}"),
    "step_not_positive": ("步长必须大于 0", "the step must be above 0"),
    "at_most_not_positive": ("“at_most”必须大于 0", "“at_most” must be above 0"),
    "steps_never": (
        "取值范围 {low} 至 {high} 内一步也走不到，请改起点、步长或方向",
        "no step is ever reached within {low} to {high}; change the start, the step or the direction",
    ),
    # expressions
    "syntax": ("公式第 {at} 个字符处无法理解：{found}", "cannot read the formula at character {at}: {found}"),
    "too_deep": ("公式嵌套太深", "the formula is nested too deeply"),
    "too_complex": ("公式太长，请拆成几个有名称的中间量", "the formula is too long; name its parts"),
    "unknown_function": ("没有函数“{name}”，可用：{allowed}", "there is no function “{name}”; there are {allowed}"),
    "argument_count": ("函数“{name}”的参数个数不对", "“{name}” has the wrong number of arguments"),
    "wrong_type": ("这里应为{expected}，实为{found}", "expected {expected}, found {found}"),
    "unknown_choice": ("“{name}”没有选项“{code}”", "“{name}” has no choice “{code}”"),
    "not_an_event_list": ("“{name}”不是事件清单", "“{name}” is not a list of events"),
    "divisor_zero": (
        "除数可能为 0，请用 div(被除数, 除数, 默认值)",
        "the divisor can be 0; use div(dividend, divisor, default)",
    ),
    "divisor_always_zero": ("除数恒为 0", "the divisor is always 0"),
    "floor_unnamed": ("floor_step 只能用于有名称的量", "floor_step takes a named figure only"),
    "floor_negative": (
        "floor_step 只能用于不小于 0 的量，请先用 max(…, 0) 另设一个量",
        "floor_step takes figures of 0 and above only; name max(…, 0) first",
    ),
    "floor_constant": ("floor_step 的单位必须是大于 0 的数字", "the step of floor_step must be a number above 0"),
    "too_wide": ("数值可能过大或小数位过多，无法精确计算", "the value can grow too large or too fine to stay exact"),
    # bands, look-ups, grades
    "band_edges": ("同一侧只能写一个边界", "a side of a band has one edge only"),
    "band_empty": ("该区间内没有任何数值", "no value lies in this band"),
    "band_gap": ("没有区间覆盖 {interval}", "no band covers {interval}"),
    "band_overlap": ("{interval} 同时属于两个区间", "{interval} lies in two bands"),
    "band_not_number": ("分档只能用于数值，“{name}”不是", "bands need a number, “{name}” is none"),
    "lookup_not_choice": ("查表只能用于选项，“{name}”不是", "a look-up needs a choice, “{name}” is none"),
    "lookup_missing": ("缺少选项“{code}”的取值", "the choice “{code}” has no value"),
    "lookup_unknown": ("没有选项“{code}”", "there is no choice “{code}”"),
    "above_full": ("取值 {value} 超过满分 {full}", "{value} is above the full {full}"),
    "level_values": ("等级的系数与“figures”不一致：{names}", "the values of the level differ from “figures”: {names}"),
    "lower_by_kind": (
        "降级数必须是不小于 0 的整数量",
        "the number of grades to lower must be a whole number of 0 or more",
    ),
    # advice, not faults
    "multiply_first": (
        "先除后乘：商先按 8 位取整再相乘，宜先乘后除",
        "a quotient is rounded to 8 places before it is multiplied; multiply first",
    ),
}


@dataclass(frozen=True)
class Problem:
    """One fault: where (``derived[2].formula``), which, and the values its message needs."""

    path: str
    code: str
    values: Mapping[str, str] = field(default_factory=dict)

    def text(self, language: str = "zh-hans") -> str:
        """The fault in one sentence, with its place."""
        chinese, english = MESSAGES[self.code]
        if language == "en":
            return f"{self.path or 'document'}: {english.format_map(self.values)}"
        return f"{self.path or '文件'}：{chinese.format_map(self.values)}"


class ModelDocumentError(ValueError):
    """A document that is no model. ``problems`` holds every fault found in one pass."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.text("en") for problem in problems))
        self.problems = tuple(problems)


class Findings:
    """Problems collected while a document is read."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def add(self, path: str, code: str, /, **values: object) -> None:
        """Note a fault."""
        self.problems.append(Problem(path, code, {key: str(value) for key, value in values.items()}))

    def warn(self, path: str, code: str, /, **values: object) -> None:
        """Note advice that does not stop the document."""
        self.warnings.append(Problem(path, code, {key: str(value) for key, value in values.items()}))
