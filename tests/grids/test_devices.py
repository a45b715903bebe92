"""The register of devices: who has which, a loss that ends its sessions and tokens at once, and the rule that asks for known ones."""

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock, releases
from config.lib.models import AuditEvent
from grids.domain.devices import COOKIE, Mark, tidy_code
from grids.models import ApiToken, Device, DeviceIssue, Post, Staff
from grids.services import Refused, devices
from grids.services.staff import create_token
from tests.conftest import acting_as
from tests.world import PASSWORD, SINCE, World

ClientOf = Callable[..., Client]
ALLOWED = {
    ("issued", "commissioned"), ("issued", "returned"), ("issued", "lost"), ("commissioned", "returned"), ("commissioned", "lost"),
    ("lost", "revoked"),
}  # fmt: skip


def signed_in(staff: Staff, client: Client | None = None) -> Client:
    """Sign in as a browser does; a given client keeps its cookies."""
    browser = client or Client()
    assert browser.post("/sign-in/", {"username": staff.number, "password": PASSWORD}).status_code == 302
    return browser


def issued(world: World, to: Staff | None = None, number: str = "P-001") -> tuple[DeviceIssue, str]:
    post = Post.objects.get(staff=world.an)
    device = devices.register(
        by=world.an, post=post, asset_number=number, kind="phone", model="M1", serial=f"sn {number} 7788"
    )
    return devices.issue(device=device, staff=to or world.chen, by=world.an, post=post)


def commissioned(world: World) -> tuple[DeviceIssue, Client]:
    """A device of Chen's with the browser on it."""
    issue, code = issued(world)
    phone = signed_in(world.chen)
    assert phone.post(reverse("grids:commission"), {"code": code.upper()}).status_code == 302
    issue.refresh_from_db()
    assert issue.state == "commissioned"
    return issue, phone


def lives(browser: Client) -> bool:
    return browser.get(reverse("grids:me")).status_code == 200


def rule(world: World, *posts: str) -> None:
    releases.publish(
        institution_id=world.bank.pk, kind="device_rule", document={"posts": list(posts)}, effective_on=SINCE,
        drafted_by_id=world.mo.pk, released_by_id=world.ning.pk,
    )  # fmt: skip


# --- Loss -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["chen", "gao", "an"])
def test_a_loss_ends_sessions_and_tokens_of_the_device_at_once(world: World, client_of: ClientOf, who: str) -> None:
    issue, phone = commissioned(world)
    elsewhere = client_of(world.chen)
    made = phone.post(
        reverse("grids:create_token"),
        {"token-name": "x", "token-post": world.chen.posts.get().pk, "token-scope": "read", "token-days": "30"},
    )
    text = re.search(r"gd_[\w-]+", made.content.decode())
    assert text is not None
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {text[0]}"}
    _other, free = create_token(staff=world.chen, post=world.chen.posts.get(), name="desk", scope="read", days=30)
    api = reverse("api:grid-list")
    assert Client().get(api, **bearer).status_code == 200
    assert lives(phone)

    again = signed_in(world.chen, Client())
    again.cookies[COOKIE] = phone.cookies[COOKIE].value
    signed_in(world.chen, again)
    assert again.session["device"] == issue.pk

    answer = client_of(world.staff[who]).post(reverse("grids:device_lost", args=[issue.pk]), {"reason": "集市上丢了"})
    assert answer.status_code == 302

    assert (lives(phone), lives(again), lives(elsewhere)) == (False, False, True)
    assert Client().get(api, **bearer).status_code == 401
    assert Client().get(api, HTTP_AUTHORIZATION=f"Bearer {free}").status_code == 200
    issue.refresh_from_db()
    assert (issue.state, issue.ended_by, issue.secret_sha256) == ("lost", world.staff[who], "")
    event = AuditEvent.objects.get(verb="device_lost")
    assert (event.about_id, event.detail["tokens"]) == (str(world.chen.pk), 1)
    signed_in(world.chen, phone)
    assert "device" not in phone.session, "a lost device is known no more"


def test_nobody_else_reports_or_sees_it(world: World, client_of: ClientOf) -> None:
    issue, _phone = commissioned(world)
    for name in ("he", "deng", "kang", "shi"):
        assert client_of(world.staff[name]).post(reverse("grids:device_lost", args=[issue.pk])).status_code == 404
    assert client_of(world.he).get(reverse("grids:device", args=[issue.device_id])).status_code == 404
    assert client_of(world.gao).get(reverse("grids:device", args=[issue.device_id])).status_code == 200
    assert "P-001" not in client_of(world.he).get(reverse("grids:device_list")).content.decode()
    issue.refresh_from_db()
    assert issue.state == "commissioned"


