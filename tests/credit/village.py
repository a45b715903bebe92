"""A village ready for a round: households, rules, an opener's key, three sheets; and how to fill and seal them."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

from django.test import override_settings
from django.utils import timezone
from PIL import Image

from config.lib import clock, jobs, releases
from config.lib.acting import job_frame
from credit.models import Round, Sheet
from credit.services import opening, rounds, sheet_pages, sheets
from customers.models import Household, ListEntry, Person, Subject
from grids.models import Grid, Post, PostKind, Staff
from tests.conftest import acting_as
from tests.world import SINCE, World

PARAMETERS = Path("credit/parameters")
KEY = base64.b64encode(b"opener" * 5 + b"!!").decode()


@dataclass
class Village:
    """One round of Liu Village with its people."""

    world: World
    round: Round
    households: list[int]
    assessors: list[Staff] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)


def opener_key(directory: Path) -> Any:
    """Return the settings under which this process is also the opener."""
    file = directory / "opener_key"
    file.write_text(KEY + "\n")
    return override_settings(OPENER_KEY_FILE=file)


def publish_rules(world: World, **changes: Mapping[str, Any]) -> None:
    """Release the shipped rules, with changes by part: ``line={"model_required": False}``."""
    rules = json.loads((PARAMETERS / "round_rules.json").read_text("utf-8"))
    for part, values in changes.items():
        rules[part] = {**rules[part], **values} if isinstance(rules[part], dict) else values
    for kind, document in (
        ("round_rules", rules),
        ("refuse_reasons", json.loads((PARAMETERS / "refuse_reasons.json").read_text("utf-8"))),
    ):
        releases.publish(
            institution_id=world.bank.pk,
            kind=kind,
            document=document,
            effective_on=SINCE,
            drafted_by_id=world.mo.pk,
            released_by_id=world.ning.pk,
        )


def household(grid: Grid, number: str, name: str = "刘一", members: int = 1, group: str = "一组") -> int:
    """Write one listed household; return its subject's id."""
    subject = Subject.objects.create(institution=grid.institution, grid=grid, listed_on=date(2026, 1, 1))
    home = Household.objects.create(
        subject=subject, institution=grid.institution, grid=grid, number=number, group=group
    )
    for place in range(members):
        person = Person.objects.create(
            institution=grid.institution,
            grid=grid,
            household=home,
            name=name if place == 0 else f"{name}之{place}",
            relation="head" if place == 0 else "son",
        )
        if place == 0:
            home.head = person
            home.save(update_fields=["head"])
    return subject.pk


def block(world: World, subject_id: int, colour: str = "black", person: Person | None = None) -> None:
    """Put a household on a list, a blocking one unless it is attention or white; white names a person."""
    subject = Subject.objects.get(pk=subject_id)
    ListEntry.objects.create(
        institution=subject.institution,
        grid=subject.grid,
        recorded_grid=subject.grid,
        subject=subject,
        person=person,
        colour=colour,
        reason="overdue",
        proposed_by=world.chen,
        confirmed_by=world.gao,
        confirmed_at=timezone.now(),
        review_on=date(2099, 1, 1),
    )


def prepared(world: World, households: int = 3, *, rules: Mapping[str, Any] | None = None) -> Village:
    """Prepare a round of Liu Village with three outside assessors who enter their sheets themselves."""
    publish_rules(world, **{"line": {"model_required": False}, **(rules or {})})
    ids = [household(world.liu, f"{number:03d}", f"刘{number}") for number in range(1, households + 1)]
    with job_frame(None, "test", "opener"):
        rounds.publish_opener_key()
    with acting_as(world.gao) as post:
        assert post is not None
        round = rounds.create_round(
            by=world.gao,
            post=post,
            grid=world.liu,
            name="刘家村 2026",
            due_on=clock.today() + timedelta(days=7),
        )
        village = Village(world, round, ids)
        for number in (1, 2, 3):
            sheet, _ = rounds.add_own_sheet(
                by=world.gao, post=post, round=round, number=f"liu-{number}", name=f"评{number}"
            )
            assert sheet.assessor is not None
            village.assessors.append(sheet.assessor)
            village.sheets.append(sheet)
    return village


def started(world: World, households: int = 3, **options: Any) -> Village:
    """Start such a round."""
    village = prepared(world, households, **options)
    with acting_as(world.gao) as post:
        assert post is not None
        rounds.freeze_list(by=world.gao, post=post, round=village.round)
        rounds.start_round(by=world.gao, post=post, round=village.round)
    village.round.refresh_from_db()
    return village


