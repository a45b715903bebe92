"""Opinions are planted, then searched for wherever the product writes: before the opening none of them is anywhere in clear.

Tables, logs, runs and their messages, sessions, inboxes and mails, the archive of ``make backup``, files, the server's log.
"""

import base64
import io
import json
import logging
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import psycopg2
import pytest
import redis
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse

from config.launch.embedded import postgres_binaries
from config.lib.clock import SHANGHAI
from config.lib.models import JobRun
from config.lib.requests import JsonFormatter
from credit.models import Opinion, SealedSheet, Sheet
from credit.services import sheets
from grids.models import Staff
from grids.services import digests
from tests.conftest import acting_as
from tests.credit import village as make
from tests.smtp import PostOffice
from tests.world import build

pytestmark = [pytest.mark.usefixtures("opener"), pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parents[2]
TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=SHANGHAI)
NOTE = "洪水泡过的纸"
REASONS = ("gambling", "age")
AMOUNTS = ("413000.00", "389000.00")
SAID = (
    *AMOUNTS,
    json.dumps(list(REASONS)),
    json.dumps(list(REASONS), separators=(",", ":")),
    repr(list(REASONS)),
    NOTE,
    json.dumps(NOTE)[1:-1],
    "Planted Phone",  # what the camera noted in a photo
)


