"""The OpenAPI document is complete: no warning, every address, the errors, the token."""

import json
from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from tests.world import World


def document() -> dict[str, Any]:
    reset_generator_stats()
    return dict(SchemaGenerator().get_schema(request=None, public=True))


def addresses(patterns: list[URLPattern | URLResolver], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for entry in patterns:
        place = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            found |= addresses(entry.url_patterns, place)
        elif place.startswith("api/v1/"):
            found.add("/" + place.replace("<int:pk>", "{id}"))
    return found


def test_no_warning_and_no_error() -> None:
    document()
    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache


def test_the_document_is_valid_openapi() -> None:
    validate_schema(json.loads(json.dumps(document(), default=str)))


def test_every_address_is_described_with_its_errors() -> None:
    paths = document()["paths"]

    assert set(paths) == addresses(get_resolver().url_patterns)
    for path, operations in paths.items():
        for method, operation in operations.items():
            assert {"401", "404", "422", "429"} <= set(operation["responses"]), (path, method)
            assert operation["description"], (path, method)
            assert {"token": []} in operation["security"]


def test_every_amount_is_a_string_with_its_unit() -> None:
    for name, schema in document()["components"]["schemas"].items():
        for field, form in schema.get("properties", {}).items():
            if field.endswith("_yuan"):
                assert (form["type"], form["format"]) == ("string", "decimal"), (name, field)
            assert form.get("format") not in ("float", "double"), (name, field)


def test_the_document_needs_a_sign_in(world: World, client_of: Callable[..., Client]) -> None:
    assert Client().get("/api/schema/").status_code == 401
    answer = client_of(world.chen).get("/api/schema/")
    assert answer.status_code == 200
    assert json.loads(answer.content)["info"]["version"] == "1"