def test_lost_is_closed_by_the_administrator_and_found_it_is_issued_anew(world: World, client_of: ClientOf) -> None:
    issue, phone = commissioned(world)
    an = client_of(world.an)
    assert "先交回" in _said(an, "device_issue", issue.device_id, {"staff": world.deng.pk})
    an.post(reverse("grids:device_lost", args=[issue.pk]))
    assert "先交回或注销" in _said(an, "device_retire", issue.device_id)
    an.post(reverse("grids:device_close", args=[issue.pk]))
    page = an.post(reverse("grids:device_issue", args=[issue.device_id]), {"staff": world.deng.pk})
    assert "只显示这一次" in page.content.decode()
    an.post(reverse("grids:device_return", args=[DeviceIssue.objects.latest("pk").pk]))
    assert "已停用" in _said(an, "device_retire", issue.device_id)
    history = an.get(reverse("grids:device", args=[issue.device_id])).content.decode()
    for words in ("已注销", "已交回", "陈立", "邓平"):
        assert words in history
    assert not lives(phone)


def _said(client: Client, name: str, pk: int, data: dict[str, Any] | None = None) -> str:
    return str(client.post(reverse(f"grids:{name}", args=[pk]), data or {}, follow=True).content.decode())


# --- Commissioning ----------------------------------------------------------------------------------------------------


def test_only_the_holder_commissions_once_and_in_time(world: World) -> None:
    issue, code = issued(world)
    with pytest.raises(Refused, match="没有这个启用码"), acting_as(world.deng):
        devices.commission(staff=world.deng, code=code)
    with pytest.raises(Refused, match="没有这个启用码"), acting_as(world.chen):
        devices.commission(staff=world.chen, code="aaaa-bbbb-cccc")
    with time_machine.travel(clock.now() + timedelta(days=8)), pytest.raises(Refused, match="过期"):
        devices.commission(staff=world.chen, code=code)
    with pytest.raises(Refused, match="另一位管理员"):
        devices.issue(device=issue.device, staff=world.an, by=world.an, post=Post.objects.get(staff=world.an))
    fresh = devices.renew_code(issue=issue, by=world.an, post=Post.objects.get(staff=world.an))
    with pytest.raises(Refused, match="没有这个启用码"):
        devices.commission(staff=world.chen, code=code)
    with acting_as(world.chen):
        devices.commission(staff=world.chen, code=f" {fresh.upper().replace('-', ' ')} ")
    with pytest.raises(Refused, match="没有这个启用码"):
        devices.commission(staff=world.chen, code=fresh)


def test_a_mark_of_another_or_a_forged_one_is_no_device(world: World) -> None:
    _issue, phone = commissioned(world)
    value = phone.cookies[COOKIE].value
    assert phone.cookies[COOKIE]["httponly"]
    for staff, cookie in ((world.deng, value), (world.chen, value[:-2] + "xx"), (world.chen, ""), (world.chen, "1.2")):
        browser = Client()
        browser.cookies[COOKIE] = cookie
        assert "device" not in signed_in(staff, browser).session


@pytest.mark.parametrize("text", ["", "1", "1.", ".a", "x.a", "-1.a", "²3.a", f"{'9' * 19}.a"])
def test_what_is_no_mark_is_none(text: str) -> None:
    assert Mark.read(text) is None


def test_a_code_is_read_as_people_write_it() -> None:
    assert tidy_code(" AbC-2 3\u3000d ") == "abc23d"


def test_serial_numbers_are_not_kept_and_known_again(world: World) -> None:
    issue, _code = issued(world)
    device = issue.device
    assert (device.serial_tail, device.asset_number) == ("7788", "P-001")
    assert b"P-0017788" not in bytes(device.serial_index)
    post = Post.objects.get(staff=world.an)
    for number, serial, words in (
        ("P-009", "SNP-0017788", "序列号已经登记过"),
        ("p-001", "other1", "资产编号已经登记过"),
    ):
        with pytest.raises(Refused, match="已经登记过"), transaction.atomic():
            devices.register(by=world.an, post=post, asset_number=number, kind="pad", model="", serial=serial)
        assert words


# --- What the database keeps ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), list(product(DeviceIssue.State.values, repeat=2)))
def test_the_database_keeps_the_order_of_states(world: World, before: str, after: str) -> None:
    issue, code = issued(world)
    post = Post.objects.get(staff=world.an)
    if before == "commissioned":
        devices.commission(staff=world.chen, code=code)
    if before == "returned":
        devices.take_back(issue=issue, by=world.an, post=post)
    if before in ("lost", "revoked"):
        devices.report_lost(issue=issue, by=world.chen, post=None)
    if before == "revoked":
        devices.close_loss(issue=issue, by=world.an, post=post)
    now = clock.now()
    fields: dict[str, Any] = {"state": after}
    if after == "commissioned":
        fields |= {"commissioned_at": now, "secret_sha256": "x", "code_sha256": ""}
    elif after != "issued":
        fields |= {"secret_sha256": "", "ended_at": now, "ended_by": world.an, "closed_at": now, "closed_by": world.an}
    rows = DeviceIssue.objects.filter(pk=issue.pk)
    if (before, after) in ALLOWED:
        if before == "lost":
            fields = {"state": after, "closed_at": now, "closed_by": world.an}
        with transaction.atomic():
            rows.update(**fields)
        assert rows.get().state == after
    elif before != after:
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**fields)
        assert rows.get().state == before