def disguises(text: str) -> Iterator[bytes]:
    """A text as it may stand in a file: plain, hexadecimal (binary columns of a dump), base64 at each of three offsets."""
    plain = text.encode()
    yield plain
    yield plain.hex().encode()
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + plain)
        yield coded[{0: 0, 1: 2, 2: 3}[before] : len(coded) // 4 * 4 - 4]


NEEDLES = re.compile(b"|".join(re.escape(form) for text in SAID for form in disguises(text)))


def finds(content: bytes) -> list[bytes]:
    return NEEDLES.findall(content)


def test_the_search_finds_what_is_there() -> None:
    for text in SAID:
        assert finds(f"x{text}y".encode())
        assert finds(text.encode().hex().encode())
        for before in ("", "a", "ab"):
            assert finds(base64.b64encode(f"{before}{text} and more".encode())), text
    assert not finds(b"413000 389000 gambling age")


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Everything the product logs, down to DEBUG, as its own formatter writes it."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonFormatter())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield out
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def run(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []


def in_tables() -> bytes:
    """Every row of every table, tables of other schemas too, as text."""
    tables = run(
        "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname !~ '^(pg_|information)'"
    )
    assert len(tables) > 80
    return "\n".join(
        str(text) for (name,) in tables for (text,) in run(f"select string_agg(row::text, e'\\n') from {name} as row")
    ).encode()


def in_broker() -> bytes:
    """Every key and value of the broker, all its databases."""
    broker = redis.Redis.from_url(settings.REDIS_URL)
    found = []
    for number in broker.info("keyspace"):
        with closing(redis.Redis.from_url(re.sub(r"/\d+$", "", settings.REDIS_URL), db=int(number[2:]))) as one:
            for key in one.scan_iter(count=1000):
                found += [key, one.dump(key) or b""]
    broker.close()
    return b"\n".join(found)


def in_backup(directory: Path) -> bytes:
    """The archive of ``make backup``: its files, and the dump as the statements that would restore it."""
    phrase = directory / "phrase"
    phrase.write_text("correct horse battery staple\n")
    database = connection.settings_dict
    url = f"postgresql://gedang_owner@/{database['NAME']}?host={database['HOST']}&port={database['PORT'] or 5432}"
    keys = dict.fromkeys(("SECRET_KEY", "FIELD_KEYS", "INDEX_KEYS", "DRAFT_KEY"), "for the archive of keys only")
    environment = {**os.environ, **keys, "DATABASE_URL": url, "PASS_PHRASE_FILE": str(phrase)}
    code = "import sys; from config.launch import backup; sys.exit(backup.COMMANDS['backup'](sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(directory)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (archive,) = directory.glob("*.tar")
    with tarfile.open(archive) as content:
        content.extractall(directory / "out", filter="data")
    dump = directory / "out" / "database.dump"
    text = subprocess.run([postgres_binaries() / "pg_restore", "-f", "-", dump], capture_output=True, check=True).stdout
    assert b"COPY public.credit_sealedsheet" in text
    return text + in_files(directory / "out" / "media")


def in_files(directory: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


def servers_log() -> Path | None:
    """The log of the test's own server, None where another was given."""
    log = Path(connection.settings_dict["HOST"]).parent / "postgres.log"
    return log if log.exists() else None


def type_by_browser(client: Client, sheet: Sheet, answers: list[dict[str, object]], **last: str) -> None:
    """Fill a sheet as its page does, with the mistakes people make, and take the last step."""
    client.get(reverse("credit:sheet", args=[sheet.uuid]))
    url = reverse("credit:sheet_cell", args=[sheet.uuid])
    with connection.cursor() as cursor:
        cursor.execute("select subject_id from credit_draftcell where sheet_id = %s order by 1", [sheet.pk])
        subjects = [row[0] for row in cursor.fetchall()]
    for subject, answer in zip(subjects, answers, strict=False):
        for version, given, status in (
            (0, {**answer, "kind": "nonsense"}, 422),
            (0, answer, 200),
            (0, answer, 409),
            (9, answer, 409),
        ):
            body = json.dumps({"subject": subject, "version": version, **given})
            assert client.post(url, body, content_type="application/json").status_code == status
    assert client.post(url, f"{AMOUNTS[0]} {NOTE}", content_type="application/json").status_code == 400
    seal = reverse("credit:sheet_seal", args=[sheet.uuid])
    if last:
        assert client.get(seal).status_code == 200
        assert client.post(seal, last).status_code == 302


def fill(village: make.Village, paper: Sheet, client_of: Callable[..., Client]) -> None:
    """Two sheets sealed by their assessors, a draft, a paper sheet without photos sealed, another typed with photos."""
    Staff.objects.filter(pk__in=[one.pk for one in village.assessors]).update(must_change_password=False)
    wan = [{"kind": "amount", "amount": f"{float(amount) / 10_000:g}"} for amount in AMOUNTS]
    refuse: dict[str, object] = {"kind": "refuse", "reasons": list(REASONS)}
    everything = [*wan, refuse]
    for place, last in ((0, {"blanks": "unknown"}), (1, {"blanks": "unknown"}), (2, {})):
        assessor = village.assessors[place]
        assessor.refresh_from_db()
        type_by_browser(client_of(assessor), village.sheets[place], everything, **last)
    world = village.world
    deng, chen = client_of(world.deng), client_of(world.chen)
    type_by_browser(deng, paper, everything, blanks="unknown", note=NOTE)
    assert chen.get(reverse("credit:sheet", args=[paper.uuid])).status_code == 200
    assert chen.post(reverse("credit:sheet_seal", args=[paper.uuid]), {"blanks": "unknown"}).status_code == 302
    second = make.add_paper(village)
    type_by_browser(deng, second, everything)
    assert (
        deng.post(
            reverse("credit:sheet_page_add", args=[second.uuid]), make.picture(), content_type="image/jpeg"
        ).status_code
        < 300
    )


def failing_openings(village: make.Village) -> None:
    """An opening that finds a broken sheet after reading others, and one whose rows the database refuses."""
    for place, sheet in enumerate(Sheet.objects.filter(round=village.round, state__in=("open", "typed"))):
        with acting_as(village.world.gao) as post:
            assert post is not None
            sheets.excuse(by=village.world.gao, post=post, sheet=sheet, reason=f"外出 {place}")
    kept = SealedSheet.objects.order_by("sheet__number").last()
    assert kept is not None
    whole = bytes(kept.blob)
    run("alter table credit_sealedsheet disable trigger append_only")
    SealedSheet.objects.filter(pk=kept.pk).update(blob=whole[:-1] + bytes([whole[-1] ^ 1]))
    assert make.open_sheets(village).state == "failed"
    SealedSheet.objects.filter(pk=kept.pk).update(blob=whole)
    run("alter table credit_sealedsheet enable trigger append_only")
    run("alter table credit_opinion add constraint planted check (amount <> 413000) not valid")
    try:
        assert make.open_sheets(village).state == "failed"
    finally:
        run("alter table credit_opinion drop constraint planted")
    assert not Opinion.objects.exists()


def everything_asked(village: make.Village, client_of: Callable[..., Client]) -> bytes:
    """Inboxes, the page of the round and the list of rounds, of everybody."""
    found = b""
    for person in village.world.staff.values():
        client = client_of(person)
        for page in (
            reverse("grids:inbox"),
            reverse("credit:round", args=[village.round.pk]),
            reverse("credit:round_list"),
        ):
            found += client.get(page).content
    return found


def mails(village: make.Village) -> bytes:
    """What everybody is told by mail, among them the typist of a sheet that waits for him."""
    with (
        PostOffice() as office,
        override_settings(
            MAIL_SERVER=office.address, MAIL_FROM="格档 <gedang@bank.example>", PUBLIC_URL="https://gedang.bank.example"
        ),
    ):
        for person in village.world.staff.values():
            Staff.objects.filter(pk=person.pk).update(email=f"{person.number}@bank.example", notices="daily")
        with time_machine.travel(TUESDAY, tick=False):
            assert digests.send_due()["sent"] > 0
        return b"".join(bytes(mail) for mail in office.box.mails)


def test_before_the_opening_nothing_written_holds_an_opinion(client_of: Callable[..., Client], tmp_path: Path) -> None:
    village = make.started(build(), 4)
    paper = make.add_paper(village)
    data = Path(settings.DATA_DIR)
    log = servers_log()
    told = log.stat().st_size if log else 0

    with logged() as lines:
        fill(village, paper, client_of)
        for login, statement in (
            ("gedang_web", f"update credit_draftcell set version = 1 / 0 where value = '{AMOUNTS[0]}'::bytea"),
            ("gedang_opener", f"insert into credit_opinion (kind, amount) values ('amount', {AMOUNTS[0]})"),
            ("gedang_worker", f"insert into credit_decision (merged_amount) values ({AMOUNTS[1]})"),
        ):
            _fails_as(login, statement)
        if log:
            assert not finds(log.read_bytes()[told:]), "the server's log"
        pages = everything_asked(village, client_of) + mails(village)
        failing_openings(village)
        pages += everything_asked(village, client_of)

    assert len(lines.getvalue()) > 1000
    assert set(JobRun.objects.values_list("state", flat=True)) == {"failed"}
    assert not finds(lines.getvalue().encode()), "the log"
    assert not finds(in_tables()), "a table"
    assert not finds(json.dumps([one.get_decoded() for one in Session.objects.all()]).encode()), "a session"
    assert not finds(pages), "a page or a mail"
    assert not finds(in_broker()), "the broker"
    assert not finds(in_files(data)), "a file"
    assert not finds(in_backup(tmp_path)), "the backup"

    assert make.open_sheets(village).state == "done"
    assert finds(in_tables()), "after the opening they are there"


def _fails_as(login: str, statement: str) -> None:
    database = connection.settings_dict
    with (
        closing(
            psycopg2.connect(dbname=database["NAME"], user=login, host=database["HOST"], port=database["PORT"] or None)
        ) as other,
        other.cursor() as cursor,
        pytest.raises(psycopg2.Error),
    ):
        cursor.execute(statement)
