"""People: accounts, one-time passwords, posts, stopping; nobody appoints himself."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent
from grids.access import posts_of
from grids.models import Post, PostKind, Staff
from grids.services import Refused, staff
from tests.world import PASSWORD, World


def by_an(world: World) -> dict[str, Any]:
    return {"by": world.an, "post": posts_of(world.an).get()}


def test_a_new_person_gets_a_password_once_and_must_change_it_first(
    world: World, client_of: Callable[..., Client]
) -> None:
    answer = client_of(world.an).post(
        reverse("grids:staff_new"),
        {"number": "E0901", "name": "许诺", "home_branch": world.east.pk, "kind": "employee"},
    )
    page = answer.content.decode()
    new = Staff.objects.get(number="E0901")
    password = page.split("data-no-keep>", 1)[1].split("<", 1)[0]
    assert new.check_password(password)
    assert password not in client_of(world.an).get(reverse("grids:staff", args=[new.pk])).content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert password not in str(list(AuditEvent.objects.values()))

    client = Client()
    client.post("/sign-in/", {"username": "E0901", "password": password})
    assert client.get(reverse("grids:me"))["Location"] == reverse("grids:password")
    fragment = client.get(reverse("grids:me"), headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (204, reverse("grids:password"))
    form = {"old_password": password, "new_password1": "秋收冬藏-2026-丰", "new_password2": "秋收冬藏-2026-丰"}
    weak = {**form, "new_password1": "12345", "new_password2": "12345"}
    assert client.post(reverse("grids:password"), weak).status_code == 422
    assert client.post(reverse("grids:password"), form).status_code == 302
    assert client.get(reverse("grids:me")).status_code == 200


def test_a_number_is_given_once(world: World, client_of: Callable[..., Client]) -> None:
    sent = {"number": "CHEN", "name": "许诺", "home_branch": world.east.pk, "kind": "employee"}
    answer = client_of(world.an).post(reverse("grids:staff_new"), sent)
    assert answer.status_code == 422
    assert "已经有人使用" in answer.content.decode()


def test_posts_begin_and_end_on_their_days(world: World) -> None:
    soon, later = (clock.today() + timedelta(days=days) for days in (3, 9))
    post = staff.appoint(
        staff=world.deng, kind=PostKind.CHECKER, branch=world.west, from_on=soon, to_on=later, **by_an(world)
    )
    assert post not in posts_of(world.deng)
    assert post in posts_of(world.deng, soon)
    assert post not in posts_of(world.deng, later)
    with pytest.raises(Refused, match="同样的岗位"):
        staff.appoint(staff=world.deng, kind=PostKind.CHECKER, branch=world.west, from_on=soon, **by_an(world))
    staff.end_post(held=post, on=clock.today(), **by_an(world))
    assert post not in posts_of(world.deng, soon)


@pytest.mark.parametrize(
    ("who", "kind", "branch", "words"),
    [
        ("an", PostKind.AUDITOR, None, "不能给自己任岗"),
        ("chen", PostKind.OFFICER, None, "要选机构范围"),
        ("chen", PostKind.ADMINISTRATOR, "east", "不分机构"),
        ("shi", PostKind.OFFICER, "east", "外部人员"),
    ],
)
def test_what_may_not_be_given(world: World, who: str, kind: str, branch: str | None, words: str) -> None:
    with pytest.raises(Refused, match=words):
        staff.appoint(
            staff=getattr(world, who),
            kind=kind,
            branch=getattr(world, branch) if branch else None,
            from_on=clock.today(),
            **by_an(world),
        )


def test_the_database_too_refuses_who_appoints_himself(world: World) -> None:
    with pytest.raises(IntegrityError, match="nobody_appoints_himself"), transaction.atomic():
        Post.objects.create(staff=world.an, kind=PostKind.AUDITOR, from_on=clock.today(), appointed_by_id=world.an.pk)


def test_the_last_administrator_stays(world: World) -> None:
    other, _ = staff.create_staff(number="E0902", name="别人", home_branch=None, **by_an(world))
    given = staff.appoint(staff=other, kind=PostKind.ADMINISTRATOR, branch=None, from_on=clock.today(), **by_an(world))
    by_other: dict[str, Any] = {"by": other, "post": given}
    staff.stop_staff(staff=world.an, **by_other)
    with pytest.raises(Refused, match="最后一位"):
        staff.end_post(held=given, on=clock.today(), **by_an(world))
    with pytest.raises(Refused, match="不能停用自己"):
        staff.stop_staff(staff=other, **by_other)


def test_who_is_stopped_is_out_at_once(world: World, client_of: Callable[..., Client]) -> None:
    client = client_of(world.chen)
    assert client.get(reverse("grids:me")).status_code == 200
    client_of(world.an).post(reverse("grids:staff_stop", args=[world.chen.pk]))
    assert client.get(reverse("grids:me")).status_code == 302
    fresh = Client()
    fresh.post("/sign-in/", {"username": "chen", "password": PASSWORD})
    assert fresh.get(reverse("grids:me"))["Location"].startswith("/sign-in/")


def test_a_reset_password_ends_the_sessions_of_the_old_one(world: World, client_of: Callable[..., Client]) -> None:
    client = client_of(world.chen)
    assert client_of(world.an).post(reverse("grids:staff_password", args=[world.chen.pk])).status_code == 200
    assert client.get(reverse("grids:me"))["Location"].startswith("/sign-in/")


def test_changing_ones_own_password_keeps_this_session_and_ends_the_others(
    world: World, client_of: Callable[..., Client]
) -> None:
    here, there = client_of(world.chen), client_of(world.chen)
    new = "春种秋收-2026-丰"
    here.post(reverse("grids:password"), {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert here.get(reverse("grids:me")).status_code == 200
    assert there.get(reverse("grids:me")).status_code == 302


def test_an_ended_post_closes_its_pages_with_the_next_request(world: World, client_of: Callable[..., Client]) -> None:
    client = client_of(world.gao)
    assert client.get(reverse("grids:grid_list")).status_code == 200
    Post.objects.filter(staff=world.gao).update(to_on=clock.today())
    assert client.get(reverse("grids:grid_list")).status_code == 404
    assert client.get(reverse("grids:me")).status_code == 200


def test_appointing_through_the_page(world: World, client_of: Callable[..., Client]) -> None:
    url = reverse("grids:appoint", args=[world.deng.pk])
    sent = {"post-kind": "checker", "post-branch": world.west.pk, "post-from_on": str(clock.today())}
    client = client_of(world.an)
    assert client.post(url, sent).status_code == 302
    held = Post.objects.get(staff=world.deng, kind="checker")
    assert held.appointed_by == world.an
    assert "贷后检查岗 · 城西支行" in client.get(reverse("grids:staff", args=[world.deng.pk])).content.decode()
    assert client.post(reverse("grids:end_post", args=[held.pk]), {"on": str(clock.today())}).status_code == 302
    assert held not in posts_of(world.deng)
    himself = client.post(reverse("grids:appoint", args=[world.an.pk]), sent)
    assert himself.status_code == 422
    assert "不能给自己任岗" in himself.content.decode()
