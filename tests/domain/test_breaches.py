"""S1, deductions for breaches: vectors worked out by hand from the table of the sheet (Domain, 4.1).

Deduction of one breach = -6 x delay x settlement x measure x subject, rounded to two places; breaches are added.

| delay       | up to 30 days 0 | 90: 1 | 180: 2 | 360: 3 | 720: 4 | longer 8 |
| settlement  | unsettled 1.1 | within one year 0.75 | two 0.5 | three 0.25 | earlier 0 |
| measure     | after reminders 1 | administrative 2 | judicial 3 |
| subject     | principal 1 | interest 0.5 | both 1.3 |
"""

from decimal import Decimal
from pathlib import Path

import pytest

from config.lib.money import wan
from credit.domain.model import BoundModel, read_model

SCHEMES = Path(__file__).parents[2] / "credit" / "schemes"
BASES = {"base_assets": wan(20), "base_net_assets": wan(15), "base_realisable": wan(8), "base_income": wan(4)}
S1 = BoundModel(read_model((SCHEMES / "s1_hunan.json").read_text(encoding="utf-8")), BASES)
HOUSEHOLD = {
    "persons": 3, "labour": 2, "total_assets": wan(30), "net_assets": wan(25), "realisable_assets": wan(10),
    "shares": wan("0.5"), "net_income": wan(6), "judgement": "excellent", "record": "breach",
}  # fmt: skip
"""91 points with a record as agreed (10 of 10): every point deducted is missing from 91."""

WORKED = [
    # days, settled, measure, subject                                             worked out by hand
    ((0, "unsettled", "judicial", "both"), "0"),  #                     -6 x 0 x ... = 0
    ((30, "unsettled", "reminder", "principal"), "0"),  #               the thirtieth day still costs nothing
    ((31, "unsettled", "reminder", "principal"), "-6.6"),  #            -6 x 1 x 1.1 x 1 x 1
    ((90, "unsettled", "reminder", "interest"), "-3.3"),  #             -6 x 1 x 1.1 x 1 x 0.5
    ((90, "within_3_years", "reminder", "interest"), "-0.75"),  #       -6 x 1 x 0.25 x 1 x 0.5
    ((91, "within_1_year", "reminder", "principal"), "-9"),  #          -6 x 2 x 0.75 x 1 x 1
    ((180, "within_1_year", "administrative", "principal"), "-18"),  #  -6 x 2 x 0.75 x 2 x 1
    ((181, "within_2_years", "reminder", "principal"), "-9"),  #        -6 x 3 x 0.5 x 1 x 1
    ((360, "within_2_years", "administrative", "both"), "-23.4"),  #    -6 x 3 x 0.5 x 2 x 1.3
    ((361, "within_3_years", "judicial", "principal"), "-18"),  #       -6 x 4 x 0.25 x 3 x 1
    ((720, "within_3_years", "reminder", "both"), "-7.8"),  #           -6 x 4 x 0.25 x 1 x 1.3
    ((721, "within_3_years", "reminder", "interest"), "-6"),  #         -6 x 8 x 0.25 x 1 x 0.5
    ((721, "unsettled", "administrative", "interest"), "-52.8"),  #     -6 x 8 x 1.1 x 2 x 0.5
    ((2000, "unsettled", "judicial", "both"), "-205.92"),  #            -6 x 8 x 1.1 x 3 x 1.3
    ((2000, "over_3_years", "judicial", "both"), "0"),  #               settled more than three years ago
]


def event(days, settled, measure, subject):
    return {"days_overdue": days, "settled": settled, "measure": measure, "subject": subject}


@pytest.mark.parametrize(("breach", "deduction"), WORKED)
def test_one_breach(breach, deduction):
    result = S1.evaluate({**HOUSEHOLD, "breaches": [event(*breach)]})
    assert result.values["breach_deduction"] == Decimal(deduction)
    assert result.values["record_points"] == 10 + Decimal(deduction)
    assert result.score == max(91 + Decimal(deduction), 0)


@pytest.mark.parametrize(
    ("breaches", "score", "grade"),
    [
        # 91 - 0.75 = 90.25: still grade one
        ([(90, "within_3_years", "reminder", "interest")], "90.25", "level1"),
        # 91 - 0.75 - 0.75 = 89.5: two small ones cost the grade
        ([(90, "within_3_years", "reminder", "interest")] * 2, "89.5", "level2"),
        # 91 - 6.6 - 9 = 75.4, and one of 0.75 more is 74.65
        ([(31, "unsettled", "reminder", "principal"), (91, "within_1_year", "reminder", "principal")], "75.4", "level2"),
        ([(31, "unsettled", "reminder", "principal"), (91, "within_1_year", "reminder", "principal"),
          (90, "within_3_years", "reminder", "interest")], "74.65", "level3"),
        # 91 - 23.4 - 9 = 58.6
        ([(360, "within_2_years", "administrative", "both"), (181, "within_2_years", "reminder", "principal")],
         "58.6", "level4"),
        # 91 - 205.92 is below nought, and the score never is
        ([(2000, "unsettled", "judicial", "both")], "0", "level4"),
    ],
)  # fmt: skip
def test_breaches_add_up_to_the_grade(breaches, score, grade):
    result = S1.evaluate({**HOUSEHOLD, "breaches": [event(*breach) for breach in breaches]})
    assert (result.score, result.grade) == (Decimal(score), grade)
