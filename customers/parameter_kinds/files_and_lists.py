"""The parameters of files and lists: forms, the notice read before collecting, reasons, quotas, what is looked for twice."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from config.lib.parameters.kinds import About, Area, ParameterKind, Use, counted_by, register
from config.lib.parameters.reading import Block
from config.lib.parameters.shape import Chosen, Group, Items, Problem, Rows, Scalar, Value, document
from config.lib.tables import Words
from customers.domain import consents, guard, lists
from customers.domain.form import parts, sheet
from customers.selectors.changes import KIND as CHANGE_GUARD
from customers.selectors.checking import KIND as SECOND_CHECK
from customers.selectors.forms import KIND as FORM
from customers.selectors.forms import edition_before, faults_after

SCOPES = tuple(
    (scope, Words(consents.scope_name(scope), consents.scope_name(scope, "en"))) for scope in consents.SCOPES
)
COLOURS = (
    ("black", Words("黑名单", "black")),
    ("grey", Words("灰名单", "grey")),
    ("white", Words("白名单", "white")),
    ("attention", Words("关注", "attention")),
)
SORTS = (
    ("credit", Words("信用", "credit")),
    ("conduct", Words("品行", "conduct")),
    ("circumstance", Words("境况", "circumstance")),
    ("eligibility", Words("资格", "eligibility")),
    ("health", Words("健康", "health")),
    ("family", Words("婚姻家庭", "family")),
    ("belief", Words("信仰", "belief")),
)


def _flag(name: str, zh: str, en: str, *, assumed: bool = False) -> Scalar:
    return Scalar(name=name, label=Words(zh, en), value=Value.FLAG, is_optional=True, assumed=assumed)


def _households(name: str, zh: str, en: str) -> Scalar:
    unit = Words("户", "households")
    return Scalar(name=name, label=Words(zh, en), value=Value.WHOLE, unit=unit, low=Decimal(2), high=Decimal(100))


_REFUSED = {
    "blocking": Words(
        "“不评议”只用于关注；黑、灰名单本来就不评议", "Only attention takes it; black and grey block anyway"
    ),
    "colour": Words("请选用于哪种名单", "Choose the list it is for"),
    "months": Words("复查月数不对", "The months to the review are wrong"),
}


def _reason_problems(given: Any, _about: About) -> Iterator[Problem]:
    """What the reader of the lists refuses beyond the shape."""
    for place, code in lists.problems(given):
        path = tuple(int(part) if part.isdigit() else part for part in place.split(".") if part)
        yield Problem(
            path, _REFUSED.get(code, Words(f"名单读不了这一条（{code}）", f"The lists cannot read this ({code})"))
        )


def _reason_warnings(given: Any) -> Iterator[Words]:
    """What a sensitive reason in use asks of the bank (Domain, section 3.3)."""
    codes = lists.sensitive_in_use(given)
    if codes:
        named = {one.code: one for one in lists.read(given)}
        yield Words(
            "启用了敏感信息的原因："
            + "、".join(named[code].zh for code in codes)
            + "。采集和使用须有专门目的和本人单独同意。",
            "Reasons of a sensitive kind are in use: "
            + ", ".join(named[code].en for code in codes)
            + ". They need a purpose of their own and the person's separate consent.",
        )


def _phone_problems(given: Any, _about: About) -> Iterator[Problem]:
    if int(given["phone"]["red"]) < int(given["phone"]["warn"]):
        yield Problem(
            ("phone", "red"), Words("标红的户数不能少于提醒的户数", "Red cannot begin below the number that warns")
        )


def _notice_problems(given: Any, _about: About) -> Iterator[Problem]:
    """Nothing stands without collection; its notice asks for it."""
    if consents.COLLECTION not in given["scopes"]:
        yield Problem(
            ("scopes",),
            Words("必须包含“采集家庭情况”，其他各项以它为前提", "Collecting must be among them; the others rest on it"),
        )


def _text(name: str, label: Words) -> Group:
    paragraph = Scalar(name="", label=Words("段", "Paragraph"), value=Value.LONG, longest=1000)
    return Group(
        name=name,
        label=label,
        members=(
            Scalar(name="title", label=Words("标题", "Title"), longest=60),
            Items(name="paragraphs", label=Words("段落", "Paragraph"), item=paragraph, most=20),
        ),
    )


def _placed(path: str) -> tuple[str | int, ...]:
    parts = path.replace("[", ".").replace("]", "").split(".")
    return tuple(int(part) if part.isdigit() else part for part in parts if part)


@dataclass(frozen=True, kw_only=True)
class FormKind(ParameterKind):
    """Collection forms: read, compared and edited as steps, sections and fields; the reader of forms alone judges them."""

    def found(self, document: Any, about: About) -> list[Problem]:
        """Return every fault the reader of forms finds, then what may not be taken from the edition before."""
        before = edition_before(about.institution_id, about.key)
        return [
            Problem(_placed(fault.path), Words(fault.sentence("zh"), fault.sentence("en")))
            for fault in faults_after(before.document if before is not None else None, document)
        ]

    def read(self, document: Any, language: str) -> Block:
        """Return a table for each section."""
        return sheet.block(document, language)

    def place(self, document: Any, problem: Problem, language: str) -> str:
        """Return the section and field a problem stands at."""
        return sheet.place_of(document, problem.place, language)

    def shape_of(self, *_documents: Any) -> Group | Rows:
        """Return every key of a form, so that two versions are compared in words."""
        return WHOLE_FORM


WHOLE_FORM = parts.whole()
register(
    FormKind(
        code=FORM,
        title=Words("采集表", "Collection form"),
        note=Words(
            "走访时填什么；已有的档案仍按自己的版本显示",
            "What a visit asks; files keep the version they were filled in by",
        ),
        area=Area.FORMS,
        key_label=Words("表的代码", "Code of the form"),
        key_note=Words("如 large_grower", "Such as large_grower"),
        uses=(Use(title=Words("档案", "files"), count=counted_by("files_by_form")),),
        editor="customers:form_edit",
        preview="customers:form_preview",
    )
)
register(
    ParameterKind(
        code="consent_notice",
        title=Words("个人信息采集告知书", "Notice on collecting personal information"),
        note=Words(
            "走访时宣读；换了版本，下次走访重新征得同意",
            "Read out on a visit; under a new version consent is asked again",
        ),
        area=Area.NOTICES,
        shape=document(
            Chosen(name="scopes", label=Words("同意范围", "Scopes of consent"), choices=SCOPES),
            _text("zh", Words("中文", "Chinese")),
            _text("en", Words("英文", "English")),
        ),
        problems=_notice_problems,
        uses=(Use(title=Words("同意记录", "consents"), count=counted_by("consents_under")),),
    )
)
register(
    ParameterKind(
        code="list_reasons",
        title=Words("名单原因", "Reasons of the lists"),
        note=Words("提名黑、灰名单时可选的原因", "What an entry on a list may be proposed for"),
        area=Area.RULES,
        shape=document(
            Rows(
                name="reasons",
                label=Words("原因", "Reason"),
                most=60,
                members=(
                    Scalar(name="code", label=Words("代码", "Code"), value=Value.CODE),
                    Scalar(name="zh", label=Words("中文", "Chinese"), longest=40),
                    Scalar(name="en", label=Words("英文", "English"), longest=80),
                    Scalar(
                        name="kind", label=Words("类别", "Sort"), value=Value.CHOICE, choices=SORTS, is_optional=True
                    ),
                    Chosen(
                        name="colours",
                        label=Words("用于", "For"),
                        choices=COLOURS,
                        is_optional=True,
                        note=Words("都不选即黑名单和灰名单", "None chosen means black and grey"),
                    ),
                    Scalar(
                        name="review_months",
                        label=Words("几个月后复查", "Months to the review"),
                        value=Value.WHOLE,
                        unit=Words("个月", "months"),
                        low=Decimal(1),
                        high=Decimal(lists.MOST_MONTHS),
                        is_optional=True,
                    ),
                    _flag("needs_note", "须写说明", "Needs a note"),
                    _flag("blocking", "关注期间不评议", "Not assessed meanwhile"),
                    _flag("sensitive", "敏感信息", "Sensitive"),
                    _flag("enabled", "启用", "In use", assumed=True),
                ),
            ),
        ),
        problems=_reason_problems,
        warnings=_reason_warnings,
        uses=(Use(title=Words("名单记录", "list entries"), count=counted_by("entries_by_reasons")),),
    )
)
register(
    ParameterKind(
        code="duplicate_rules",
        title=Words("查重规则", "Rules for people filed twice"),
        note=Words("每晚按它查找疑似重复登记", "The nightly sweep for people filed twice goes by it"),
        area=Area.RULES,
        shape=document(
            Group(
                name="phone",
                label=Words("同一手机号", "One phone number"),
                members=(
                    _households("warn", "几户起提醒", "Warns from"),
                    _households("red", "几户起标红", "Red from"),
                ),
            ),
            _flag("name_birth", "同名同生日", "Same name and birth date"),
            _flag("pinyin_village", "同村同音", "Same sound in one village"),
            _flag("photo", "同一张照片", "The same photo"),
        ),
        problems=_phone_problems,
        uses=(Use(title=Words("疑似重复", "cases"), count=counted_by("cases_by_rules")),),
    )
)
register(
    ParameterKind(
        code="typing_checks",
        title=Words("录入时的村内比较", "Comparison while typing"),
        note=Words("走访页上与同村中间一半的户比较", "The visit page compares with the middle half of the village"),
        area=Area.RULES,
        shape=document(
            Scalar(
                name="village_ratio",
                label=Words("超过上四分位几倍提醒", "Told from how many times the upper quartile"),
                value=Value.DECIMAL,
                low=Decimal(1),
                high=Decimal(100),
            ),
            Scalar(
                name="least_households",
                label=Words("至少几户才比较", "Households needed to compare"),
                value=Value.WHOLE,
                unit=Words("户", "households"),
                low=Decimal(2),
                high=Decimal(1000),
            ),
        ),
    )
)
register(
    ParameterKind(
        code="visit_quotas",
        title=Words("每周走访要求", "Weekly visits asked for"),
        note=Words("「今日」页的进度环按它计算", "The ring of the page Today counts against it"),
        area=Area.RULES,
        shape=document(
            Group(
                name="officer",
                label=Words("客户经理", "Officer"),
                members=(
                    Scalar(
                        name="days_per_week",
                        label=Words("每周有效走访天数", "Effective visit days a week"),
                        value=Value.WHOLE,
                        unit=Words("天", "days"),
                        low=Decimal(1),
                        high=Decimal(7),
                    ),
                    Scalar(
                        name="households_per_week",
                        label=Words("每周走访户数", "Households a week"),
                        value=Value.WHOLE,
                        unit=Words("户", "households"),
                        low=Decimal(1),
                        high=Decimal(500),
                    ),
                ),
            ),
        ),
    )
)


def _limit(name: str, label: Words) -> Group:
    return Group(
        name=name,
        label=label,
        members=(
            Scalar(
                name="percent",
                label=Words("变化超过", "Changed by more than"),
                value=Value.WHOLE,
                unit=Words("%", "%"),
                low=Decimal(0),
                high=Decimal(1000),
                note=Words("正好等于不算", "Exactly as much passes"),
            ),
            Scalar(
                name="floor",
                label=Words("变化不到多少不问", "Nothing is asked below"),
                value=Value.WHOLE,
                unit=Words("元", "yuan"),
                low=Decimal(0),
                high=Decimal(10_000_000),
            ),
        ),
    )


register(
    ParameterKind(
        code=CHANGE_GUARD,
        title=Words("大额变化阈值", "Thresholds of sudden changes"),
        note=Words(
            "超过的档案要补证明并由第二个人确认，之前不用于测算额度",
            "A file beyond them is proved and confirmed by a second person before it is used for a line",
        ),
        area=Area.RULES,
        shape=document(
            Scalar(
                name="window_days",
                label=Words("与多少天内的档案比", "Compared with files of the last"),
                value=Value.WHOLE,
                unit=Words("天", "days"),
                low=Decimal(1),
                high=Decimal(guard.LONGEST_WINDOW),
            ),
            Scalar(
                name="due_working_days",
                label=Words("几个工作日内补齐证明并确认", "To be proved and confirmed within"),
                value=Value.WHOLE,
                unit=Words("个工作日", "working days"),
                low=Decimal(1),
                high=Decimal(guard.MOST_DAYS),
            ),
            Group(
                name="figures",
                label=Words("比较的项目", "Figures compared"),
                members=(
                    _limit("assets", Words("资产", "Assets")),
                    _limit("liabilities", Words("负债", "Debts")),
                    _limit("net_income", Words("纯收入", "Net income")),
                    _limit("expenses", Words("支出", "Spending")),
                ),
            ),
        ),
        uses=(Use(title=Words("大额变化", "sudden changes"), count=counted_by("changes_under")),),
    )
)
register(
    ParameterKind(
        code=SECOND_CHECK,
        title=Words("复核期限和退回原因", "Second check: deadline and reasons"),
        note=Words(
            "过了期限的档案在「复核」里标出；退回时选原因",
            "Files past it are marked in the queue; a return names a reason",
        ),
        area=Area.RULES,
        shape=document(
            Scalar(
                name="due_working_days",
                label=Words("几个工作日内复核", "To be checked within"),
                value=Value.WHOLE,
                unit=Words("个工作日", "working days"),
                low=Decimal(1),
                high=Decimal(60),
            ),
            Rows(
                name="reasons",
                label=Words("退回原因", "Reason"),
                most=30,
                members=(
                    Scalar(name="code", label=Words("代码", "Code"), value=Value.CODE),
                    Scalar(name="zh", label=Words("中文", "Chinese"), longest=40),
                    Scalar(name="en", label=Words("英文", "English"), longest=80),
                ),
            ),
        ),
        uses=(Use(title=Words("带意见的复核", "checks with remarks"), count=counted_by("checks_by_reasons")),),
    )
)
