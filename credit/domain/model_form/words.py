"""What the keys and options of a model document are called on the pages that edit it, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

PART_KEYS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "about": ("code", "title", "source", "notes"),
        "inputs": ("inputs",),
        "parameters": ("parameters",),
        "derived": ("derived",),
        "scorecard": ("scorecard",),
        "grade": ("grade",),
        "lines": ("lines", "combined", "caps", "rounding"),
        "reasons": ("reasons", "vetoes", "remarks"),
    }
)
"""The parts a document is edited in, in the order of the pages."""

PART_NAMES: Final = {
    "about": ("基本", "About"),
    "inputs": ("取数", "Facts"),
    "parameters": ("基数和参数", "Parameters"),
    "derived": ("中间量", "Derived"),
    "scorecard": ("评分表", "Scorecard"),
    "grade": ("等级", "Grades"),
    "lines": ("额度公式", "Lines"),
    "reasons": ("原因和否决", "Reasons"),
    "further": ("其他", "Other"),
}

KEYS: Final = {
    "code": ("代码", "Code"),
    "name": ("名称", "Name"),
    "title": ("标题", "Title"),
    "label": ("说法", "Words"),
    "zh": ("中文", "Chinese"),
    "en": ("英文", "English"),
    "source": ("出处", "Source"),
    "notes": ("模型说明", "Notes"),
    "parameters": ("基数和参数", "Parameters"),
    "inputs": ("取数", "Facts"),
    "reasons": ("原因", "Reasons"),
    "derived": ("中间量", "Derived figures"),
    "scorecard": ("评分表", "Scorecard"),
    "items": ("评分项", "Score items"),
    "score": ("总分", "Score"),
    "grade": ("等级", "Grade"),
    "levels": ("各级", "Levels"),
    "vetoes": ("一票否决", "Refusals"),
    "remarks": ("另需说明", "Remarks"),
    "lines": ("额度公式", "Formulas of the line"),
    "combined": ("合成额度", "Combined figure"),
    "caps": ("上限", "Caps"),
    "type": ("类型", "Type"),
    "scope": ("由谁定", "Set by"),
    "formula": ("公式", "Formula"),
    "bands": ("分档", "Bands"),
    "lookup": ("按选项取值", "By choice"),
    "events": ("按明细合计", "Over a list of events"),
    "steps": ("按步长加减", "By steps"),
    "ticks": ("打勾项相加", "Tick list"),
    "how": ("怎样算", "How"),
    "of": ("依据", "By"),
    "full": ("满分", "Full marks"),
    "min": ("最小", "Least"),
    "max": ("最大", "Most"),
    "default": ("按此值计", "Counts as"),
    "value": ("取值", "Value"),
    "values": ("取值", "Values"),
    "choices": ("选项", "Choices"),
    "fields": ("每条的内容", "Fields of one event"),
    "missing": ("没有填写时", "When missing"),
    "reason": ("不测算的原因", "Reason for no line"),
    "step": ("取整单位或步长", "Step"),
    "rounding": ("取整", "Rounding"),
    "figures": ("各项计算", "Figures"),
    "when": ("条件", "Condition"),
    "at_least": ("最低", "At least"),
    "at_most": ("最多", "At most"),
    "lower_by": ("下调级数取自", "Lowered by"),
    "sum": ("相加的一项", "Figure added"),
    "count": ("只数条数", "Count only"),
    "part": ("只是分项", "Only a part"),
    "rows": ("各档", "Rows"),
    "start": ("起点", "Start"),
    "each": ("每步", "Each step"),
    "direction": ("方向", "Direction"),
    "base": ("起始值", "Starts from"),
    "started": ("不足一步也算", "A step begun counts"),
    "from": ("从哪里取", "Read from"),
    "annuity": ("年金系数", "Annuity factor"),
    "annual_rate": ("年利率", "Annual rate"),
    "months": ("月数取自", "Months"),
    "by": ("怎样合成", "How they combine"),
    "line": ("额度", "Line"),
    "modes": ("进件方式", "Entry modes"),
    "entries": ("各方式", "Modes"),
    "cap": ("上限", "Cap"),
    "tenor": ("年龄与期限", "Age and tenor"),
    "asked": ("申请月数", "Months asked"),
    "age": ("周岁取自", "Age"),
    "age_months": ("月龄取自", "Age in months"),
    "sex": ("性别取自", "Sex"),
    "min_age": ("最低年龄", "Least age"),
    "max_age_at_maturity": ("到期最高年龄", "Highest age at maturity"),
    "longest": ("最长月数", "Longest, months"),
    "shortest": ("最短月数", "Shortest, months"),
    "beyond": ("超龄时", "When too old"),
    "young": ("年龄不够的原因", "Reason when too young"),
    "old": ("到期超龄的原因", "Reason when too old"),
    "repayment": ("还款能力", "What can be repaid"),
    "share": ("用于还款的比例", "Share of income"),
    "already": ("已有还款取自", "Already repaid"),
    "unknown": ("尚未查明", "Not known"),
}

OPTIONS: Final = {
    "money": ("金额（元）", "amount, yuan"),
    "ratio": ("比率", "ratio"),
    "points": ("分", "points"),
    "int": ("整数", "whole number"),
    "bool": ("是否", "yes or no"),
    "choice": ("选项", "choice"),
    "events": ("明细清单", "list of events"),
    "institution": ("全行", "bank"),
    "county": ("县", "county"),
    "up": ("高于起点", "above the start"),
    "down": ("低于起点", "below the start"),
    "flags": ("可选多项", "several choices"),
    "village": ("村", "village"),
    "profile": ("档案", "file"),
    "members": ("家庭成员", "members"),
    "business": ("商户", "businesses"),
    "lists": ("名单", "lists"),
    "officer": ("客户经理", "officer"),
    "run": ("测算时给定", "given with the run"),
    "min": ("取最小", "smallest"),
    "max": ("取最大", "largest"),
    "first": ("取第一个适用的", "first that applies"),
    "sum": ("相加", "sum"),
    "refuse": ("不予授信", "refuse"),
    "shorten": ("缩短期限", "shorten"),
}

EDGES: Final = {
    "lower": ("下限", "From"),
    "upper": ("上限", "To"),
    "": ("不限", "none"),
    "from": ("不低于", "or more"),
    "above": ("高于", "above"),
    "upto": ("不超过", "up to"),
    "below": ("低于", "below"),
}

TYPED_BY: Final[Mapping[str, str]] = MappingProxyType(
    {"of": "names", "sum": "names", "lower_by": "names", "reason": "reasons"}
)
"""Keys whose cell offers what the document defines: names, or codes of reasons."""

BLANK_MESSAGE: Final = ("请填写", "Fill this in")


def word(key: str, language: str, words: Mapping[str, Any] = KEYS) -> str:
    """What a key or an option is called; one without words says itself."""
    said = words.get(key)
    return said[1 if language == "en" else 0] if said else key
