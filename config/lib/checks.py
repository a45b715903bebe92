"""System checks for our own rules: what review agreed on is refused by a machine."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from config.lib import guards


@register()
def every_table_has_a_guard(app_configs: Any, **_: Any) -> list[CheckMessage]:
    return [
        Error(
            f"table {table} has no guard",
            hint="give its model `guard = Guard(...)` (config/lib/guards.py)",
            id="gedang.E001",
        )
        for table in guards.unguarded()
    ]
