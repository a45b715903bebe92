"""The limits of core-system snapshots: what of a change is pointed out, and when one is old."""

from decimal import Decimal

from config.lib.parameters.kinds import Area, ParameterKind, Use, counted_by, register
from config.lib.parameters.shape import Scalar, Value, document
from config.lib.tables import Words
from credit.selectors.snapshots import LIMITS

PERCENT = Words("%", "%")


def _percent(name: str, zh: str, en: str) -> Scalar:
    return Scalar(name=name, label=Words(zh, en), value=Value.DECIMAL, unit=PERCENT, low=Decimal(0), high=Decimal(1000))


register(
    ParameterKind(
        code=LIMITS,
        title=Words("核心系统快照", "Core-system snapshots"),
        note=Words(
            "和上一份相差超过这些就提示；仍要第二个人确认",
            "Differences from the snapshot before that are pointed out; a second person confirms in any case",
        ),
        area=Area.RULES,
        shape=document(
            _percent("outstanding_percent", "本行贷款余额变化", "Change of outstanding loans"),
            _percent("contracts_percent", "新增或消失的合同", "Contracts new or gone"),
            Scalar(
                name="old_after_days",
                label=Words("几天后算旧", "Old after"),
                value=Value.WHOLE,
                low=Decimal(1),
                high=Decimal(366),
                unit=Words("天", "days"),
            ),
        ),
        uses=(Use(title=Words("核心系统快照", "snapshots"), count=counted_by("snapshots_under")),),
    )
)
