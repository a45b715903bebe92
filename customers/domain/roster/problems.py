"""Findings on a roster file: what they look like, and the exception that says a file cannot be read at all."""

from typing import Final, NamedTuple

LONGEST_VALUE: Final = 60


class Problem(NamedTuple):
    """One finding on one cell. `row` is the row as a spreadsheet counts it (0: the file as a whole), `column` the field's name.

    Identity numbers in `value` are masked. `also` names other rows or words that belong to the finding. `is_error` tells an error, which keeps the
    household out, from a warning, which goes in with it. The words are in `words`.
    """

    row: int
    column: str
    code: str
    value: str = ""
    is_error: bool = True
    also: str = ""


class RosterError(Exception):
    """The file cannot be read as a roster; `problems` say why and what to do."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{problem.code} {problem.value}".strip() for problem in problems))
        self.problems = problems


def refused(code: str, value: str = "", *, row: int = 0, column: str = "", also: str = "") -> RosterError:
    """The exception for one finding on the file as a whole."""
    return RosterError(Problem(row, column, code, value[:LONGEST_VALUE], also=also))
