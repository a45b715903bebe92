"""The frame: sign-in, posts, refusal of what is not declared."""

from django.test import Client

from tests.world import PASSWORD, World


def test_sign_in_leads_on_and_sign_out_ends(world: World) -> None:
    client = Client()

    answer = client.post("/sign-in/", {"username": "chen", "password": PASSWORD, "next": "/healthz"})
    assert (answer.status_code, answer["Location"]) == (302, "/healthz")
    assert client.get("/").status_code == 302

    client.post("/sign-out/")
    assert client.get("/")["Location"].startswith("/sign-in/")


def test_wrong_password_is_refused_and_fifth_failure_pauses_only_this_login(world: World) -> None:
    client = Client()
    for _ in range(5):
        client.post("/sign-in/", {"username": "chen", "password": "wrong"})

    assert client.post("/sign-in/", {"username": "chen", "password": PASSWORD}).status_code == 429
    assert client.post("/sign-in/", {"username": "deng", "password": PASSWORD}).status_code == 302


def test_open_redirect_is_refused(world: World) -> None:
    answer = Client().post("/sign-in/", {"username": "chen", "password": PASSWORD, "next": "https://evil.example/"})
    assert answer["Location"] == "/"
