"""An exported opening is checked by a stand-alone program: what was sealed, what was opened, how many, in which order."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from config.lib.models import AuditEvent
from credit.domain import proof, verify_opening
from credit.models import Opinion, SealedSheet, Sheet, SheetProof
from credit.selectors.openings import opening_record
from credit.services import sheets
from tests.conftest import acting_as
from tests.credit import village as make
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")
ClientOf = Callable[..., Client]


@pytest.fixture
def village(world: World) -> make.Village:
    """A round opened with three sheets; a fourth was sealed and withdrawn."""
    village = make.started(world, 4)
    a, b, c, d = village.households
    paper = make.typed_paper(village, {a: make.amount("9.9")}, [make.picture()])
    make.confirm_paper(village, paper)
    make.seal_all(
        village,
        {a: make.amount("3"), b: make.REFUSE, c: make.UNKNOWN},
        {a: make.amount("4"), b: make.REFUSE, c: make.amount("2")},
        {a: make.amount("5"), b: {"kind": "refuse", "reasons": ["no_income", "age"]}, d: {"kind": "recused"}},
    )
    with acting_as(world.gao) as post:
        assert post is not None
        sheets.withdraw(by=world.gao, post=post, sheet=paper, reason="张冠李戴")
    make.open_sheets(village)
    return village


def export(client: Client, village: make.Village) -> bytes:
    answer = client.get(reverse("credit:opening_export", args=[village.round.pk]))
    assert answer.status_code == 200
    return bytes(answer.content)


def verify(directory: Path, content: bytes, *fingerprint: str) -> tuple[int, str]:
    """Run the program as an outsider would: in a directory of its own, by a Python that sees no package."""
    program, file = directory / "verify_opening.py", directory / "opening.zip"
    program.write_bytes(Path(verify_opening.__file__).read_bytes())
    file.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(program), str(file), *fingerprint],
        cwd=directory,
        env={"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    return done.returncode, done.stdout


def changed(content: bytes, **files: bytes | None) -> bytes:
    """The export with files replaced, added or (None) left out; ``sealed__001.bin`` names ``sealed/001.bin``."""
    wanted = {name.replace("__", "/").replace("_dot_", "."): block for name, block in files.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if name not in wanted:
                new.writestr(name, old.read(name))
        for name, block in wanted.items():
            if block is not None:
                new.writestr(name, block)
    return out.getvalue()


def read(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


def test_an_outsider_verifies_what_was_opened(village: make.Village, client_of: ClientOf, tmp_path: Path) -> None:
    client = client_of(village.world.kang)
    content = export(client, village)
    page = client.get(reverse("credit:opening", args=[village.round.pk])).content.decode()
    fingerprint = proof.fingerprint(read(content, "event.json"))
    assert fingerprint in page

    status, told = verify(tmp_path, content, fingerprint)

    assert (status, "everything agrees" in told) == (0, True)
    figures = json.loads(told.splitlines()[-1])
    assert (figures["sheets counted"], figures["sheets withdrawn"], figures["opinions"]) == (3, 1, 12)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert sorted(archive.namelist()) == sorted(
            ["about.json", "event.json"]
            + [f"{folder}{number:03d}{end}" for number in (1, 2, 3) for folder, end in verify_opening.FILES]
        )
        paper = Sheet.objects.get(mode="paper")
        blob = bytes(SealedSheet.objects.get(sheet=paper).blob)
        assert all(archive.read(name) != blob for name in archive.namelist()), (
            "the withdrawn sheet is there by its hash alone"
        )
        withdrawn = json.loads(archive.read("event.json"))["sheets"][-1]
        assert (withdrawn["state"], withdrawn["sha256"], "content" in withdrawn) == (
            "withdrawn", proof.fingerprint(blob), False,
        )  # fmt: skip
    event = AuditEvent.objects.get(verb="opening_exported")
    assert (event.staff_id, event.detail) == (village.world.kang.pk, {"fingerprint": fingerprint})


def test_the_same_export_twice_has_one_fingerprint(village: make.Village, client_of: ClientOf) -> None:
    first, second = (export(client_of(person), village) for person in (village.world.kang, village.world.gao))
    assert read(first, "event.json") == read(second, "event.json")


def test_whatever_is_changed_is_told(village: make.Village, client_of: ClientOf, tmp_path: Path) -> None:
    content = export(client_of(village.world.kang), village)
    fingerprint = proof.fingerprint(read(content, "event.json"))
    sealed, opened = read(content, "sealed/001.bin"), read(content, "opened/001.jsonl")
    lines = opened.splitlines(keepends=True)
    event = json.loads(read(content, "event.json"))
    one_person = {**event, "seconded_by": event["asked_by"]}
    fewer = {**event, "sheets": event["sheets"][1:]}
    doubled = {**event, "sheets": [event["sheets"][0], *event["sheets"]]}
    reordered = {**event, "households": event["households"][::-1]}
    for files, told in (
        ({"sealed__001_dot_bin": sealed[:-1] + bytes([sealed[-1] ^ 1])}, "not the one that was opened"),
        ({"sealed__001_dot_bin": sealed[:-1]}, "wrong size"),
        ({"opened__001_dot_jsonl": opened.replace(b"30000.00", b"80000.00")}, "differs from what"),
        ({"opened__001_dot_jsonl": b"".join(lines[::-1])}, "out of order"),
        ({"opened__001_dot_jsonl": b"".join(lines[1:])}, "missing, doubled"),
        ({"opened__001_dot_jsonl": b"".join([*lines, lines[0]])}, "missing, doubled"),
        ({"opened__001_dot_jsonl": b"no lines"}, "cannot be read"),
        ({"sealed__002_dot_bin": None}, "sealed/002.bin: 缺失 missing"),
        ({"sealed__004_dot_bin": sealed}, "sealed/004.bin: 多出 not expected"),
        ({"event_dot_json": json.dumps(one_person).encode()}, "two people"),
        ({"event_dot_json": json.dumps(fewer).encode()}, "another fingerprint"),
        ({"event_dot_json": json.dumps(doubled).encode()}, "is there twice"),
        ({"event_dot_json": json.dumps(reordered).encode()}, "households out of order"),
    ):
        status, answer = verify(tmp_path, changed(content, **files), fingerprint)
        assert (status, told in answer) == (1, True), (files.keys(), answer)
    assert verify(tmp_path, content, "0" * 64)[0] == 1
    assert verify(tmp_path, content)[0] == 0


def test_an_opinion_changed_in_the_database_no_longer_verifies(
    village: make.Village, client_of: ClientOf, tmp_path: Path
) -> None:
    """Not even the owner of the tables changes what was said without its showing."""
    Opinion.objects.filter(kind="amount", sheet__number=1).update(amount=80_000)
    status, told = verify(tmp_path, export(client_of(village.world.kang), village))
    assert (status, "opened/001.jsonl" in told) == (1, True)


def test_before_the_opening_there_is_nothing_to_export(world: World, client_of: ClientOf) -> None:
    village = make.started(world)
    make.seal_all(village, {}, {}, {})
    for person in ("gao", "jiang", "kang", "chen"):
        for name in ("opening", "opening_export"):
            assert (
                client_of(getattr(world, person)).get(reverse(f"credit:{name}", args=[village.round.pk])).status_code
                == 404
            )
    with acting_as(world.gao), connection.cursor() as cursor:
        cursor.execute("select acc.opened_blob(%s)", [village.sheets[0].pk])
        assert cursor.fetchone() == (None,)
        with pytest.raises(DatabaseError), transaction.atomic():
            SheetProof.objects.create(institution=world.bank, grid=world.liu, sheet=village.sheets[0], sha256="0" * 64)


def test_who_may_not_see_every_opinion_takes_nothing_away(village: make.Village, client_of: ClientOf) -> None:
    world = village.world
    officer = client_of(world.chen)
    assert officer.get(reverse("credit:opening", args=[village.round.pk])).status_code == 200
    assert officer.get(reverse("credit:opening_export", args=[village.round.pk])).status_code == 404
    assert client_of(world.he).get(reverse("credit:opening", args=[village.round.pk])).status_code == 404
    with acting_as(world.kang) as post, connection.cursor() as cursor:
        assert post is not None
        whole = opening_record(post, village.round)
        cursor.execute("select set_config('app.hidden', %s, true)", [f"{{{village.households[0]}}}"])
        kept = opening_record(post, village.round)
        cursor.execute("select set_config('app.hidden', '', true)")
    assert whole is not None
    assert kept is not None
    assert (whole.is_whole, kept.is_whole) == (True, False)
    assert not any(sheet.content for sheet in kept.sheets), "one unknown row could be guessed from the hash"
    assert not AuditEvent.objects.filter(verb="opening_exported").exists()
