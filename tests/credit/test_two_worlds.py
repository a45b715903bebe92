"""Two worlds that differ in sealed and drafted content alone look the same to everybody, on every page (Design, 5a).

The one exception is inherent and lies after the walk: whether every household reached the quorum is decided by the content,
inside the opening, after two people asked for it.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from config.lib.clock import SHANGHAI
from credit.models import Sheet
from grids.models import Staff
from tests.credit import village as make
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)
PAGE = UUID(int=7)
PHOTOS = [make.picture("red"), make.picture(size=(2400, 1800), grain=20)]

# What differs between any two answers: the request's number and tokens of session and form.
TOKENS = re.compile(r'(csrfmiddlewaretoken" value="|data-csrf=")[^"]+')
CHANGING = ("X-Request-ID", "Set-Cookie", "Date")

Seen = tuple[int, tuple[tuple[str, str], ...], str, int]


# Pages that tell of the machine, whose disk and broker other tests use too; leaving a session is no page.
MACHINE = ("healthz", "system", "sign_out", "home", None)


def plain_pages(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[str]:
    """Every URL name of the product that needs no argument."""
    for entry in patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from plain_pages(entry.url_patterns, inner)
        elif not entry.pattern.converters and entry.name not in MACHINE:
            yield f"{space}{entry.name}"


def addresses(village: make.Village) -> list[str]:
    """Every page that could tell something: those without arguments, and those of the round and its households."""
    round, sheet = village.round.pk, village.sheets[0].uuid
    found = [reverse(name) for name in sorted(set(plain_pages(get_resolver().url_patterns)))]
    found += [
        reverse("credit:round", args=[round]),
        reverse("credit:round_opening", args=[round]),
        reverse("credit:sheet", args=[sheet]),
        reverse("credit:sheet_seal", args=[sheet]),
        reverse("credit:sheet", args=[village.sheets[2].uuid]),
        reverse("credit:sheet_seal", args=[village.sheets[2].uuid]),
        reverse("grids:grid", args=[village.world.liu.pk]),
        *(reverse("customers:household", args=[subject]) for subject in village.households[:2]),
        reverse("credit:round_papers", args=[round]),
    ]
    for paper in Sheet.objects.filter(round=round, mode="paper").order_by("pk"):
        found += [reverse(f"credit:{name}", args=[paper.uuid]) for name in ("sheet", "sheet_seal")]
        found.append(reverse("credit:sheet_page", args=[paper.uuid, PAGE]))
        found.append(reverse("credit:round_paper", args=[round, PAGE]))
    return found


class Counting:
    """Counts the queries of a request; the whole walk has too many for Django's own log of them."""

    queries = 0

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        self.queries += 1
        return execute(*arguments)


def canonical(response: HttpResponse, queries: int) -> Seen:
    """What a person can notice of an answer."""
    headers = tuple(sorted((key, value) for key, value in response.items() if key not in CHANGING))
    body = b"".join(response) if response.streaming else response.content
    text = TOKENS.sub(r"\1", body.decode("utf-8", "replace")).replace(response.get("X-Request-ID", "-"), "")
    return response.status_code, headers, text, queries


NEAR = ("chen", "gao", "jiang", "kang", "shi")
"""Those whose posts come closest to a round; a full run asks as everybody."""


def walk(
    village: make.Village, client_of: Callable[..., Client], names: Collection[str]
) -> dict[tuple[str, str, str], Seen]:
    """Ask for every page as these people and as an assessor who has sealed: plain, as a fragment and as JSON."""
    people: dict[str, Staff] = {name: staff for name, staff in village.world.staff.items() if name in names}
    people["sealed assessor"] = village.assessors[0]
    seen: dict[tuple[str, str, str], Seen] = {}
    pages = addresses(village)
    for name, person in people.items():
        for form, headers in (
            ("page", {}),
            ("fragment", {"HX-Request": "true"}),
            ("json", {"Accept": "application/json"}),
        ):
            client = client_of(person, **headers)
            client.raise_request_exception = False
            for page in pages if form == "page" else pages[-18:]:
                with transaction.atomic():
                    mark = transaction.savepoint()
                    asked = Counting()
                    with connection.execute_wrapper(asked):
                        response = client.get(page)
                    seen[name, form, page] = canonical(response, asked.queries)
                    transaction.savepoint_rollback(mark)
    return seen


