"""Staff: language, logins of a demo installation."""

import json
from typing import Any

from django.conf import settings

from grids.models import Staff


def set_language(*, staff: Staff, language: str) -> None:
    """Remember the language a person works in."""
    staff.language = language
    staff.save(update_fields=["language"])


def demo_logins() -> list[dict[str, Any]]:
    """Return the logins the demo county wrote beside its data; empty in production and where there is no demo."""
    path = settings.DATA_DIR / "demo-logins.json"
    if settings.PRODUCTION or not path.exists():
        return []
    return list(json.loads(path.read_text("utf-8")))
