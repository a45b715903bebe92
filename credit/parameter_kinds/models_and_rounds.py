"""The parameters of credit: models, county bases, the rules of a round, reasons for refusing."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

from config.lib.parameters.differences import Change
from config.lib.parameters.kinds import About, Area, ParameterKind, Use, counted_by, register
from config.lib.parameters.shape import Group, Items, Problem, Rows, Scalar, Value, document, exact
from config.lib.tables import Words
from credit.domain.model import BoundModel, ModelDocumentError, ParameterError, difference, read_model
from credit.domain.model.problems import Problem as ModelProblem
from credit.domain.rules import MOST_REASONS, RoundRules
from credit.domain.sensitive import sensitive_words
from credit.selectors.comparing import trials_of_draft
from credit.selectors.lines import BASES_KIND, MODEL_KIND, models_released
from customers.domain.form.consumers import reads

YUAN = Words("元", "yuan")
PERCENT = Words("%", "%")
RUNS = Use(title=Words("额度测算", "runs of lines"), count=counted_by("runs_with"))
ROUNDS = Use(title=Words("评议轮次", "rounds"), count=counted_by("rounds_under"))
DECISIONS = Use(title=Words("授信决定", "decisions"), count=counted_by("decisions_under"))
SAME_REASONS = Use(title=Words("评议轮次", "rounds"), count=counted_by("rounds_with_reasons"))

# What ``facts.SOURCES`` reads of a file: whoever changes a form sees it beside the field.
reads(
    Words("额度模型", "credit models"),
    "members.labour",
    "assets.current",
    "assets.disposable",
    "liabilities.outstanding",
    "income.kind",
    "income.gross",
    "income.cost",
    "expenses.amount",
    "shares_held",
    "performance.status",
    "performance.breaches.what",
    "performance.breaches.days_overdue",
    "performance.breaches.repaid",
    "performance.breaches.measure",
    "judgement",
    "grade",
)
reads(Words("授信敞口", "exposure"), "liabilities.outstanding", "guarantees.amount")


def _placed(path: str) -> tuple[str | int, ...]:
    """Turn the model reader's place ``derived[2].formula`` into ours."""
    parts = path.replace("[", ".").replace("]", "").split(".")
    return tuple(int(part) if part.isdigit() else part for part in parts if part)


def _said(problem: ModelProblem) -> Words:
    return Words(problem.text("zh-hans"), problem.text("en"))


def _model_problems(given: Any, about: About) -> Iterator[Problem]:
    try:
        model = read_model(given)
    except ModelDocumentError as error:
        yield from (Problem(_placed(problem.path), _said(problem)) for problem in error.problems)
        return
    if model.code.lower() != about.key.lower():
        yield Problem(
            ("code",),
            Words(
                f"模型代码应为 {about.key.upper()}，与参数一致",
                f"The code must be {about.key.upper()}, as the parameter's",
            ),
        )
    for place, part in enumerate(model.unknown):
        yield Problem(
            ("unknown", place),
            Words(
                f"不完整的模型只能试算，不能发布：{part.label.zh}；查明后写入模型，再删去这一条",
                f"An incomplete model can be tried, never released: {part.label.en}; "
                "write the part into the model once it is known, then remove this entry",
            ),
        )


def _model_warnings(given: Any) -> Iterator[Words]:
    """What the reader advises of a sound model."""
    try:
        yield from (_said(problem) for problem in read_model(given).warnings)
    except ModelDocumentError:
        return


class ModelKind(ParameterKind):
    """Credit models: two versions are compared as a banker reads them, figure by figure."""

    def differences(self, before: Any, after: Any, language: str) -> list[Change]:
        """Return what changed, key by key where one of the two is no model or only its order differs."""
        try:
            told = difference.differences(read_model(before), read_model(after), language)
        except ModelDocumentError:
            told = []
        return told or super().differences(before, after, language)


def _bases_problems(given: Any, about: About) -> Iterator[Problem]:
    """A base must suit every model in force that asks for it, and be known to one."""
    models = models_released(about.institution_id, about.on)
    known = {parameter.name: parameter.label for _key, model in models for parameter in model.parameters}
    if not isinstance(given, dict):
        yield Problem((), Words("内容格式不对", "This must be a record of named figures"))
        return
    for name, value in given.items():
        if exact(value) is None:
            yield Problem((name,), Words("请填数字", "Enter a number"))
        elif name not in known:
            yield Problem((name,), Words("没有模型用到这一项", "No model asks for this figure"))
    if any(exact(value) is None for value in given.values()):
        return
    for key, model in models:
        names = {parameter.name for parameter in model.parameters}
        try:
            BoundModel(model, {name: value for name, value in given.items() if name in names})
        except ParameterError as error:
            name = str(error).split(" ", 1)[0]
            yield Problem(
                (name,) if name in given else (),
                Words(
                    f"与模型 {key.upper()} 不合：{_of(known, name)} 缺少或超出范围",
                    f"Does not suit model {key.upper()}: {error}",
                ),
            )


