"""What the findings on a profile document are called, in Chinese and English: what is wrong and what to do."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from customers.domain.economics import Problem

SENTENCES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "not_a_record": (
            "内容格式不对，请刷新页面后重新填写",
            "The content is malformed; reload the page and fill it in again",
        ),
        "not_a_list": (
            "内容格式不对，请刷新页面后重新填写",
            "The content is malformed; reload the page and fill it in again",
        ),
        "not_a_text": ("这里只能填文字", "Only text can stand here"),
        "not_yes_or_no": ("请选择是或否", "Choose yes or no"),
        "field_unknown": (
            "没有“{value}”这一项，请刷新页面后重新填写",
            "There is no field “{value}”; reload the page and fill it in again",
        ),
        "version_unknown": (
            "表单版本 {value} 无法识别，请刷新页面",
            "Form version {value} is not known; reload the page",
        ),
        "too_many_items": (
            "最多 {name} 条，现有 {value} 条，请合并同类",
            "At most {name} entries, there are {value}; put like with like",
        ),
        "choice_missing": ("请选择一项", "Choose one"),
        "choice_unknown": ("“{value}”不在选项中，请重新选择", "“{value}” is not on the list; choose again"),
        "amount_missing": ("请填写金额，没有就填 0", "Enter the amount, or 0 if there is none"),
        "amount_empty": ("请填写金额，没有就填 0", "Enter the amount, or 0 if there is none"),
        "amount_not_a_number": ("“{value}”不是金额，请只填数字", "“{value}” is not an amount; enter figures only"),
        "amount_float": (
            "金额格式不对，请刷新页面后重新填写",
            "The amount is malformed; reload the page and enter it again",
        ),
        "amount_too_precise": ("金额最多两位小数", "An amount has at most two decimals"),
        "amount_too_large": ("金额超过 1 亿元，请核对单位", "The amount is above 100 million yuan; check the unit"),
        "amount_negative": ("金额不能是负数", "An amount cannot be negative"),
        "which_unit": (
            "{value} 元？请确认单位是元还是万元",
            "{value} yuan? Please confirm whether yuan or 10,000 yuan is meant",
        ),
        "digit_more": (
            "上次是 {value} 元，这次约为 10 倍，是不是多打了一位？",
            "{value} yuan last time, about ten times that now: one digit too many?",
        ),
        "digit_less": (
            "上次是 {value} 元，这次约为十分之一，是不是少打了一位？",
            "{value} yuan last time, about a tenth of that now: one digit too few?",
        ),
        "digits_swapped": (
            "上次是 {value} 元，这次像是把相邻两位数字打反了，请核对",
            "{value} yuan last time: two neighbouring digits look swapped; check them",
        ),
        "typed_in_wan": (
            "上次是 {value} 元，这次约为万分之一，是不是按万元填了？",
            "{value} yuan last time, about a ten-thousandth now: typed in units of 10,000 yuan?",
        ),
        "price_unusual": (
            "按数量折合每单位 {value} 元，参考价为{name}，请核对金额和数量",
            "{value} yuan a unit by the quantity; the reference is {name}: check amount and quantity",
        ),
        "note_too_long": (
            "最多 {name} 字，现有 {value} 字",
            "At most {name} characters, this has {value}",
        ),
        "note_holds_identity": (
            "说明中有身份证号或手机号，请删去；证件信息只登记在人员资料里",
            "The note holds an ID or phone number; remove it, such numbers belong with the person only",
        ),
        "answer_missing": ("请填写“{name}”", "Fill in “{name}”"),
        "number_wrong": (
            "“{value}”不对，请填数字，最多 {name} 位小数",
            "“{value}” is wrong; a number with at most {name} decimals",
        ),
        "whole_wrong": ("“{value}”不对，请填整数", "“{value}” is wrong; a whole number"),
        "out_of_range": ("“{value}”超出范围（{name}）", "“{value}” is outside the range ({name})"),
        "rows_missing": ("请逐项登记“{name}”", "Record each entry of “{name}”"),
        "unexpected": (
            "按前面的回答不用填“{name}”，请清空或改正前面的回答",
            "By the answers before, “{name}” is not asked; empty it or correct them",
        ),
        "above_other": ("{value} 高于“{name}”，请核对", "{value} is above “{name}”; check both"),
        "not_a_member": (
            "所选的人不在家庭成员中，请重新选择",
            "That person is not a member of the household; choose again",
        ),
        "date_impossible": ("“{value}”不是有效日期", "“{value}” is not a valid date"),
        "person_missing": ("请选择家庭成员", "Choose a member of the household"),
        "person_gone": (
            "表上有一位成员现在不在本户，请重新打开走访页，核对成员后再提交",
            "A member on the form is no longer in this household: open the visit again, check the members, submit again",
        ),
        "person_twice": ("这位成员已在上面列出，请删去一行", "This member is listed above; remove one line"),
        "head_missing": ("没有户主，请指定一位", "There is no head; name one"),
        "head_twice": ("户主只能有一位，请改正与户主关系", "There can be one head only; correct the relation"),
        "borrower_not_a_member": (
            "借款人不在家庭成员中，请重新选择",
            "The borrower is not a member of the household; choose again",
        ),
        "debt_past_due": (
            "到期日 {value} 已过，余额未清，请核实是否逾期",
            "Due on {value} and not repaid; find out whether it is overdue",
        ),
        "total_too_large": ("合计超过 1 亿元，请核对单位", "The total is above 100 million yuan; check the units"),
        "copied": (
            "同一网格另有 {value} 份档案的财产、负债、收入、支出和这份分毫不差，请核实是不是照抄",
            "{value} other files of this grid agree with this one to the cent in property, debts, income and spending; find out "
            "whether it was copied",
        ),
        "members_missing": ("还没有登记家庭成员", "No members are recorded yet"),
        "borrower_missing": ("还没有指定借款人", "No borrower is named yet"),
        "member_incomplete": (
            "户主、借款人及其配偶须填劳动能力和职业",
            "Head, borrower and spouse need labour ability and occupation",
        ),
        "section_missing": ("“{name}”还没有填写", "“{name}” is not filled in yet"),
    }
)


def sentence(problem: Problem, language: str = "zh") -> str:
    """What a finding means and what to do about it, in `language` ("en..." is English, everything else Chinese)."""
    name = problem.name.label(language) if problem.name else ""
    return SENTENCES[problem.code][language.startswith("en")].format(value=problem.value, name=name)
