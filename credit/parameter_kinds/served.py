"""The parameters of what is handed to a customer: the notice on review and objection."""

from decimal import Decimal

from config.lib.parameters.kinds import Area, ParameterKind, Use, counted_by, register
from config.lib.parameters.shape import Group, Items, Scalar, Value, document
from config.lib.tables import Words
from credit.selectors.lines import NOTICE_KIND

HANDED = Use(title=Words("交给客户的说明", "explanations handed over"), count=counted_by("handovers_under"))


def _notice(name: str, label: Words) -> Group:
    paragraph = Scalar(name="", label=Words("段", "Paragraph"), value=Value.LONG, longest=1000)
    return Group(
        name=name,
        label=label,
        members=(
            Scalar(name="title", label=Words("标题", "Title"), longest=60),
            Items(name="paragraphs", label=Words("段落", "Paragraph"), item=paragraph, most=12),
        ),
    )


register(
    ParameterKind(
        code=NOTICE_KIND,
        title=Words("复核和异议告知", "Notice on review and objection"),
        note=Words(
            "印在交给客户的额度说明上：怎样提出异议、要求人工复核",
            "On every explanation of a line handed to a customer: how to object and ask for a review by people",
        ),
        area=Area.NOTICES,
        shape=document(
            Scalar(
                name="answer_days",
                label=Words("答复期限", "Days to answer"),
                value=Value.WHOLE,
                unit=Words("个工作日", "working days"),
                low=Decimal(1),
                high=Decimal(60),
            ),
            _notice("zh", Words("中文", "Chinese")),
            _notice("en", Words("英文", "English")),
        ),
        uses=(HANDED,),
    )
)