def _of(known: dict[str, Any], name: str) -> str:
    return str(known[name].zh) if name in known else name


def _round_problems(given: Any, _about: About) -> Iterator[Problem]:
    largest = exact(given["sheet"]["largest"]) or Decimal(0)
    amounts = [exact(amount) or Decimal(0) for amount in given["sheet"]["amounts"]]
    for place, amount in enumerate(amounts):
        if amount > largest:
            words = Words("超过“最大可填金额”", "Above the largest amount that may be entered")
            yield Problem(("sheet", "amounts", place), words)
    limits = [(place, band["upto"]) for place, band in enumerate(given["authority"])]
    for place, limit in limits[:-1]:
        if limit is None:
            yield Problem(
                ("authority", place, "upto"),
                Words("只有最高一级可以不限", "Only the highest level may be without limit"),
            )
    figures = [(place, exact(limit) or Decimal(0)) for place, limit in limits if limit is not None]
    for (_place, lower), (place, higher) in pairwise(figures):
        if higher <= lower:
            yield Problem(("authority", place, "upto"), Words("须比前一级高", "Must be above the level before"))
    try:
        RoundRules.from_releases(given, {"reasons": [{"code": "other", "zh": "其他", "en": "other"}]})
    except (ValueError, KeyError, TypeError) as error:
        yield Problem((), Words(f"评议读不了这份规则：{error}", f"A round cannot read these rules: {error}"))


def _reason_warnings(given: Any) -> Iterator[Words]:
    """Reasons that are marked sensitive or sound so: a legal risk (Domain, section 3.3)."""
    marked = [one for one in given["reasons"] if one.get("sensitive")]
    if marked:
        yield Words(
            "用了敏感信息的原因："
            + "、".join(one["zh"] for one in marked)
            + "。采集和使用须有专门目的和本人单独同意。",
            "Reasons of a sensitive kind are in use: "
            + ", ".join(one["en"] for one in marked)
            + ". They need a purpose of their own and the person's separate consent.",
        )
    unmarked = [
        one for one in given["reasons"] if not one.get("sensitive") and sensitive_words(f"{one['zh']} {one['en']}")
    ]
    if unmarked:
        yield Words(
            "像是敏感信息却没有标明：" + "、".join(one["zh"] for one in unmarked) + "。请改换说法，或标为敏感信息。",
            "Reasons that sound sensitive and are not marked so: "
            + ", ".join(one["en"] for one in unmarked)
            + ". Word them otherwise, or mark them.",
        )


def _figure(name: str, zh: str, en: str, unit: Words = YUAN, *, above: bool = False, high: int | None = None) -> Scalar:
    return Scalar(
        name=name,
        label=Words(zh, en),
        value=Value.DECIMAL,
        unit=unit,
        low=Decimal(0),
        is_above=above,
        high=None if high is None else Decimal(high),
    )


def _flag(name: str, zh: str, en: str) -> Scalar:
    return Scalar(name=name, label=Words(zh, en), value=Value.FLAG)


