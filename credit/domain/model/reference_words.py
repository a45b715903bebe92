"""The words of the reference of the model language: every key, every construct with an example, every function."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from credit.domain.model.schema import FORMAT

Words = tuple[str, str]

KEYS: dict[str, Words] = {
    "format": ("格式版本", "version of the format"),
    "code": ("代码；结果里记的是代码，不是说法", "code; results keep the code, not the words"),
    "title": ("模型名称", "name of the model"),
    "label": ("给人看的说法，中英文都要写", "words for people, in both languages"),
    "zh": ("中文", "Chinese"),
    "en": ("英文", "English"),
    "source": ("出处", "where the scheme comes from"),
    "notes": ("说明，印在每份额度说明后面", "notes, printed under every explanation"),
    "reasons": ("原因代码和说法；用到的都要登记，登记的都要用到", "reason codes and their words; all used are declared, all declared are used"),
    "parameters": ("另行发布的数，如县基数", "figures released apart, such as county bases"),
    "inputs": ("向一户取的数", "what is asked of a household"),
    "derived": ("中间量，按书写顺序计算", "figures, computed in the order written"),
    "scorecard": ("评分表", "scorecard"),
    "grade": ("等级表", "grade table"),
    "vetoes": ("不予授信的情形", "when no line is granted"),
    "remarks": ("只提示、不影响额度的情形", "what is said beside the line and changes nothing"),
    "lines": ("额度公式，可以有几个", "formulas of the line, there may be several"),
    "combined": ("几个额度怎样合成一个", "how the lines become one"),
    "caps": ("上限，取最小", "caps; the smallest holds"),
    "rounding": ("向下取整", "rounding down"),
    "modes": ("进件方式和各自的上限", "entry modes, each with its cap"),
    "tenor": ("年龄与期限", "age and tenor"),
    "repayment": ("还款能力", "what can be repaid"),
    "unknown": ("尚未查明的部分；有一条就不能发布", "parts not known; with any of them the model is never released"),
    "name": ("公式里用的名称，全文不重复", "name used in formulas, once in the document"),
    "type": ("类型", "type"),
    "min": ("最小值", "smallest value"),
    "max": ("最大值", "largest value"),
    "default": ("没有时按它计（清单写 empty）", "what it counts as when absent (lists: empty)"),
    "reason": ("原因代码", "reason code"),
    "missing": ("没有填写时：按规定值计，或不测算并说明原因", "when nothing is filled in: a prescribed value, or no line with this reason"),
    "choices": ("选项", "choices"),
    "fields": ("每一条的要素", "facts of one entry"),
    "at_most": ("最多：清单是条数，步进和勾选是数值", "at most: entries of a list, or the value of steps and ticks"),
    "at_least": ("最低值", "never below"),
    "from": ("从哪里取：档案、成员、商户、名单、村、客户经理、测算时给定", "where it is read: file, members, business, lists, village, officer, given with the run"),
    "scope": ("由谁定：全行、县、村", "set by the bank, the county or the village"),
    "formula": ("公式", "formula"),
    "bands": ("按数值分档", "bands over a number"),
    "lookup": ("按选项查表", "look-up by a choice"),
    "steps": ("按步计", "by steps"),
    "ticks": ("勾选清单", "tick list"),
    "annuity": ("年金系数", "annuity factor"),
    "events": ("清单逐条计算后合计", "computed for each entry of a list, then added"),
    "of": ("依据哪个量", "the figure it rests on"),
    "rows": ("各行", "rows"),
    "value": ("取值", "value"),
    "values": ("各选项或各级的取值", "the value of each choice or grade"),
    "above": ("下界，不含", "lower edge, not included"),
    "upto": ("上界，含", "upper edge, included"),
    "below": ("上界，不含", "upper edge, not included"),
    "band.from": ("下界，含", "lower edge, included"),
    "start": ("起点，含起点本身不计步", "where steps begin; the start itself is no step"),
    "step": ("步长", "length of a step"),
    "each": ("每步加多少，扣分写负数", "what each step adds; below 0 it deducts"),
    "direction": ("up 高于起点计，down 低于起点计", "up: above the start; down: below it"),
    "base": ("起算值", "value to begin with"),
    "started": ("不足一步也算一步", "a step begun counts as whole"),
    "when": ("条件公式", "condition"),
    "annual_rate": ("年利率，如 0.0435", "annual rate such as 0.0435"),
    "months": ("月数，0 至 600 的整数量", "months, a whole-number figure of 0 to 600"),
    "figures": ("每条的中间量，或等级带来的系数", "figures of one entry, or coefficients of a grade"),
    "sum": ("把哪个量相加", "which figure is added"),
    "count": ("数条数", "counts the entries"),
    "score": ("总分的名称和最低分", "name of the score and its least value"),
    "items": ("评分项", "score items"),
    "full": ("满分，取值不得超过", "full marks, never exceeded"),
    "levels": ("各级，从高到低", "grades, best first"),
    "lower_by": ("下调几级，一个不小于 0 的整数量", "how many grades to lower, a whole number of 0 or more"),
    "part": ("只作组成部分显示", "shown as a part only"),
    "by": ("min 取小、max 取大、sum 相加、first 取第一个适用的", "min, max, sum, or first that applies"),
    "line": ("哪个额度", "which line"),
    "asked": ("申请的月数", "months asked for"),
    "age": ("周岁，整数要素", "years of age, a whole-number input"),
    "age_months": ("已满及已开始的月龄；写了它，到期年龄精确到月", "months of life begun; with it the age at maturity is exact to the month"),
    "sex": ("性别要素，按性别分别规定时要写", "the input with the sex, needed where values differ by it"),
    "min_age": ("最低年龄，一个数或按性别", "least age, one number or one for each sex"),
    "max_age_at_maturity": ("到期最高年龄，一个数或按性别", "highest age at maturity, one number or one for each sex"),
    "longest": ("最长月数", "longest tenor in months"),
    "shortest": ("最短月数，缩短后不足即不予授信", "shortest tenor; below it no line is granted"),
    "beyond": ("超龄时：refuse 不予授信，shorten 缩短期限", "too old at maturity: refuse, or shorten the tenor"),
    "young": ("不到最低年龄的原因代码", "reason when too young"),
    "old": ("到期超龄的原因代码", "reason when too old at maturity"),
    "share": ("收入中可用于还款的比例", "share of income free for instalments"),
    "already": ("每年已要还的其他款", "what is already repaid in a year"),
    "entries": ("各种方式", "the modes"),
    "cap": ("上限：金额或参数名称", "cap: an amount or the name of a parameter"),
}  # fmt: skip

TYPES: dict[str, Words] = {
    "money": ("金额，元，2 位小数", "amount in yuan, 2 decimals"),
    "ratio": ("比率，8 位小数", "ratio, 8 decimals"),
    "points": ("分数，2 位小数", "points, 2 decimals"),
    "int": ("整数：人数、亩数、天数、月数", "whole number: people, mu, days, months"),
    "bool": ("是否", "yes or no"),
    "choice": ("选项之一", "one of several choices"),
    "flags": (
        "可选多项；每个选项成为一个是否量，名称为“要素名_代码”",
        "several choices at once; each becomes a yes or no named input_code",
    ),
    "events": ("清单，每条有若干要素，如违约", "a list of entries with facts of their own, such as breaches"),
}

FUNCTIONS: dict[str, tuple[str, str, str]] = {
    "min": ("min(assets, 50000)", "最小的一个，2 至 12 个数", "the smallest of 2 to 12 numbers"),
    "max": ("max(income, 0)", "最大的一个，2 至 12 个数", "the largest of 2 to 12 numbers"),
    "div": (
        "div(debts, assets, 0)",
        "相除；除数为 0 时取第三个数",
        "quotient; the third number where the divisor is 0",
    ),
    "floor_step": (
        "floor_step(worth, 1000)",
        "把有名称、不小于 0 的量向下取整到单位",
        "rounds a named figure of 0 or more down to a step",
    ),
    "if": (
        "if(labour > 0, income, 0)",
        "条件成立取第二个，否则取第三个",
        "the second if the first holds, else the third",
    ),
    "case": (
        "case(people >= 3, 10, people == 2, 8, 3)",
        "依次看条件，取第一个成立的值；都不成立取最后一个",
        "the value behind the first condition that holds, else the last",
    ),
}
OPERATORS: tuple[tuple[str, str, str], ...] = (
    ("+ - *", "加减乘，精确", "sums and products, exact"),
    ("/", "除，只用于不会为 0 的除数", "quotient, where the divisor can never be 0"),
    (
        "< <= > >= == !=",
        "比较；选项写在单引号里：grade == 'level1'",
        "comparisons; choices in single quotes: grade == 'level1'",
    ),
    ("and or not", "且、或、非", "and, or, not"),
    ("true false", "是、否", "yes, no"),
)


@dataclass(frozen=True)
class Construct:
    """One construct: its shapes in ``schema``, what it means, an example (sections put into the small document), faults."""

    title: Words
    means: Words
    shapes: tuple[str, ...]
    example: dict[str, Any]
    shown: tuple[str, ...]
    faults: tuple[str, ...] = field(default=())


def _words(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _number(name: str, zh: str, en: str, kind: str = "int", high: str = "100", **said: Any) -> dict[str, Any]:
    return {
        "name": name,
        "label": _words(zh, en),
        "type": kind,
        "min": "0",
        "max": high,
        "missing": {"default": "0"},
        **said,
    }


INCOME = _number("income", "纯收入", "net income", "money", "10000000", **{"from": "profile"})
DEBTS = _number("debts", "负债", "debts", "money", "10000000")
MU = _number("mu", "亩数", "mu of land", "ratio", "10000")
AGE, ASKED = _number("age", "周岁", "age", high="120"), _number("asked", "申请月数", "months asked", high="120")
CAR = {"name": "car", "label": _words("有车", "a car"), "type": "bool", "missing": {"default": "false"}}
SEX = {
    "name": "sex", "label": _words("性别", "sex"), "type": "choice", "missing": {"default": "M"},
    "choices": [{"code": "M", "label": _words("男", "male")}, {"code": "F", "label": _words("女", "female")}],
}  # fmt: skip
HABITS = {
    "name": "habits", "label": _words("习惯", "habits"), "type": "flags", "missing": {"default": "empty"},
    "choices": [{"code": "saves", "label": _words("有储蓄", "saves")}, {"code": "gambles", "label": _words("赌博", "gambles")}],
}  # fmt: skip
LATE = {
    "name": "late", "label": _words("逾期", "delays"), "type": "events", "at_most": 20, "missing": {"default": "empty"},
    "fields": [{"name": "days", "label": _words("天数", "days"), "type": "int", "min": "0", "max": "3650"}],
}  # fmt: skip
SMALL: dict[str, Any] = {
    "format": FORMAT,
    "code": "X1",
    "title": _words("收入一半", "Half of the income"),
    "inputs": [INCOME],
    "lines": [{"name": "half", "label": _words("收入一半", "half of the income"), "formula": "income / 2"}],
    "combined": {"label": _words("测算额度", "computed line"), "formula": "half"},
}
"""The smallest whole document."""


def _figure(name: str, zh: str, en: str, kind: str, **rule: Any) -> dict[str, Any]:
    return {"name": name, "label": _words(zh, en), "type": kind, **rule}


def _reason(code: str, zh: str, en: str) -> dict[str, Any]:
    return {"code": code, "label": _words(zh, en)}


CONSTRUCTS: tuple[Construct, ...] = (
    Construct(
        ("整份文件", "The document"),
        ("下面是最小的完整模型。各部分按 参数、取数、中间量、年龄与期限、评分表、等级、额度公式、合成、上限、不予授信、提示、取整 的顺序计算，公式只能用前面已有的名称。",
         "This is the smallest whole model. Sections are evaluated in the order parameters, inputs, derived, tenor, scorecard, grade, "
         "lines, combined, caps, vetoes, remarks, rounding; a formula uses only what is named before it."),
        ("DOCUMENT", "LABEL"), {}, ("format", "code", "title", "inputs", "lines", "combined"),
        ("missing_key", "unknown_key", "wrong_kind", "too_large", "too_nested", "too_long", "doubled_key", "duplicate_name",
         "reserved_name", "unknown_name", "later_name", "cyclic_name"),
    ),
    Construct(
        ("取数", "Inputs"),
        ("一户的事实。数要写范围；范围外的不测算。没有填写时要么按规定值计，要么不测算并给出原因，从不当作 0。日期由调用方换成整数（周岁、月龄、天数）。",
         "Facts of a household. Numbers have a range; outside it there is no line. What is not filled in takes the prescribed value or ends "
         "with its reason, and is never 0 by itself. Dates are turned into whole numbers (years, months, days) by the caller."),
        ("INPUT", "MISSING", "CHOICE", "EVENT_FIELD"), {"inputs": [INCOME, SEX, HABITS, LATE]}, ("inputs",),
        ("key_required", "key_not_allowed", "range_reversed", "outside_range", "too_precise", "bad_default", "flag_name", "unused_input"),
    ),
    Construct(
        ("参数", "Parameters"),
        ("另行发布的数：全行、县或村一份。没有默认值又没有发布的，模型不能测算。", "Figures released apart, for the bank, the county or the village. "
         "Without a default and without a release the model does not run."),
        ("PARAMETER",),
        {"parameters": [{"name": "base", "label": _words("纯收入基数", "base of net income"), "type": "money", "min": "100",
                         "max": "1000000", "scope": "county"}],
         "derived": [_figure("index", "纯收入与基数之比", "income to base", "ratio", formula="income / base")]},
        ("parameters", "derived"), ("unused_parameter",),
    ),
    Construct(
        ("公式", "Formulas"),
        ("加减乘除、比较和下面的函数。没有别的函数，也不能读别的数据。单位随公式走：金额只能与金额相加、比较。",
         "Sums, products, quotients, comparisons and the functions below; there are no others and no other data can be reached. Units are "
         "carried along: yuan are added to and compared with yuan only."),
        ("FIGURE",),
        {"inputs": [INCOME, DEBTS],
         "derived": [_figure("owed", "负债收入比", "debts to income", "ratio", formula="div(debts, income, 9)")]},
        ("derived",),
        ("syntax", "unknown_function", "argument_count", "wrong_type", "unit_mismatch", "unit_result", "unknown_choice", "divisor_zero",
         "divisor_always_zero", "floor_unnamed", "floor_negative", "floor_constant", "too_deep", "too_complex", "too_wide",
         "branch_never", "branch_always", "multiply_first"),
    ),
    Construct(
        ("分档", "Bands"),
        ("各档首尾相接，每个值恰好属于一档；边界可以写 1/3 这样的分数。", "Bands meet: every value lies in exactly one. An edge may be a fraction such as 1/3."),
        ("BANDS",),
        {"derived": [_figure("level", "收入分", "points of income", "points", bands={"of": "income", "rows": [
            {"below": "20000", "value": "3"}, {"from": "20000", "upto": "50000", "value": "6"}, {"above": "50000", "value": "10"}]})]},
        ("derived",), ("band_gap", "band_overlap", "band_empty", "band_edges", "band_unreachable", "band_not_number"),
    ),
    Construct(
        ("查表", "Look-ups"),
        ("每个选项一个值，一个不能少。", "One value for each choice, none left out."),
        ("LOOKUP",),
        {"inputs": [INCOME, SEX], "derived": [_figure("by_sex", "按性别", "by sex", "int", lookup={"of": "sex", "values": {"M": "65", "F": "60"}})]},
        ("derived",), ("lookup_not_choice", "lookup_missing", "lookup_unknown"),
    ),
    Construct(
        ("按步计", "Steps"),
        ("“5 亩以上每满 5 亩加 1 分，最多加 5 分”。", "“For every whole 5 mu above 5 mu 1 point, 5 at most”."),
        ("STEPS",),
        {"inputs": [INCOME, MU], "derived": [_figure("land", "土地分", "points of land", "points", steps={
            "of": "mu", "start": "5", "step": "5", "each": "1", "at_most": "5"})]},
        ("derived",), ("step_not_positive", "at_most_not_positive", "steps_never"),
    ),
    Construct(
        ("勾选清单", "Tick lists"),
        ("成立的各行相加，扣分写负数；带原因的行成立时在结果里提示，不影响授信。", "Rows that hold are added, deductions are below 0; a row with a reason "
         "is remarked in the result and refuses nothing."),
        ("TICKS", "TICK"),
        {"inputs": [INCOME, CAR, HABITS], "reasons": [_reason("gambles", "赌博，扣 8 分", "gambles: 8 points less")],
         "derived": [_figure("extras", "加减分", "additions and deductions", "points", ticks={"base": "2", "at_least": "0", "rows": [
             {"when": "car", "value": "2"}, {"when": "habits_saves and income >= 50000", "value": "3", "label": _words("有储蓄且收入五万以上", "saves and earns 50,000")},
             {"when": "habits_gambles", "value": "-8", "reason": "gambles"}]})]},
        ("reasons", "derived"), ("condition_never", "condition_always", "unknown_reason", "unused_reason"),
    ),
    Construct(
        ("清单", "Events"),
        ("对清单的每一条算出中间量，各自取整后相加；或者数条数。", "Figures are computed and rounded for each entry of a list and then added; or entries are counted."),
        ("EVENTS", "EVENT_FIGURE"),
        {"inputs": [INCOME, LATE], "derived": [_figure("deduction", "逾期扣分", "deduction for delays", "points", events={
            "of": "late", "figures": [_figure("one", "本次扣分", "deduction", "points", formula="-0.1 * days")], "sum": "one"})]},
        ("derived",), ("not_an_event_list", "sum_not_of_event", "too_much_work"),
    ),
    Construct(
        ("年金系数", "Annuity factors"),
        ("每月等额还 1 元，按年利率的十二分之一计月息，若干个月能还清多少本金。读入时一次算好，取 8 位小数，测算时只查表。",
         "The loan that equal instalments of 1 yuan a month repay, at a twelfth of the annual rate. Worked out once when the document is read, "
         "to 8 decimals; afterwards it is a table."),
        ("ANNUITY",),
        {"inputs": [INCOME, ASKED], "derived": [_figure("factor", "年金系数", "annuity factor", "ratio", annuity={
            "annual_rate": "0.06", "months": "asked"})]},
        ("derived",), ("annuity_ratio", "months_range"),
    ),
    Construct(
        ("评分表", "Scorecard"),
        ("总分为各项之和。每项可用公式、分档、查表、按步计或勾选清单，不得超过满分。", "The score is the sum of its items. An item is found by formula, bands, look-up, "
         "steps or ticks and never exceeds its full marks."),
        ("SCORECARD", "SCORE", "ITEM"),
        {"scorecard": {"score": {"name": "score", "label": _words("总分", "score"), "at_least": "0"}, "items": [
            {"name": "income_points", "label": _words("收入", "income"), "full": "10", "bands": {"of": "income", "rows": [
                {"below": "30000", "value": "4"}, {"from": "30000", "value": "10"}]}}]}},
        ("scorecard",), ("above_full",),
    ),
    Construct(
        ("等级", "Grades"),
        ("按总分分档，每级可带系数；可以按一个整数量下调，最多到最后一级，原等级留作“名称_measured”。", "Bands of the score, each with its coefficients; "
         "lowered by a whole number of grades, to the last at most; the grade before is kept as name_measured."),
        ("GRADE", "LEVEL", "GRADE_FIGURE"),
        {"scorecard": {"score": {"name": "score", "label": _words("总分", "score")}, "items": [
            {"name": "item", "label": _words("收入", "income"), "full": "100", "formula": "min(income / 1000, 100)"}]},
         "grade": {"name": "grade", "label": _words("等级", "grade"), "of": "score", "figures": [_figure("share", "系数", "coefficient", "ratio")],
                   "levels": [{"code": "A", "label": _words("甲", "A"), "from": "80", "values": {"share": "0.7"}},
                              {"code": "B", "label": _words("乙", "B"), "below": "80", "values": {"share": "0.5"}}]}},
        ("grade",), ("level_values", "lower_by_kind"),
    ),
    Construct(
        ("额度公式与合成", "Lines and how they combine"),
        ("可以有几个额度公式；合成写公式，或写 min、max、sum、first。first 取第一个条件成立的；没写条件的，大于 0 即适用。",
         "There may be several lines. They combine by a formula, or by min, max, sum or first: the first whose condition holds, or that is "
         "above 0 where none is given."),
        ("LINE", "COMBINED", "PART"),
        {"inputs": [INCOME, DEBTS],
         "lines": [{"name": "earned", "label": _words("收入额度", "by income"), "formula": "income * 2"},
                   {"name": "owned", "label": _words("扣债额度", "less debts"), "formula": "max(income * 5 - debts, 0)"}],
         "combined": {"label": _words("测算额度", "computed line"), "by": "min", "of": [{"line": "earned"}, {"line": "owned"}]}},
        ("lines", "combined"), ("when_only_first",),
    ),
    Construct(
        ("上限和取整", "Caps and rounding"),
        ("取合成额度和各上限中最小的，小于 0 按 0，再向下取整一次，取整不会越过上限。", "The smallest of the combined line and the caps, never below 0, rounded down once, "
         "so that rounding never lifts it over a cap."),
        ("CAP", "ROUNDING"), {"caps": [{"name": "highest", "label": _words("上限", "cap"), "formula": "200000"}], "rounding": {"step": "1000"}},
        ("caps", "rounding"), (),
    ),
    Construct(
        ("不予授信和提示", "Refusals and remarks"),
        ("条件成立，额度为 0，列出全部原因；提示只说明，不影响额度。", "Where a condition holds the line is 0 with all its reasons; a remark is said and changes nothing."),
        ("CONDITION",),
        {"inputs": [INCOME, DEBTS], "reasons": [_reason("indebted", "负债过重", "too many debts"), _reason("rich", "收入很高", "a high income")],
         "derived": [_figure("owed", "负债收入比", "debts to income", "ratio", formula="div(debts, income, 9)")],
         "vetoes": [{"reason": "indebted", "when": "owed > 0.6"}], "remarks": [{"reason": "rich", "when": "income > 500000"}]},
        ("reasons", "vetoes", "remarks"), (),
    ),
    Construct(
        ("进件方式", "Entry modes"),
        ("线下审批、模型测算、小额信用等，各有上限，上限可以是参数。", "Branch approval, model, small credit and the like, each with its cap, which may be a parameter."),
        ("MODES", "MODE"),
        {"parameters": [{"name": "online_cap", "label": _words("线上上限", "online cap"), "type": "money", "min": "0", "max": "1000000", "default": "200000"},
                        {"name": "combined_cap", "label": _words("线上线下合计上限", "combined cap"), "type": "money", "min": "0", "max": "1000000", "default": "300000"}],
         "modes": {"name": "mode", "label": _words("进件方式", "entry mode"), "missing": {"default": "model"}, "entries": [
             {"code": "model", "label": _words("模型测算", "model"), "cap": "online_cap"},
             {"code": "branch", "label": _words("线下审批", "branch approval"), "cap": "combined_cap"},
             {"code": "small", "label": _words("小额信用", "small credit"), "cap": "50000"}],
             "cap": {"name": "mode_cap", "label": _words("产品上限", "cap of the product")}}},
        ("parameters", "modes"), (),
    ),
    Construct(
        ("年龄与期限", "Age and tenor"),
        ("写出三个中间量：到期年龄上限、距上限的月数、期限；再写两条不予授信。期限 = 申请月数、最长月数中小的一个；shorten 时再不超过距上限的月数。",
         "Stands for three figures: the age limit at maturity, the months up to it, and the tenor, the smaller of months asked and longest; with "
         "“shorten” also within the months up to the limit; and for two refusals."),
        ("TENOR",),
        {"inputs": [INCOME, AGE, ASKED, SEX],
         "reasons": [_reason("young", "未满 18 周岁", "under 18"), _reason("old", "到期超龄", "too old at maturity")],
         "tenor": {"name": "months", "label": _words("期限（月）", "tenor in months"), "asked": "asked", "longest": "36", "shortest": "6", "age": "age",
                   "sex": "sex", "min_age": "18", "max_age_at_maturity": {"M": "65", "F": "60"}, "beyond": "shorten",
                   "reasons": {"young": "young", "old": "old"}}},
        ("reasons", "tenor"), ("codes_differ",),
    ),
    Construct(
        ("还款能力", "What can be repaid"),
        ("写出年金系数、每年可用于还款的收入和一个上限：（年收入 × 比例 - 已有还款）× 年金系数 ÷ 12。",
         "Stands for the annuity factor, the income free for instalments and a cap: (yearly income × share - already repaid) × factor ÷ 12."),
        ("REPAYMENT",),
        {"inputs": [INCOME, ASKED], "repayment": {"name": "affordable", "label": _words("还款能力上限", "what can be repaid"), "of": "income",
         "share": "0.5", "annual_rate": "0.06", "months": "asked"}},
        ("repayment",), (),
    ),
    Construct(
        ("不完整的模型", "Incomplete models"),
        ("公布的资料缺了一部分时，在这里写明；能读、能试算，不能发布。", "What the published scheme leaves out is said here; the model can be read and tried, never released."),
        ("UNKNOWN",), {"unknown": [{"of": "half", "label": _words("为什么取一半没有公布", "why half was never published")}]}, ("unknown",), (),
    ),
)  # fmt: skip

ARITHMETIC: tuple[Words, ...] = (
    ("加减乘精确，没有浮点数。数都写成带引号的十进制数。", "Sums and products are exact; there are no floating-point numbers. Numbers are written as quoted decimals."),
    ("除法从精确的商四舍五入到 8 位小数，只取整一次；除数是变量时，商不超过正负 1,000,000。",
     "A quotient is rounded half away from zero to 8 decimals, once, from the exact quotient; by a variable it stays within 1,000,000 either way."),
    ("每个有名称的量在命名时按类型四舍五入，后面用取整后的数。说明里写的就是算的，手工可以逐步复核。先乘后除更准。",
     "Every named figure is rounded half up to its type when it is named, and later steps read the rounded figure: what an explanation shows is "
     "what was used, and each step can be redone by hand. Multiply before dividing."),
    ("分档比较取整后的数，所以与分界相差不到 0.000000005 的比率，算作恰好在分界上；1/3 这样的分界按同一规则取整，1 ÷ 3 恰好在 1/3 上。",
     "Bands compare the rounded figure: a ratio within 5e-9 of an edge counts as on it. An edge such as 1/3 is rounded by the same rule, so that "
     "1 ÷ 3 lies on 1/3."),
    ("单位随公式走：金额与金额相加减、比较；金额乘除比率、个数仍是金额；金额除以金额得比率。公式里直接写的数没有单位，10 以上的乘数、100 以上的除数可以当作金额。",
     "Units are carried along: yuan meet yuan in sums and comparisons; yuan times or by a ratio or a count stay yuan; yuan by yuan are a ratio. "
     "A number as written has no unit; a factor from 10 and a divisor from 100 on may stand for an amount."),
    ("向下取整只用于不小于 0 的数；没有取余和整除。", "Rounding down is for figures of 0 and above; there is no remainder and no integer division."),
    ("没有填写的数有规定值或原因，不参加计算。", "A missing fact has a prescribed value or a reason; nothing is computed with an absent number."),
    ("每个数都有声明的范围，可能过大而不能精确计算的公式在保存时就被拒绝。", "Every number has a declared range; a formula that could grow too large to stay exact is refused when it is saved."),
    ("月数按日历月，遇短月取月底；结果里的金额为元，小数两位。", "Months are calendar months clipped to the month's end; amounts are in yuan with two decimals."),
)  # fmt: skip