def test_the_past_of_a_device_stands(world: World) -> None:
    issue, code = issued(world)
    with pytest.raises(DatabaseError, match="stands for good"), transaction.atomic():
        DeviceIssue.objects.filter(pk=issue.pk).update(staff=world.deng)
    with acting_as(world.deng), pytest.raises(DatabaseError, match="holder commissions"), transaction.atomic():
        DeviceIssue.objects.filter(pk=issue.pk).update(
            state="commissioned", commissioned_at=clock.now(), secret_sha256="x"
        )
    with acting_as(world.chen):
        devices.commission(staff=world.chen, code=code)
    with acting_as(world.an), pytest.raises(DatabaseError), transaction.atomic():
        DeviceIssue.objects.filter(pk=issue.pk).delete()
    token, _text = create_token(
        staff=world.chen, post=world.chen.posts.get(), name="x", scope="read", days=30, device=issue
    )
    DeviceIssue.objects.filter(pk=issue.pk).update(
        state="returned", ended_at=clock.now(), ended_by=world.an, secret_sha256=""
    )
    assert ApiToken.objects.get(pk=token.pk).revoked_at is not None, "whoever writes the return"


# --- The rule -------------------------------------------------------------------------------------------------------


def test_without_a_rule_any_device_signs_in(world: World) -> None:
    assert lives(signed_in(world.chen))


def test_the_rule_leads_to_commissioning_and_nowhere_else(world: World) -> None:
    rule(world, "officer")
    _issue, code = issued(world)
    phone = signed_in(world.chen)
    for name in ("grids:me", "customers:household_list", "grids:inbox"):
        assert phone.get(reverse(name))["Location"] == reverse("grids:commission")
    assert phone.get(reverse("grids:me"), HTTP_HX_REQUEST="true")["HX-Redirect"] == reverse("grids:commission")
    assert "只能在已启用的设备上工作" in phone.get(reverse("grids:commission")).content.decode()
    assert lives(signed_in(world.an))
    assert lives(signed_in(world.gao))
    assert phone.post(reverse("grids:commission"), {"code": "nonsense"}).status_code == 422
    phone.post(reverse("grids:commission"), {"code": code})
    assert lives(phone)
    phone.post(reverse("sign_out"))
    assert lives(signed_in(world.chen, phone)), "it is known from now on"
    assert signed_in(world.chen).get(reverse("grids:me")).status_code == 302


# --- Pages ------------------------------------------------------------------------------------------------------------


def test_the_register_costs_the_same_for_one_and_for_twenty(world: World, client_of: ClientOf) -> None:
    an = client_of(world.an)
    asked = []
    for count in (1, 19):
        for number in range(count):
            issued(world, number=f"Q-{count:02d}{number:03d}")
        an.get(reverse("grids:device_list"))
        with CaptureQueriesContext(connection) as captured:
            page = an.get(reverse("grids:device_list"))
        asked.append(len(captured))
    assert asked[0] == asked[1]
    assert "20 台待启用" in page.content.decode()


def test_the_register_is_searched_and_filtered(world: World, client_of: ClientOf) -> None:
    issue, _phone = commissioned(world)
    issued(world, to=world.fang, number="P-002")
    post = Post.objects.get(staff=world.an)
    devices.register(by=world.an, post=post, asset_number="P-003", kind="pad", model="", serial="ABCDEF")
    an = client_of(world.an)

    def found(query: str) -> set[str]:
        page = an.get(reverse("grids:device_list") + query).content.decode()
        return set(re.findall(r'class="mono" href="/devices/\d+/">([^<]+)<', page))

    assert found("") == {"P-001", "P-002", "P-003"}
    assert found("?state=commissioned") == {"P-001"}
    assert found("?state=issued") == {"P-002"}
    assert found("?state=free") == found("?kind=pad") == found("?q=cdef") == {"P-003"}
    assert found(f"?q={world.fang.name}") == {"P-002"}
    assert found("?state=retired") == set()
    devices.report_lost(issue=issue, by=world.gao, post=None)
    assert found("?state=lost") == {"P-001"}
    assert "还没有登记设备" not in an.get(reverse("grids:device_list")).content.decode()
    assert Device.objects.count() == 3


def test_who_sees_the_whole_bank_commissions_and_loses_his_own(world: World) -> None:
    issue, code = issued(world, to=world.kang)
    tablet = signed_in(world.kang)
    assert tablet.post(reverse("grids:commission"), {"code": code}).status_code == 302
    assert "就是这台" in tablet.get(reverse("grids:me")).content.decode()
    other = signed_in(world.kang)
    assert other.post(reverse("grids:device_lost", args=[issue.pk])).status_code == 302
    assert (lives(tablet), lives(other)) == (False, True)
