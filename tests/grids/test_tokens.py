"""Tokens of programs: shown once, one post, a scope, an end; the same row security as the person's pages."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.test import Client
from django.urls import include, path, reverse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.lib import clock
from grids.access import grids_for, posts_of
from grids.models import ApiToken, Post, PostKind
from grids.services import Refused, staff
from tests.world import World


class GridsOfMine(APIView):
    """A view as an app would write one."""

    posts: ClassVar[frozenset[str]] = frozenset({PostKind.OFFICER})

    def get(self, request: Request) -> Response:
        return Response(sorted(grids_for(request._request.post).values_list("name", flat=True)))  # type: ignore[attr-defined]

    def post(self, request: Request) -> Response:
        return Response({"by": request.user.pk}, status=201)


urlpatterns = [path("api/v1/mine/", GridsOfMine.as_view()), path("", include("config.urls"))]
handler404 = "config.lib.errors.page_not_found"


@pytest.fixture(autouse=True)
def own_urls(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def token_of(world: World) -> Callable[..., tuple[ApiToken, str]]:
    def make(who: str = "chen", scope: str = "read", days: int = 30) -> tuple[ApiToken, str]:
        person = getattr(world, who)
        return staff.create_token(staff=person, post=posts_of(person).get(), name="核心", scope=scope, days=days)

    return make


def call(text: str, method: str = "get") -> Any:
    return getattr(Client(enforce_csrf_checks=True), method)(
        "/api/v1/mine/", headers={"Authorization": f"Bearer {text}", "Accept": "application/json"}
    )


def test_a_token_acts_as_its_post(token_of: Callable[..., tuple[ApiToken, str]]) -> None:
    answer = call(token_of()[1])
    assert (answer.status_code, answer.json()) == (200, ["刘家村", "王家村"])


def test_only_the_hash_is_stored(token_of: Callable[..., tuple[ApiToken, str]]) -> None:
    token, text = token_of()
    assert text not in str(vars(token))
    assert len(token.sha256) == 64


def test_a_reading_token_does_not_write(token_of: Callable[..., tuple[ApiToken, str]]) -> None:
    assert call(token_of()[1], "post").status_code == 403
    assert call(token_of(scope="write")[1], "post").status_code == 201


def test_a_token_of_another_post_finds_nothing(token_of: Callable[..., tuple[ApiToken, str]]) -> None:
    assert call(token_of("gao")[1]).status_code == 404


@pytest.mark.parametrize("end", ["revoked", "expired", "post", "stopped", "password", "wrong", "empty", "two"])
def test_a_token_that_no_longer_stands_is_refused(
    world: World, token_of: Callable[..., tuple[ApiToken, str]], end: str
) -> None:
    token, text = token_of()
    if end == "revoked":
        staff.revoke_token(token=token)
    elif end == "expired":
        ApiToken.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    elif end == "post":
        Post.objects.filter(staff=world.chen).update(to_on=clock.today())
    elif end == "stopped":
        world.chen.is_active = False
        world.chen.save()
    elif end == "password":
        world.chen.must_change_password = True
        world.chen.save()
    else:
        text = {"wrong": f"{text}x", "empty": "", "two": f"{text} {text}"}[end]
    answer = call(text)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_stopped_persons_tokens_stay_revoked_when_he_comes_back(
    world: World, token_of: Callable[..., tuple[ApiToken, str]]
) -> None:
    _, text = token_of()
    by: dict[str, Any] = {"by": world.an, "post": posts_of(world.an).get()}
    staff.stop_staff(staff=world.chen, **by)
    staff.resume_staff(staff=world.chen, **by)
    assert call(text).status_code == 401


def test_a_token_is_made_for_ones_own_post_alone(world: World) -> None:
    with pytest.raises(Refused, match="自己的岗位"):
        staff.create_token(staff=world.chen, post=posts_of(world.gao).get(), name="x", scope="read", days=1)
    with pytest.raises(Refused, match="评议员"):
        staff.create_token(staff=world.shi, post=posts_of(world.shi).get(), name="x", scope="read", days=1)
    with pytest.raises(Refused, match="有效期"):
        staff.create_token(staff=world.chen, post=posts_of(world.chen).get(), name="x", scope="read", days=400)


def test_the_page_shows_a_token_once_and_revokes_it(world: World, client_of: Callable[..., Client]) -> None:
    client = client_of(world.chen)
    form = {"token-name": "核心", "token-post": posts_of(world.chen).get().pk, "token-scope": "read", "token-days": 30}
    page = client.post(reverse("grids:create_token"), form).content.decode()
    text = "gd_" + page.split("gd_", 1)[1].split("<", 1)[0]
    assert call(text).status_code == 200
    assert text not in client.get(reverse("grids:me")).content.decode()
    token = ApiToken.objects.get()
    assert client_of(world.deng).post(reverse("grids:revoke_token", args=[token.pk])).status_code == 404
    assert client.post(reverse("grids:revoke_token", args=[token.pk])).status_code == 302
    assert call(text).status_code == 401