MERGE = Group(
    name="merge",
    label=Words("合并评议意见", "Merging opinions"),
    members=(
        Scalar(
            name="quorum",
            label=Words("最少有效意见", "Fewest valid opinions"),
            value=Value.WHOLE,
            low=Decimal(1),
            high=Decimal(20),
            unit=Words("份", "opinions"),
        ),
        Scalar(
            name="refusal_policy",
            label=Words("几人不同意即不授信", "Refusals that refuse"),
            value=Value.CHOICE,
            choices=(
                ("any", Words("一人", "any one")),
                ("two", Words("两人", "two")),
                ("majority", Words("过半", "more than half")),
            ),
        ),
        _figure("spread_limit_percent", "分歧上限", "Spread limit", PERCENT, high=1000),
        _figure("tolerance", "接近的差额", "Difference that counts as close"),
        Scalar(
            name="rule",
            label=Words("合并方法", "Rule"),
            value=Value.CHOICE,
            choices=(
                ("close_or_compromise", Words("额度接近或折中", "close or compromise")),
                ("mean", Words("平均", "mean")),
                ("median", Words("中位数", "median")),
                ("minimum", Words("最低", "minimum")),
                ("trimmed_mean", Words("去掉最高最低后平均", "trimmed mean")),
            ),
        ),
        _figure("step", "取整单位", "Step", above=True),
        Scalar(
            name="rounding",
            label=Words("取整", "Rounding"),
            value=Value.CHOICE,
            choices=(("down", Words("向下", "down")), ("half_up", Words("四舍五入", "half up"))),
        ),
    ),
)
ONE = Words("倍", "times")
LINE = Group(
    name="line",
    label=Words("额度边界", "Bounds of a line"),
    members=(
        _figure("product_cap", "产品上限", "Cap of the product"),
        _figure("household_cap", "一户总上限", "Cap of a household"),
        _figure("step", "取整单位", "Step", above=True),
        _figure("weight_other_banks", "他行负债计入", "Weight of other banks' loans", ONE, high=1),
        _figure("weight_guarantees", "对外担保计入", "Weight of guarantees given", ONE, high=1),
        _figure("weight_private", "民间借贷计入", "Weight of private borrowing", ONE, high=1),
        _flag("model_required", "必须有模型额度", "A model line is required"),
        _flag("raise_above_merged", "审批可高于评议额度", "The approver may go above the village's figure"),
    ),
)
AUTHORITY = Rows(
    name="authority",
    label=Words("审批权限", "Authority"),
    code="level",
    most=2,
    note=Words("从低到高；最高一级留空即不限", "From the lowest to the highest; empty is without limit"),
    members=(
        Scalar(
            name="level",
            label=Words("岗位", "Post"),
            value=Value.CHOICE,
            choices=(
                ("branch_manager", Words("支行行长", "Branch manager")),
                ("approver", Words("业务审批岗", "Approver")),
            ),
        ),
        Scalar(
            name="upto",
            label=Words("可批到", "May sign up to"),
            value=Value.DECIMAL,
            unit=YUAN,
            low=Decimal(0),
            empty=Words("不限", "without limit"),
        ),
    ),
)
SHEET = Group(
    name="sheet",
    label=Words("评议表", "Assessment sheet"),
    members=(
        Items(
            name="amounts",
            label=Words("金额按钮", "Amount buttons"),
            item=_figure("", "金额", "Amount", above=True),
            most=12,
        ),
        _figure("largest", "最大可填金额", "Largest amount that may be entered", above=True),
    ),
)

