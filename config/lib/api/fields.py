"""Fields that say their unit: amounts are decimal strings in yuan, and the name of the field ends in ``_yuan``."""

from typing import Any

from rest_framework import serializers


class Yuan(serializers.DecimalField):
    """An amount in yuan as a decimal string with two places, "35000.00"; never a number, which a reader may round."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("read_only", True)
        super().__init__(max_digits=18, decimal_places=2, coerce_to_string=True, **options)


class Reference(serializers.IntegerField):
    """The id of a row of another list; null where there is none."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("read_only", True)
        super().__init__(**options)
