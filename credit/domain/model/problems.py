"""What is wrong with a model document: every fault with its place and what to do, in words of both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MOST_FAULTS = 100
_LONGEST_VALUE = 160

MESSAGES: dict[str, tuple[str, str]] = {
    # size and characters
    "too_large": ("文件超过 {limit} 个值；请拆成几个模型", "the document holds more than {limit} values; split it into several models"),
    "too_nested": ("嵌套超过 {limit} 层；请按格式重写", "nested deeper than {limit} levels; write it as the format says"),
    "bad_character": ("含有控制字符或不成对的字符；请删去后重新输入", "holds control characters or broken ones; remove them and type again"),
    "not_json": ("只能用文字、整数、真假、列表和对象；金额请写成带引号的数字", "only texts, whole numbers, true/false, lists and objects; write amounts as quoted numbers"),
    "number_too_large": ("整数超过 {limit}；请写较小的数", "a whole number beyond {limit}; write a smaller one"),
    "doubled_key": ("同一处写了两次“{key}”；请删去一个", "“{key}” is given twice in one place; remove one"),
    "too_many_faults": ("错误太多，以下从略；请先改正以上各条", "too many faults, the rest is left out; put these right first"),
    "too_much_work": ("每户计算约 {work} 步，超过 {limit}；请减少清单条数或中间量", "one household would take some {work} steps, more than {limit}; use shorter lists or fewer figures"),
    # shape
    "missing_key": ("缺少“{key}”；请补上", "“{key}” is missing; add it"),
    "unknown_key": ("多出了不认识的“{key}”；请删去或改正写法", "“{key}” is not known here; remove it or correct its spelling"),
    "exactly_one": ("下列各项必须且只能写一项：{keys}", "give exactly one of these: {keys}"),
    "wrong_kind": ("这里应为{expected}；请改写", "this must be {expected}; rewrite it"),
    "too_long": ("超过 {limit} 个字符；请缩短", "longer than {limit} characters; shorten it"),
    "too_many": ("超过 {limit} 项；请删减", "more than {limit} entries; remove some"),
    "too_few": ("少于 {limit} 项；请补足", "fewer than {limit} entries; add some"),
    "not_in_list": ("“{found}”不在可选值之内；请选用：{allowed}", "“{found}” cannot be chosen; use one of {allowed}"),
    "bad_pattern": ("“{found}”写法不对；应为{meaning}", "“{found}” is not written as required; it must be {meaning_en}"),
    # names
    "duplicate_name": ("名称“{name}”重复；请改其中一个", "the name “{name}” is used twice; rename one"),
    "reserved_name": ("“{name}”是保留词；请换一个名称", "“{name}” is a reserved word; choose another name"),
    "unknown_name": ("没有定义“{name}”{near}；请改正名称或先定义它", "“{name}” is not defined{near}; correct the name or define it first"),
    "later_name": ("“{name}”在后面才定义（{place}）；请把它移到前面，或只用前面已有的量", "“{name}” is defined only later ({place}); move it before this point or use what comes before"),
    "cyclic_name": ("“{name}”互相引用，算不出来：{circle}；请去掉其中一环", "“{name}” runs in a circle: {circle}; break one link"),
    "flag_name": ("“{name}”不能作名称；请缩短要素名或选项代码，合起来不超过 40 个字符", "“{name}” cannot be a name: name and code together must not exceed 40 characters"),
    "unknown_reason": ("原因代码“{code}”没有登记；请在“reasons”中登记", "the reason code “{code}” is not declared; declare it in “reasons”"),
    "unused_reason": ("原因代码“{code}”没有用到；请删去", "the reason code “{code}” is never used; remove it"),
    "codes_differ": ("各项应与选项一一对应：{codes}", "give one value for each choice: {codes}"),
    "when_only_first": ("只有“first”可以写条件；请删去“when”或改用“first”", "only “first” takes conditions; remove “when” or use “first”"),
    # values
    "key_not_allowed": ("类型为 {type} 时不能写“{key}”；请删去", "“{key}” has no place with type {type}; remove it"),
    "key_required": ("类型为 {type} 时必须写“{key}”；请补上", "“{key}” is required with type {type}; add it"),
    "range_reversed": ("最小值大于最大值；请对调", "the minimum is above the maximum; exchange them"),
    "outside_range": ("{value} 超出范围 {low} 至 {high}；请改数或放宽范围", "{value} lies outside {low} to {high}; change it or widen the range"),
    "too_precise": ("{value} 的小数位多于 {places} 位；请取整", "{value} has more than {places} decimals; round it"),
    "bad_default": ("默认值“{value}”不合类型 {type}；请改写", "the default “{value}” does not fit type {type}; rewrite it"),
    "step_not_positive": ("步长必须大于 0；请改数", "the step must be above 0; change it"),
    "at_most_not_positive": ("“at_most”必须大于 0；扣分时也写正数", "“at_most” must be above 0, for deductions too"),
    "steps_never": ("取值范围 {low} 至 {high} 内一步也走不到；请改起点、步长或方向", "no step is ever reached within {low} to {high}; change the start, the step or the direction"),
    "annuity_ratio": ("年金系数的类型应为 ratio，不能是 {type}", "an annuity factor is of type ratio, not {type}"),
    "months_range": ("月数应为 0 至 {most} 的整数，实为 {low} 至 {high}；请缩小它的范围", "months are whole numbers from 0 to {most}, here {low} to {high}; narrow their range"),
    # expressions
    "syntax": ("公式第 {at} 个字符处无法理解：{found}；请检查括号、运算符和写法", "cannot read the formula at character {at}: {found}; look at brackets, signs and spelling"),
    "too_deep": ("公式嵌套太深；请给里面的部分起名称", "the formula is nested too deeply; name its inner parts"),
    "too_complex": ("公式太长；请拆成几个有名称的中间量", "the formula is too long; name its parts"),
    "unknown_function": ("没有函数“{name}”；请改用：{allowed}", "there is no function “{name}”; use one of {allowed}"),
    "argument_count": ("函数“{name}”的参数个数不对；请按说明补足或删减", "“{name}” has the wrong number of arguments; see the reference"),
    "wrong_type": ("这里应为{expected}，实为{found}；请改写公式", "expected {expected}, found {found}; rewrite the formula"),
    "unit_mismatch": ("单位不合：{left} 与 {right} 不能相加减、比较或二选一；请先乘以或除以适当的量", "units differ: {left} and {right} cannot be added, compared or chosen between; multiply or divide by a fitting figure first"),
    "unit_result": ("单位不合：类型 {type} 应为 {expected}，公式得 {found}；请改类型或公式", "units differ: type {type} is {expected}, the formula gives {found}; change the type or the formula"),
    "unknown_choice": ("“{name}”没有选项“{code}”；请改用已有的选项", "“{name}” has no choice “{code}”; use one it has"),
    "not_an_event_list": ("“{name}”不是事件清单；请改用类型为 events 的要素", "“{name}” is not a list of events; use an input of type events"),
    "sum_not_of_event": (
        "“{name}”不属于这份事件清单；请写它的要素或中间量",
        "“{name}” does not belong to this list of events; use one of its fields or figures",
    ),
    "divisor_zero": ("除数可能为 0；请用 div(被除数, 除数, 除数为 0 时的值)", "the divisor can be 0; use div(dividend, divisor, value at 0)"),
    "divisor_always_zero": ("除数恒为 0；请改公式", "the divisor is always 0; change the formula"),
    "floor_unnamed": ("floor_step 只能用于有名称的量；请先给它起名称", "floor_step takes a named figure only; name it first"),
    "floor_negative": ("floor_step 只能用于不小于 0 的量；请先用 max(…, 0) 另设一个量", "floor_step takes figures of 0 and above only; name max(…, 0) first"),
    "floor_constant": ("floor_step 的单位必须是大于 0 的数字；请写一个数", "the step of floor_step must be a number above 0; write one"),
    "too_wide": ("数值可能过大或小数位过多，无法精确计算；请缩小范围或给中间结果起名称", "the value can grow too large or too fine to stay exact; narrow ranges or name what lies between"),
    "branch_never": ("第 {at} 个字符处的条件永远不成立，这一支用不到；请删去或改条件", "the condition at character {at} can never hold, its branch is unreachable; remove it or change the condition"),
    "branch_always": ("第 {at} 个字符处的条件永远成立，后面各支用不到；请删去条件或改写", "the condition at character {at} always holds, later branches are unreachable; remove or change it"),
    "condition_never": ("按声明的取值范围，这个条件永远不成立；请改条件或范围", "within the declared ranges this condition can never hold; change it or the ranges"),
    "condition_always": ("按声明的取值范围，这个条件永远成立；请改条件或范围", "within the declared ranges this condition always holds; change it or the ranges"),
    # bands, look-ups, grades
    "band_edges": ("同一侧只能写一个边界；请删去一个", "a side of a band has one edge only; remove one"),
    "band_empty": ("该区间内没有任何数值；请改边界", "no value lies in this band; change its edges"),
    "band_gap": ("没有区间覆盖 {interval}；请补一档或让相邻两档首尾相接", "no band covers {interval}; add one or let the neighbours meet"),
    "band_overlap": ("{interval} 同时属于两个区间；请改其中一个边界", "{interval} lies in two bands; change one edge"),
    "band_unreachable": ("这一档在取值范围 {low} 至 {high} 之外，永远用不到；请删去或改边界", "this band lies outside {low} to {high} and is never reached; remove it or change its edges"),
    "band_not_number": ("这里只能用数值，“{name}”不是；请换一个量", "this needs a number, “{name}” is none; use another figure"),
    "lookup_not_choice": ("这里只能用选项，“{name}”不是；请换一个要素", "this needs a choice, “{name}” is none; use another input"),
    "lookup_missing": ("缺少选项“{code}”的取值；请补上", "the choice “{code}” has no value; add it"),
    "lookup_unknown": ("没有选项“{code}”；请删去或改正", "there is no choice “{code}”; remove or correct it"),
    "above_full": ("取值 {value} 超过满分 {full}；请改取值或满分", "{value} is above the full {full}; change one of them"),
    "level_values": ("等级的系数与“figures”不一致：{names}；请逐级写全", "the values of the level differ from “figures”: {names}; give them for every level"),
    "lower_by_kind": ("降级数必须是不小于 0 的整数量；请换一个量", "the number of grades to lower must be a whole number of 0 or more; use another figure"),
    # advice, not faults
    "multiply_first": ("先除后乘：商先按 8 位取整再相乘；宜先乘后除", "a quotient is rounded to 8 places before it is multiplied; better multiply first"),
    "unused_input": ("要素“{name}”没有用到；可以删去", "the input “{name}” is never used; it can go"),
    "unused_parameter": ("参数“{name}”没有用到；可以删去", "the parameter “{name}” is never used; it can go"),
}  # fmt: skip


_BETWEEN = "\x1f"


def both(zh: str, en: str) -> str:
    """A value of a message that is itself words; each language shows its own."""
    return f"{zh}{_BETWEEN}{en}"


A_TEXT = both("文字", "a text")


@dataclass(frozen=True)
class Problem:
    """One fault: where (``derived[2].formula``), which, and the values its message needs."""

    path: str
    code: str
    values: Mapping[str, str] = field(default_factory=dict)

    def words(self, language: str = "zh-hans") -> str:
        """The fault and what to do in one sentence, without its place."""
        index = 1 if language == "en" else 0
        values = {key: value.split(_BETWEEN)[-index] for key, value in self.values.items()}
        return MESSAGES[self.code][index].format_map(values)

    def text(self, language: str = "zh-hans") -> str:
        """The fault and what to do, behind its place."""
        if language == "en":
            return f"{self.path or 'document'}: {self.words(language)}"
        return f"{self.path or '文件'}：{self.words(language)}"


class ModelDocumentError(ValueError):
    """A document that is no model. ``problems`` holds every fault found in one pass, the first hundred of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.text("en") for problem in problems))
        self.problems = tuple(problems)


class Findings:
    """Problems collected while a document is read."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def add(self, path: str, code: str, /, **values: object) -> None:
        """Note a fault; beyond the first hundred only that there are more."""
        _keep(self.problems, path, code, values)

    def warn(self, path: str, code: str, /, **values: object) -> None:
        """Note advice that does not stop the document."""
        _keep(self.warnings, path, code, values)


def _keep(kept: list[Problem], path: str, code: str, values: Mapping[str, object]) -> None:
    if len(kept) < MOST_FAULTS:
        said = {key: text[:_LONGEST_VALUE] for key, value in values.items() for text in (str(value),)}
        kept.append(Problem(path[:_LONGEST_VALUE], code, said))
    elif len(kept) == MOST_FAULTS:
        kept.append(Problem("", "too_many_faults"))
