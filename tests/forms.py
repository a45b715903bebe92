"""The forms that are shipped, read as tests use them."""

import json
from pathlib import Path

from customers.domain.form import Form, read_form

FORMS = (
    "farm_household", "large_grower", "individual_business", "family_farm", "cooperative", "leading_enterprise",
)  # fmt: skip
SHIPPED = Path(__file__).parent.parent / "customers" / "parameters" / "forms"


def shipped(key: str) -> Form:
    """Return a shipped form; it has no fault."""
    form, faults = read_form(json.loads((SHIPPED / f"{key}.json").read_text("utf-8")))
    assert faults == []
    return form


FARM = shipped("farm_household")
