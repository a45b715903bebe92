"""The whole main job in one go, in a real browser, against the running product: its own database, web, worker and opener.

A roster file becomes a village; a visit on a phone survives a lost connection; a colleague checks it; three people assess behind
seals that two open; the model's line and an approval make a grant; weeks freeze and stay; an auditor draws, again, the same;
and an officer of another branch sees none of it. Pictures for the README are taken on the way: GEDANG_SCREENSHOTS=directory.
"""

from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from config.lib.clock import SHANGHAI
from tests.e2e import story_control, story_fieldwork, story_outsider, story_roster, story_round
from tests.e2e.story_people import Cast, told_on_failure
from tests.e2e.story_product import running_product

pytestmark = pytest.mark.browser

FIRST_DAY = datetime(2026, 11, 19, 9, 0, tzinfo=SHANGHAI)  # Thursday of week 47
NEXT_MONDAY = datetime(2026, 11, 23, 8, 30, tzinfo=SHANGHAI)
LAST_MONDAY = datetime(2026, 11, 30, 8, 30, tzinfo=SHANGHAI)
WEEK, NEXT_WEEK = "2026-W47", "2026-W48"
NAMES = ("名单户数", "走访", "建档", "复核", "评议", "授信")


def _figures(*numbers: int) -> dict[str, int]:
    return dict(zip(NAMES, numbers, strict=True))


def the_bank_opens(cast: Cast) -> None:
    cast.product.set_clock(FIRST_DAY)
    cast.product.seed("found")
    cast.product.start()


def the_first_week(cast: Cast) -> None:
    gao = cast.at_desk("0100")
    assert story_control.preview(gao, WEEK) == _figures(10, 0, 0, 0, 0, 0)
    story_fieldwork.visit_without_connection(cast)
    assert story_control.preview(gao, WEEK) == _figures(10, 1, 1, 0, 0, 0)
    cast.product.seed("files", "0002", "0003", "0004", "0005", "0006", "0007")
    assert story_control.preview(gao, WEEK) == _figures(10, 7, 7, 6, 0, 0)


def the_first_freeze(cast: Cast) -> None:
    cast.everybody_leaves()
    cast.product.set_clock(NEXT_MONDAY)
    cast.product.start()
    kang = story_control.freeze(cast, WEEK)
    # The other branch's village is on the roster of the whole bank.
    assert story_control.figures(kang) == _figures(13, 7, 7, 6, 0, 0)
    cast.kept = story_control.keep(kang, cast, WEEK)
    assert story_control.preview(kang, NEXT_WEEK) == _figures(13, 7, 7, 6, 0, 0)


def the_second_freeze(cast: Cast) -> None:
    story_control.look_at_the_week(cast, NEXT_WEEK, _figures(10, 7, 7, 7, 3, 1))
    cast.everybody_leaves()
    cast.product.set_clock(LAST_MONDAY)
    cast.product.start()
    kang = story_control.freeze(cast, NEXT_WEEK)
    assert story_control.figures(kang) == _figures(13, 7, 7, 7, 3, 1)
    story_control.assert_unmoved(cast.kept, story_control.keep(kang, cast, WEEK))


def nothing_is_amiss(cast: Cast) -> None:
    found = cast.product.ask("check_integrity")
    assert found["ok"], [rule for rule in found["rules"] if rule["count"] or rule["error"]]
    assert cast.complaints == []
    assert cast.product.errors() == []


CHAPTERS = (
    the_bank_opens,
    story_roster.import_workbook,
    story_roster.import_list_elsewhere,
    the_first_week,
    the_first_freeze,
    story_fieldwork.second_check,
    story_round.three_sheets,
    story_round.open_by_two,
    story_round.compute_and_publish,
    story_round.decide,
    the_second_freeze,
    story_control.draw,
    story_control.inspect_and_conclude,
    story_outsider.sees_nothing,
    nothing_is_amiss,
)


def test_from_a_roster_file_to_an_audited_grant(chromium: Browser, tmp_path: Path) -> None:
    with running_product() as product:
        cast = Cast(chromium, product, tmp_path)
        with told_on_failure(cast):
            for chapter in CHAPTERS:
                chapter(cast)
