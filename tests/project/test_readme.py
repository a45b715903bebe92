"""The README holds the table of environment variables exactly as they are declared."""

from pathlib import Path

import pytest

from config import env
from config.lib.management.commands import variables

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_readme_holds_every_variable_as_declared() -> None:
    text = README.read_text("utf-8")
    assert variables.with_table(text) == text, "run: .venv/bin/python manage.py variables --write"


def test_the_table_says_form_default_and_meaning() -> None:
    lines = variables.table().splitlines()
    assert len(lines) == len(env.VARIABLES) + 2
    assert "| `PORT` | number | `8000` | port of the web server |" in lines
    assert next(line for line in lines if "`SECRET_KEY`" in line).count("required in production") == 1


def test_a_readme_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="variables"):
        variables.with_table("# 格档\n")
