"""Digests by mail: counts and links alone, once a day and kind, whatever happens in between; with a mail server of the test's own."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from config.lib.acting import job_frame, standing_in
from config.lib.clock import SHANGHAI
from config.lib.diagnosis import QUESTIONS
from config.lib.inbox import Asked, rows_of
from config.lib.releases import publish
from grids.access import act_as, posts_of
from grids.models import Digest, Staff
from grids.selectors import diagnosis  # noqa: F401  (registers its question)
from grids.selectors import digests as selectors
from grids.services import digests
from grids.tasks import send_digests
from tests.conftest import acting_as
from tests.customers.builders import make_household, release_parameters
from tests.customers.guarding import filed, jumped, release_guard
from tests.forked import killed
from tests.grids.test_inbox import returned
from tests.grids.test_transfers import away, proposed
from tests.smtp import Mailbox, PostOffice
from tests.world import SINCE, World

ClientOf = Callable[..., Client]
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=SHANGHAI)
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def box(settings: Any) -> Iterator[Mailbox]:
    """The mails that arrived at the test's own server."""
    with PostOffice() as office:
        settings.MAIL_SERVER, settings.MAIL_FROM = office.address, "格档 <gedang@bank.example>"
        settings.PUBLIC_URL = "https://gedang.bank.example"
        yield office.box


@pytest.fixture
def waiting(world: World) -> World:
    """Something waits for Deng, who is called Deng and reads Chinese."""
    release_parameters(world)
    filed(world, make_household(world.liu))
    wants(world.deng, "daily")
    return world


def wants(staff: Staff, notices: str) -> None:
    staff.email, staff.notices = f"{staff.number}@bank.example", notices
    staff.save()


def text_of(mail: Any, kind: str = "plain") -> str:
    return str(mail.get_body((kind,)).get_content()).replace("\r\n", "\n")


def test_a_digest_says_how_many_and_where_and_nothing_else(waiting: World, box: Mailbox) -> None:
    with time_machine.travel(TUESDAY, tick=False):
        send_digests()
        send_digests()
    (mail,) = box.mails
    assert (mail["To"], str(mail["Subject"])) == ("deng@bank.example", "格档待办：1 件")
    text, html = text_of(mail), text_of(mail, "html")
    assert "待复核的档案  1\nhttps://gedang.bank.example/queues/" in text
    assert 'href="https://gedang.bank.example/queues/?kind=file"' in html
    for secret in ("刘建国", "陈立", "邓平", "刘家村", "元"):
        assert secret not in text + html + str(mail["Subject"])
    sent = Digest.objects.get()
    assert (sent.state, sent.count, sent.tries, sent.last_error) == ("sent", 1, 1, "")


def test_it_is_written_in_the_readers_language(waiting: World, box: Mailbox) -> None:
    waiting.deng.language = "en"
    waiting.deng.save()
    with time_machine.travel(TUESDAY, tick=False):
        send_digests()
    assert str(box.mails[0]["Subject"]) == "Gedang: 1 task waiting"
    assert "Files to check  1" in text_of(box.mails[0])


def test_nobody_is_written_to_unasked_at_night_or_on_a_day_off(waiting: World, box: Mailbox) -> None:
    wants(waiting.chen, "none")
    wants(waiting.kang, "daily")  # nothing waits for him
    for at in (TUESDAY.replace(hour=7), TUESDAY - timedelta(days=2), TUESDAY + timedelta(days=4)):
        with time_machine.travel(at, tick=False):
            send_digests()
    assert box.mails == []
    with time_machine.travel(TUESDAY, tick=False):
        send_digests()
    assert [mail["To"] for mail in box.mails] == ["deng@bank.example"]
    assert Digest.objects.get(staff=waiting.kang).state == "nothing"
    waiting.deng.is_active = False
    waiting.deng.save()
    with time_machine.travel(TUESDAY + timedelta(days=1), tick=False):
        send_digests()
    assert len(box.mails) == 1


