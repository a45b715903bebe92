"""Error pages: every status has one with the request's id, and the worst of them need no database."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.utils import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from config.lib import health, jobs
from config.lib.access import public
from tests.world import PASSWORD, World


@public
def fails(request: HttpRequest) -> HttpResponse:
    """Fail in the way the address says; reading the form first, as a view would."""
    request.POST.get("name")
    errors: dict[str, Exception] = {
        "400": SuspiciousOperation("made up"),
        "403": PermissionDenied(),
        "500": RuntimeError("Key (phone)=(13812345678)"),
    }
    how = request.GET.get("how", "")
    if how in errors:
        raise errors[how]
    return HttpResponse("fine")


urlpatterns = [path("fails/", fails), path("api/v1/fails/", fails), path("", include("config.urls"))]
handler400, handler403 = "config.lib.errors.bad_request", "config.lib.errors.permission_denied"
handler404, handler500 = "config.lib.errors.page_not_found", "config.lib.errors.server_error"


@pytest.fixture
def client(settings: Any, db: None) -> Client:
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


def check(answer: Any, status: int) -> None:
    page = answer.content.decode()
    assert answer.status_code == status
    assert answer["X-Request-ID"] in page
    assert "回到首页" in page or status in (429, 503)
    assert "no-store" in answer.get("Cache-Control", "") or status == 429


@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_failure_has_its_page_with_the_request_id(client: Client, status: int) -> None:
    check(client.get(f"/fails/?how={status}"), status)


def test_an_address_that_is_not_there(client: Client) -> None:
    check(client.get("/no/such/page/"), 404)


def test_the_page_of_a_failure_tells_nothing_of_its_cause(client: Client) -> None:
    assert "13812345678" not in client.get("/fails/?how=500").content.decode()


def test_the_api_gets_the_same_as_an_object(client: Client) -> None:
    answer = client.get("/api/v1/fails/?how=500")
    assert answer.json() == {"status": 500, "request_id": answer["X-Request-ID"]}


def test_a_form_too_large_is_413(client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    check(client.post("/fails/", {"name": "x" * 2000}), 413)


def test_an_upload_larger_than_any_file_may_be_is_413_before_it_is_parsed(client: Client, settings: Any) -> None:
    settings.UPLOAD_LIMIT_MB = -7  # leaves 1 MB for the form
    check(client.post("/fails/", {"file": BytesIO(bytes(2**20 + 1))}), 413)
    assert client.post("/fails/", {"file": BytesIO(bytes(2**19))}).status_code == 200


def test_an_upload_that_lies_about_its_size_does_not_hang(client: Client) -> None:
    assert client.get("/fails/", headers={"Content-Length": "nonsense"}).status_code == 200


def test_too_many_sign_ins_pause_with_a_page(world: World, client: Client) -> None:
    for _ in range(5):
        client.post("/sign-in/", {"username": "chen", "password": "wrong"})
    check(client.post("/sign-in/", {"username": "chen", "password": PASSWORD}), 429)


def test_a_form_without_its_token_is_403(world: World, settings: Any) -> None:
    check(Client(enforce_csrf_checks=True).post("/sign-in/", {"username": "chen", "password": PASSWORD}), 403)


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", away)
        patch.setattr("django.db.transaction.Atomic.__enter__", away)
        patch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.close", lambda self: None)
        yield


def test_without_a_database_every_page_says_so(client: Client, no_database: None) -> None:
    for address in ("/", "/sign-in/", "/grids/"):
        answer = client.get(address)
        check(answer, 503)
        assert int(answer["Retry-After"]) > 0
    assert client.get("/api/v1/fails/").json()["status"] == 503


def test_health_names_what_is_missing(client: Client, no_database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "broker_answers", lambda: False)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["missing"]) == (503, ["database", "broker"])


def test_health_tells_of_migrations_that_were_not_applied(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/healthz").json() == {"ok": True, "missing": []}
    monkeypatch.setattr(health, "_migrated", False)
    monkeypatch.setattr(
        "django.db.migrations.executor.MigrationExecutor.migration_plan", lambda self, nodes: [("a", False)]
    )
    assert client.get("/healthz").json()["missing"] == ["migrations"]


def test_the_system_page_shows_the_state_and_warns(
    world: World, client_of: Callable[..., Client], settings: Any, tmp_path: Any
) -> None:
    settings.DATA_DIR = tmp_path
    page = client_of(world.an).get("/system/").content.decode()
    assert "还没有备份记录" in page
    assert jobs.code_version() in page
    (tmp_path / "last-backup.json").write_text('{"made_at": "2020-01-01T10:00:00+0800"}')
    assert "已超过 8 天" in client_of(world.an).get("/system/").content.decode()
