"""What a round prepares with: the checklist (七个一) and the questions of the village summary (村情)."""

from config.lib.parameters.kinds import Area, ParameterKind, register
from config.lib.parameters.shape import Rows, Scalar, Value, document
from config.lib.tables import Words

CODED = (
    Scalar(name="code", label=Words("代码", "Code"), value=Value.CODE),
    Scalar(name="zh", label=Words("中文", "Chinese"), longest=40),
    Scalar(name="en", label=Words("英文", "English"), longest=80),
)


def _unit(name: str, zh: str, en: str) -> Scalar:
    return Scalar(name=name, label=Words(zh, en), longest=10, is_optional=True)


register(
    ParameterKind(
        code="round_tasks",
        title=Words("七个一清单", "Checklist of a round"),
        note=Words(
            "整村授信准备时村里和每户要做到的事",
            "What is done in the village and at every household while a round prepares",
        ),
        area=Area.RULES,
        shape=document(
            Rows(name="village", label=Words("村里", "In the village"), most=12, members=CODED),
            Rows(name="household", label=Words("每户", "At each household"), most=8, members=CODED),
        ),
    )
)
register(
    ParameterKind(
        code="village_summary",
        title=Words("村情摘要", "Village summary"),
        note=Words("整村授信准备时填写的村情问题", "The questions about a village answered while a round prepares"),
        area=Area.RULES,
        shape=document(
            Rows(
                name="questions",
                label=Words("问题", "Questions"),
                most=40,
                members=(
                    *CODED,
                    Scalar(
                        name="kind",
                        label=Words("填法", "Answered with"),
                        value=Value.CHOICE,
                        choices=(
                            ("whole", Words("整数", "a whole number")),
                            ("text", Words("一行字", "a line")),
                            ("long", Words("一段话", "a paragraph")),
                        ),
                    ),
                    _unit("unit_zh", "单位", "Unit (Chinese)"),
                    _unit("unit_en", "英文单位", "Unit (English)"),
                ),
            )
        ),
    )
)