register(
    ModelKind(
        code=MODEL_KIND,
        title=Words("信用模型", "Credit model"),
        note=Words(
            "测算额度用的模型；换了版本，下次测算起按新版",
            "What lines are computed with; a new version holds from the next run",
        ),
        area=Area.MODELS,
        problems=_model_problems,
        warnings=_model_warnings,
        key_label=Words("模型代码", "Code of the model"),
        key_note=Words("如 s7，与文档里的 code 一致", "Such as s7, the same as code in the document"),
        uses=(RUNS,),
        sheet="credit:model",
        tried=trials_of_draft,
        editor="credit:model_edit",
        words={
            "code": Words("代码", "Code"),
            "name": Words("名称", "Name"),
            "title": Words("标题", "Title"),
            "label": Words("说法", "Words"),
            "zh": Words("中文", "Chinese"),
            "en": Words("英文", "English"),
            "format": Words("格式", "Format"),
            "source": Words("来源", "Source"),
            "notes": Words("说明", "Notes"),
            "parameters": Words("基数", "Parameters"),
            "inputs": Words("取数", "Facts"),
            "reasons": Words("原因", "Reasons"),
            "derived": Words("中间量", "Derived figures"),
            "items": Words("评分项", "Score items"),
            "score": Words("总分", "Score"),
            "grade": Words("等级", "Grade"),
            "levels": Words("各级", "Levels"),
            "vetoes": Words("一票否决", "Vetoes"),
            "lines": Words("额度公式", "Formulas of the line"),
            "combined": Words("合成", "Combined"),
            "caps": Words("上限", "Caps"),
            "type": Words("类型", "Type"),
            "scope": Words("由谁定", "Set by"),
            "formula": Words("公式", "Formula"),
            "bands": Words("分档", "Bands"),
            "lookup": Words("查表", "Look-up"),
            "of": Words("依据", "By"),
            "full": Words("满分", "Full marks"),
            "min": Words("最小", "Least"),
            "max": Words("最大", "Most"),
            "default": Words("默认", "Default"),
            "from": Words("从", "From"),
            "above": Words("大于", "Above"),
            "upto": Words("到", "Up to"),
            "below": Words("小于", "Below"),
            "value": Words("取值", "Value"),
            "choices": Words("选项", "Choices"),
            "missing": Words("缺少时", "When missing"),
            "reason": Words("原因", "Reason"),
            "step": Words("取整单位", "Step"),
            "rounding": Words("取整", "Rounding"),
            "places": Words("小数位", "Decimals"),
            "figures": Words("各级系数", "Figures of the grades"),
            "when": Words("条件", "When"),
            "steps": Words("按步计", "Steps"),
            "start": Words("起点", "Start"),
            "each": Words("每步", "Each"),
            "at_most": Words("最多", "At most"),
            "at_least": Words("最少", "At least"),
            "base": Words("基础值", "Base"),
            "direction": Words("方向", "Direction"),
            "started": Words("不足一步也算", "A step begun counts"),
            "ticks": Words("勾选清单", "Tick list"),
            "rows": Words("各行", "Rows"),
            "remarks": Words("提示", "Remarks"),
            "modes": Words("进件方式", "Entry modes"),
            "entries": Words("各方式", "Modes"),
            "cap": Words("上限", "Cap"),
            "tenor": Words("年龄与期限", "Age and tenor"),
            "repayment": Words("还款能力", "Repayment"),
            "annuity": Words("年金系数", "Annuity factor"),
            "annual_rate": Words("年利率", "Annual rate"),
            "months": Words("月数", "Months"),
            "unknown": Words("未知部分", "Unknown parts"),
        },
    )
)
register(
    ParameterKind(
        code=BASES_KIND,
        title=Words("县域基数", "County bases"),
        note=Words("模型按县取的基数，每县一份", "The figures models take by county, one document a county"),
        area=Area.MODELS,
        shape=document(
            *(
                Scalar(
                    name=name,
                    label=Words(zh, en),
                    value=Value.DECIMAL,
                    unit=unit,
                    low=Decimal(0),
                    is_optional=True,
                )
                for name, zh, en, unit in (
                    ("base_assets", "财产总值基数", "Base of total assets", YUAN),
                    ("base_net_assets", "净资产基数", "Base of net assets", YUAN),
                    ("base_realisable", "可变现净资产基数", "Base of realisable net assets", YUAN),
                    ("base_income", "纯收入基数", "Base of net income", YUAN),
                    (
                        "downgrade_grades",
                        "定性事项下调等级",
                        "Grades lowered by qualitative findings",
                        Words("级", "grades"),
                    ),
                )
            ),
            others=Scalar(name="", label=Words("基数", "Base"), value=Value.DECIMAL, is_optional=True),
        ),
        problems=_bases_problems,
        key_label=Words("县代码", "Code of the county"),
        key_note=Words("六位区划代码", "Six digits of the division"),
        uses=(RUNS,),
    )
)
register(
    ParameterKind(
        code="round_rules",
        title=Words("整村授信规则", "Rules of a round"),
        note=Words(
            "开始评议时冻结在每一轮里，进行中的轮次不变",
            "Frozen in each round when it starts; running rounds keep theirs",
        ),
        area=Area.RULES,
        shape=document(MERGE, LINE, AUTHORITY, SHEET),
        problems=_round_problems,
        uses=(ROUNDS, DECISIONS),
    )
)
register(
    ParameterKind(
        code="refuse_reasons",
        title=Words("不宜授信原因", "Reasons for refusing"),
        note=Words("评议员选“不宜授信”时可选的原因", "What an assessor may refuse for"),
        area=Area.RULES,
        shape=document(
            Rows(
                name="reasons",
                label=Words("原因", "Reason"),
                most=MOST_REASONS,
                members=(
                    Scalar(name="code", label=Words("代码", "Code"), value=Value.CODE),
                    Scalar(name="zh", label=Words("中文", "Chinese"), longest=40),
                    Scalar(name="en", label=Words("英文", "English"), longest=80),
                    Scalar(
                        name="sensitive",
                        label=Words("敏感信息", "Sensitive"),
                        value=Value.FLAG,
                        is_optional=True,
                        note=Words("评议员选它时会看到提醒", "An assessor who picks it is warned"),
                    ),
                ),
            ),
        ),
        warnings=_reason_warnings,
        uses=(SAME_REASONS,),
    )
)