def test_the_bank_s_own_working_days_decide(waiting: World, box: Mailbox) -> None:
    saturday = MONDAY - timedelta(days=2)
    days = [{"on": TUESDAY.date().isoformat(), "works": False}, {"on": saturday.date().isoformat(), "works": True}]
    publish(
        institution_id=waiting.bank.pk,
        kind="work_calendar",
        document={"days": days},
        effective_on=SINCE,
        drafted_by_id=waiting.an.pk,
        released_by_id=waiting.gao.pk,
    )
    with time_machine.travel(TUESDAY, tick=False):
        send_digests()
        assert box.mails == []
    with time_machine.travel(saturday, tick=False):
        send_digests()
    assert len(box.mails) == 1


def test_a_server_that_refuses_is_asked_again_and_its_error_is_shown(
    waiting: World, box: Mailbox, client_of: ClientOf
) -> None:
    box.refuses = 1
    with time_machine.travel(TUESDAY, tick=False):
        send_digests()
        failed = Digest.objects.get()
        assert (failed.state, failed.tries, failed.last_error) == ("failed", 1, "SMTPRecipientsRefused")
        page = client_of(waiting.an).get(reverse("grids:system")).content.decode()
        assert "SMTPRecipientsRefused" in page
        assert next(iter(QUESTIONS["mail"]())).state == "warn"
        send_digests()
        assert [answer.state for answer in QUESTIONS["mail"]()] == ["ok"]
    assert (Digest.objects.get().state, len(box.mails)) == ("sent", 1)


def test_a_server_that_is_away_is_left_after_three(waiting: World, box: Mailbox, settings: Any) -> None:
    for name in ("chen", "fang", "gao", "he"):
        wants(waiting.staff[name], "daily")
        jumped_for_all = waiting.staff[name]
        assert jumped_for_all.email
    release_guard(waiting)
    jumped(waiting, make_household(waiting.liu, "0002"))
    settings.MAIL_SERVER = type(settings.MAIL_SERVER)("127.0.0.1", 9, "", "", "none")
    with time_machine.travel(TUESDAY, tick=False):
        for _turn in range(selectors.MOST_TRIES + 2):
            assert digests.send_due()["sent"] == 0
        assert Digest.objects.filter(state="failed", last_error="ConnectionRefusedError").exists()
        assert max(Digest.objects.values_list("tries", flat=True)) <= selectors.MOST_TRIES
        assert [answer.state for answer in QUESTIONS["mail"]()] == ["fail"]


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_after_handing_over_costs_one_mail_twice_and_no_more(
    waiting: World, box: Mailbox, tmp_path: Path
) -> None:
    box.kills = tmp_path / "pid"

    def send() -> None:
        (tmp_path / "pid").write_text(str(os.getpid()))
        send_digests()

    at = TUESDAY
    for sent in (1, 2):
        with time_machine.travel(at, tick=False):
            killed(send)
        left = Digest.objects.get()
        assert (left.state, left.settled_at, left.unknown, len(box.mails)) == ("sending", None, sent - 1, sent)
        with time_machine.travel(at + timedelta(minutes=1), tick=False):
            send_digests()  # not stale yet: it may still be on its way
        assert len(box.mails) == sent
        at += selectors.STALE + timedelta(minutes=1)
    box.kills = None
    for _turn in range(2):
        with time_machine.travel(at, tick=False):
            send_digests()
        at += selectors.STALE + timedelta(minutes=1)
    assert len(box.mails) == 2
    assert box.mails[0]["Message-ID"] == box.mails[1]["Message-ID"]
    left = Digest.objects.get()
    assert (left.state, left.unknown, left.last_error) == ("failed", 1, "unknown outcome")


def test_a_server_that_hangs_up_after_the_mail_does_not_flood(waiting: World, box: Mailbox) -> None:
    box.hangs_up = True
    with time_machine.travel(TUESDAY, tick=False):
        for _turn in range(10):
            send_digests()
    assert len(box.mails) == selectors.MOST_TRIES
    assert len({mail["Message-ID"] for mail in box.mails}) == 1


