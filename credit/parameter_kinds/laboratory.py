"""The rules of the laboratory: how small a group may be and still be shown."""

from decimal import Decimal

from config.lib.parameters.kinds import Area, ParameterKind, Use, counted_by, register
from config.lib.parameters.shape import Scalar, Value, document
from config.lib.tables import Words
from credit.selectors.populations import LABORATORY

register(
    ParameterKind(
        code=LABORATORY,
        title=Words("模型试算", "Model trials"),
        note=Words(
            "户数太少的组在试算结果里不列数字，免得认出是哪一户；能反推出它的组也不列",
            "Groups with few households show no figures in a trial, so that nobody is singled out; nor do those that would give them away",
        ),
        area=Area.RULES,
        shape=document(
            Scalar(
                name="smallest_group",
                label=Words("一组至少几户才列数字", "Households a group has at least to be shown"),
                value=Value.WHOLE,
                low=Decimal(1),
                high=Decimal(100),
                unit=Words("户", "households"),
            ),
        ),
        uses=(Use(title=Words("试算", "trials"), count=counted_by("trials_under")),),
    )
)
