"""An officer of another branch follows every address of the story: each is closed to him, or shows nothing of it."""

import io
import re

from openpyxl import load_workbook
from playwright.sync_api import APIResponse, Page, expect

from tests.e2e.story_people import Cast
from tests.e2e.story_rosters import AT_HOME, FAR_AWAY, VILLAGE_NAME

# Pages of one's own that every post opens, with nothing of the story on them.
OWN = ("/me/password/", "/drafts/key/", "/sign-in/", "/sign-out/", "/favicon.ico")
# The kinds of things the story is about; each must have been tried, or the walk proves nothing.
KINDS = (
    "rosters", "households", "people", "queues", "rounds", "sheets", "lines", "decisions", "plans", "inspections",
    "conclusions",
)  # fmt: skip
# What he may do as an officer too, for his own village; refused for want of content, and nothing of the story in the answer.
ALLOWED_POSTS = ("/sign-in/", "/me/password/", "/rosters/new/")


def secrets() -> list[str]:
    """What must never reach him: the village and every name of it."""
    return [VILLAGE_NAME, *(name for _group, *people in AT_HOME.values() for name, _year in people)]


def sees_nothing(cast: Cast) -> None:
    """Try every address of the story as Fang."""
    trail = dict(cast.trail)
    fang = cast.at_desk("0201")
    csrf = fang.locator("body").get_attribute("data-csrf") or ""
    tried = set()
    for (method, path), query in sorted(trail.items()):
        if path in OWN:
            continue
        url = f"{path}?{query}" if query else path
        if method == "GET":
            answer = fang.request.get(url, max_redirects=0)
        else:
            answer = fang.request.post(
                url, headers={"X-CSRFToken": csrf, "Referer": fang.url}, form={}, max_redirects=0
            )
        told = f"{method} {url} answers {answer.status} to an officer of another branch"
        if _is_about_something(path):
            assert answer.status == 404, told
            tried.add(path.split("/")[1])
        elif method != "GET" and path not in ALLOWED_POSTS:
            assert answer.status in (403, 404, 405), told
        else:
            assert answer.status in (200, 302, 404, 422), told
            _holds_nothing(answer, told)
    assert tried >= set(KINDS), f"nobody opened any {set(KINDS) - tried}"
    _finds_nothing(fang)


def _is_about_something(path: str) -> bool:
    """Tell whether an address names a row: by number or by UUID. A week is no row of anybody's."""
    return bool(re.search(r"/(\d+|[0-9a-f]{8}-[0-9a-f-]{27})/", path))


def _holds_nothing(answer: APIResponse, told: str) -> None:
    kind = answer.headers.get("content-type", "")
    if "spreadsheet" in kind:
        book = load_workbook(io.BytesIO(answer.body()), read_only=True)
        text = " ".join(
            str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell
        )
    elif "pdf" in kind:
        return  # drawn from the same lines as the spreadsheet
    else:
        text = answer.text()
    for secret in secrets():
        assert secret not in text, f"{told} and shows {secret}"


def _finds_nothing(fang: Page) -> None:
    """His own villagers are found, the story's by no spelling."""
    box, results = fang.locator("[data-search]"), fang.locator("#search-results")
    box.fill(FAR_AWAY["0001"][1][0])
    expect(results).to_contain_text(FAR_AWAY["0001"][1][0])
    for words in ("秦建国", "qinjianguo", "qjg"):
        box.fill(words)
        expect(results).to_contain_text("没有")
    for words in ("/households/", "/grids/", "/rounds/", "/today/", "/queues/", "/overview/"):
        _holds_nothing(fang.request.get(words), words)