def test_weekly_comes_on_the_first_working_day_and_overdue_at_once(waiting: World, box: Mailbox) -> None:
    wants(waiting.deng, "none")
    wants(waiting.gao, "weekly")
    with time_machine.travel(MONDAY, tick=False):
        transfer = proposed(waiting, client_for(waiting.an), on=TUESDAY.date())
        send_digests()
        assert [str(mail["Subject"]) for mail in box.mails] == ["格档待办：1 件"]
    with time_machine.travel(TUESDAY, tick=False):
        send_digests()
        assert len(box.mails) == 1
    with time_machine.travel(TUESDAY + timedelta(days=1), tick=False):
        send_digests()
        send_digests()
    assert str(box.mails[1]["Subject"]) == "格档待办：1 件逾期"
    assert "待确认的调动  1（1 件逾期）" in text_of(box.mails[1])
    with time_machine.travel(TUESDAY + timedelta(days=2), tick=False):
        send_digests()
    assert len(box.mails) == 2, "what was told is not told again"
    assert transfer.state == "proposed"


def client_for(staff: Staff) -> Client:
    client = Client()
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_counted_in_a_job_as_on_the_page(waiting: World, client_of: ClientOf) -> None:
    release_guard(waiting)
    back, other = make_household(waiting.liu, "0002"), make_household(waiting.wang, "0003")
    filed(waiting, back)
    returned(waiting, back)
    jumped(waiting, other)
    proposed(waiting, client_of(waiting.an))
    away(waiting)
    for name, person in waiting.staff.items():
        page: dict[tuple[str, int | None], int] = {}
        for post in posts_of(person).exclude(kind="assessor"):
            with acting_as(person, post.kind) as acting:
                rows = rows_of(Asked(post=acting, principals=standing_in.get()))
                page |= {(row.queue.code, row.heap.whose): row.heap.count for row in rows}
        with job_frame(None, "test"):
            job: dict[tuple[str, int | None], int] = {}
            for post in posts_of(person).exclude(kind="assessor"):
                principals = act_as(person, post, "test", in_job=True)
                rows = rows_of(Asked(post=post, principals=tuple(principals)))
                job |= {(row.queue.code, row.heap.whose): row.heap.count for row in rows}
        assert job == page, name
        with job_frame(None, "test"):
            assert sum(line.count for line in selectors.waiting_for(person)) == sum(page.values())


def test_one_chooses_for_oneself_and_needs_an_address(world: World, client_of: ClientOf, box: Mailbox) -> None:
    chen = client_of(world.chen)
    assert "还没有登记您的工作邮箱" in chen.get(reverse("grids:me")).content.decode()
    refused = chen.post(reverse("grids:choose_notices"), {"notices": "daily"}, follow=True).content.decode()
    assert "还没有登记您的工作邮箱，请管理员在人员资料里登记" in refused
    wants(world.chen, "none")
    chen.post(reverse("grids:choose_notices"), {"notices": "weekly"})
    assert Staff.objects.get(pk=world.chen.pk).notices == "weekly"
    chen.post(reverse("grids:choose_notices"), {"notices": "hourly"})
    assert Staff.objects.get(pk=world.chen.pk).notices == "weekly"


def test_without_a_server_nothing_is_sent_and_the_doctor_says_so(waiting: World) -> None:
    with time_machine.travel(TUESDAY, tick=False):
        assert digests.send_due() == {"sent": 0, "nothing": 0, "failed": 0}
    assert Digest.objects.count() == 0
    (answer,) = QUESTIONS["mail"]()
    assert (answer.state, "EMAIL_URL" in answer.found) == ("ok", True)


def test_the_database_keeps_that_a_mail_goes_out_once(waiting: World) -> None:
    sent = Digest.objects.create(
        staff=waiting.deng, on=TUESDAY.date(), kind="daily", state="sent", claimed_at=TUESDAY, settled_at=TUESDAY
    )
    with job_frame(None, "test"):
        with pytest.raises(DatabaseError, match="sent once"), transaction.atomic():
            Digest.objects.filter(pk=sent.pk).update(state="failed")
        with pytest.raises(DatabaseError, match="one_digest_a_day"), transaction.atomic():
            Digest.objects.create(
                staff=waiting.deng, on=TUESDAY.date(), kind="daily", state="failed", claimed_at=TUESDAY, settled_at=TUESDAY
            )  # fmt: skip