def amount(wan: str) -> dict[str, object]:
    """An amount in 万元 as an opinion's document."""
    return {"kind": "amount", "amount": f"{Decimal(wan) * 10_000:.2f}"}


REFUSE: dict[str, object] = {"kind": "refuse", "reasons": ["heavy_debts"]}
UNKNOWN: dict[str, object] = {"kind": "unknown"}


def fill(village: Village, place: int, answers: Mapping[int, dict[str, object] | None]) -> None:
    """Type answers into the sheet at a place (0, 1, 2), by household, as its assessor."""
    assessor = village.assessors[place]
    with acting_as(assessor):
        sheet = Sheet.objects.select_related("round").get(pk=village.sheets[place].pk)
        cells = sheets.read_cells(sheet)
        for subject, answer in answers.items():
            sheets.save_cell(sheet=sheet, subject_id=subject, version=cells[subject].version, answer=answer)


def seal(village: Village, place: int) -> None:
    """Seal the sheet at a place as its assessor; blank rows become unknown."""
    assessor = village.assessors[place]
    with acting_as(assessor) as post:
        assert post is not None
        sheet = Sheet.objects.select_related("round").get(pk=village.sheets[place].pk)
        sheets.seal(by=assessor, post=post, sheet=sheet, blanks_are_unknown=True)


def seal_all(village: Village, *columns: Mapping[int, dict[str, object] | None]) -> None:
    """Fill and seal the three sheets."""
    for place, answers in enumerate(columns):
        fill(village, place, answers)
        seal(village, place)


def open_sheets(village: Village) -> Any:
    """Ask as Gao, second as Jiang, and drive the opener; return the run."""
    world = village.world
    with acting_as(world.gao) as post:
        assert post is not None
        opening.ask(by=world.gao, post=post, round=village.round)
    with acting_as(world.jiang) as post:
        assert post is not None
        run = opening.second(by=world.jiang, post=post, round=village.round)
    jobs.drive_run(run.pk)
    run.refresh_from_db()
    village.round.refresh_from_db()
    return run


def picture(colour: str = "white", size: tuple[int, int] = (400, 300), grain: int = 0) -> bytes:
    """A photo as a device would send it, with its maker in the metadata; ``grain`` makes it large in bytes too."""
    image = Image.new("RGB", size, colour)
    if grain:
        image = Image.effect_noise((size[0] // grain, size[1] // grain), 90).resize(size).convert("RGB")
    exif = Image.Exif()
    exif[271] = "Planted Phone"
    out = BytesIO()
    image.save(out, "JPEG", exif=exif, quality=90)
    return out.getvalue()


def add_paper(village: Village, typist: Staff | None = None) -> Sheet:
    """Add a paper sheet for Deng, or another, to type and Chen to confirm."""
    world = village.world
    with acting_as(world.gao) as post:
        assert post is not None
        return rounds.add_paper_sheet(
            by=world.gao,
            post=post,
            round=village.round,
            assessor_name="赵老",
            typist=typist or world.deng,
            confirmer=world.chen,
        )


def type_paper(
    sheet: Sheet, answers: Mapping[int, dict[str, object] | None], photos: Sequence[bytes] = (), hand_over: bool = True
) -> None:
    """Type a paper sheet with its photos and hand it on; without photos it says why."""
    typist = sheet.typist
    assert typist is not None
    with acting_as(typist) as post:
        assert post is not None
        for subject, answer in answers.items():
            sheets.save_cell(sheet=sheet, subject_id=subject, version=0, answer=answer)
        for block in photos:
            sheet_pages.add_photo(sheet=sheet, block=block)
        if hand_over:
            note = "" if photos else "雨淋湿了"
            sheets.hand_over(by=typist, post=post, sheet=sheet, blanks_are_unknown=True, note=note)


def typed_paper(
    village: Village, answers: Mapping[int, dict[str, object] | None], photos: Sequence[bytes] = ()
) -> Sheet:
    """Add a paper sheet typed by Deng, handed over to Chen for confirming."""
    sheet = add_paper(village)
    type_paper(sheet, answers, photos)
    return sheet


def confirm_paper(village: Village, sheet: Sheet) -> None:
    """Confirm and seal such a sheet as Chen."""
    chen = village.world.chen
    with acting_as(chen) as post:
        assert post is not None
        sheets.seal(by=chen, post=post, sheet=sheet, blanks_are_unknown=True)


def approver_post(world: World) -> Post:
    """Return the approver's post."""
    return Post.objects.get(staff=world.jiang, kind=PostKind.APPROVER)