def world_with(
    village: make.Village,
    sealed: Mapping[int, Mapping[int, dict[str, object]]],
    draft: int,
    photos: Sequence[bytes],
) -> None:
    """Seal two sheets with the given answers, and fill so many rows of the third. Of two paper sheets the first is sealed
    with these photos, none meaning a reason instead; the second has them while it is being typed."""
    for place, answers in sealed.items():
        make.fill(village, place, answers)
        make.seal(village, place)
    make.fill(village, 2, dict.fromkeys(village.households[:draft], make.amount("5")))
    first, second = Sheet.objects.filter(round=village.round, mode="paper").order_by("pk")
    make.type_paper(first, sealed[0], photos)
    make.confirm_paper(village, first)
    make.type_paper(second, {}, photos, hand_over=False)


def stored_sizes() -> list[tuple[int, int | None]]:
    """The sizes of what is stored of every sealed sheet, as somebody with the disk in his hands could measure them."""
    with connection.cursor() as cursor:
        cursor.execute("select octet_length(blob), octet_length(pages) from credit_sealedsheet order by sheet_id")
        return list(cursor.fetchall())


@pytest.mark.parametrize("everybody", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_two_worlds_that_differ_in_sealed_content_look_the_same(
    world: World, client_of: Callable[..., Client], everybody: bool
) -> None:
    # Deng types the second paper sheet: he is the one person who sees what he does.
    names = [name for name in world.staff if name != "deng"] if everybody else NEAR
    with time_machine.travel(NOW, tick=False):
        village = make.started(world, 6)
        for _ in range(2):
            make.add_paper(village)
        Staff.objects.filter(pk__in=[one.pk for one in village.assessors]).update(must_change_password=False)
        for assessor in village.assessors:
            assessor.refresh_from_db()
        walk(village, client_of, ("an",))  # what a process reads once and keeps is read before the comparison
        homes = village.households
        worlds = []
        sizes = []
        for sealed, draft, photos in (
            ({0: dict.fromkeys(homes, make.REFUSE), 1: {}}, 0, []),
            ({0: dict.fromkeys(homes, make.amount("7.7")), 1: dict.fromkeys(homes, make.amount("0.1"))}, 6, PHOTOS),
        ):
            mark = transaction.savepoint()
            world_with(village, sealed, draft, photos)
            assert Sheet.objects.filter(state="sealed").count() == 3
            sizes.append(stored_sizes())
            worlds.append(walk(village, client_of, names))
            transaction.savepoint_rollback(mark)

    assert sizes[0] == sizes[1], "sizes tell nothing"
    first, second = worlds
    assert first.keys() == second.keys()
    for key, seen in first.items():
        other = second[key]
        assert seen[0] == other[0], f"{key}: status {seen[0]} and {other[0]}"
        assert seen[1] == other[1], f"{key}: headers differ"
        assert seen[2] == other[2], f"{key}: body differs"
        assert seen[3] == other[3], f"{key}: {seen[3]} and {other[3]} queries"
    assert sum(seen[0] == 200 for seen in first.values()) > 50, "the walk reached pages"
    round_page = reverse("credit:round", args=[village.round.pk])
    for person in ("chen", "gao", "jiang", "kang"):
        assert first[person, "page", round_page][0] == 200


def test_the_typist_himself_sees_his_photos(world: World, client_of: Callable[..., Client]) -> None:
    """The walk is able to notice photos too."""
    village = make.started(world, 3)
    sheet = make.add_paper(village)
    page = reverse("credit:sheet", args=[sheet.uuid])
    before = canonical(client_of(world.deng).get(page), 0)[2]
    make.type_paper(sheet, {}, PHOTOS, hand_over=False)
    assert canonical(client_of(world.deng).get(page), 0)[2] != before


def test_the_holder_himself_sees_his_draft_differ(world: World, client_of: Callable[..., Client]) -> None:
    """The walk is able to notice: the same comparison fails for the one person who may see the difference."""
    village = make.started(world, 3)
    holder = village.assessors[2]
    Staff.objects.filter(pk=holder.pk).update(must_change_password=False)
    holder.refresh_from_db()
    page = reverse("credit:sheet", args=[village.sheets[2].uuid])
    bodies = []
    for draft in (0, 3):
        mark = transaction.savepoint()
        make.fill(village, 2, dict.fromkeys(village.households[:draft], make.amount("5")))
        bodies.append(canonical(client_of(holder).get(page), 0)[2])
        transaction.savepoint_rollback(mark)
    assert bodies[0] != bodies[1]
