"""Every kind of parameter: its shipped documents are sound, and what its reader would refuse is refused before."""

import json
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from config.lib import clock, releases
from config.lib.parameters import drafts
from config.lib.parameters.kinds import About, kinds
from tests.conftest import acting_as
from tests.lib.parameters import KIND, first_version, kind_named
from tests.world import World


def _shipped() -> list[tuple[str, str, Any]]:
    found = []
    for path in sorted(Path(django_settings.BASE_DIR).glob("*/parameters/*.json")):
        entries = json.loads(path.read_text("utf-8"))
        for entry in entries if isinstance(entries, list) else ():
            content = entry.get("document") or json.loads((path.parent / entry["file"]).read_text("utf-8"))
            found.append((entry["kind"], entry.get("key", ""), content))
    return found


SHIPPED = _shipped()


def _models(world: World) -> None:
    for code, other, document_ in SHIPPED:
        if code == "credit_model":
            releases.publish(
                institution_id=world.bank.pk,
                kind=code,
                key=other,
                document=document_,
                effective_on=date(2026, 1, 1),
                drafted_by_id=world.mo.pk,
                released_by_id=world.ning.pk,
            )


def test_every_shipped_document_is_of_a_known_kind() -> None:
    assert {kind for kind, _key, _document in SHIPPED} <= {kind.code for kind in kinds()}


@pytest.mark.parametrize(("kind", "key", "content"), SHIPPED, ids=lambda value: value if isinstance(value, str) else "")
def test_a_shipped_document_has_no_fault_and_reads(world: World, kind: str, key: str, content: Any) -> None:
    registered = kind_named(kind)
    _models(world)

    about = About(institution_id=world.bank.pk, key=key, on=clock.today())
    assert registered.found(content, about) == []
    assert registered.differences(content, deepcopy(content), "en") == []


def _with(document_: Any, path: str, value: Any) -> Any:
    changed = deepcopy(document_)
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inner = changed
    for part in way:
        inner = inner[part]
    inner[last] = value
    return changed


@pytest.mark.parametrize(
    ("kind", "path", "value", "place"),
    [
        ("round_rules", "merge.quorum", 0, "merge.quorum"),
        ("round_rules", "merge.rule", "guess", "merge.rule"),
        ("round_rules", "authority.0.upto", None, "authority.0.upto"),
        ("round_rules", "authority.1.upto", "1000", "authority.1.upto"),
        ("round_rules", "sheet.amounts.7", "900000", "sheet.amounts.7"),
        ("refuse_reasons", "reasons.1.code", "poor_credit", "reasons.1.code"),
        ("credit_model", "code", "S9", "code"),
        ("credit_model", "title", "x", "title"),
        ("county_bases", "base_income", "0", "base_income"),
        ("county_bases", "base_moon", "5", "base_moon"),
        ("consent_notice", "zh.paragraphs", [], "zh.paragraphs"),
        ("list_reasons", "reasons.0.colours", ["pink"], "reasons.0.colours"),
        ("visit_quotas", "officer.days_per_week", 8, "officer.days_per_week"),
        ("duplicate_rules", "phone.warn", 1, "phone.warn"),
        ("duplicate_rules", "phone.warn", 4, "phone.red"),
        ("typing_checks", "village_ratio", "0", "village_ratio"),
        ("audit_rules", "fields.0.tolerance_pct", "5", "fields.0"),
        ("audit_rules", "plan.expected_pct", "5", "plan.expected_pct"),
        ("report_rules", "laggard_below", "1/0", "laggard_below"),
    ],
)
def test_a_document_its_reader_would_refuse_is_refused_before(
    world: World, kind: str, path: str, value: Any, place: str
) -> None:
    registered = kind_named(kind)
    key, content = next((key, content) for code, key, content in SHIPPED if code == kind)
    _models(world)

    found = registered.found(
        _with(content, path, value), About(institution_id=world.bank.pk, key=key, on=clock.today())
    )

    assert place in [problem.place for problem in found]
    assert all(problem.words.zh and problem.words.en for problem in found)


def test_a_sensitive_reason_in_use_is_weighed_before_release(world: World, client_of: Any) -> None:
    registered = kind_named("list_reasons")
    content = next(content for code, _key, content in SHIPPED if code == "list_reasons")
    place = next(i for i, one in enumerate(content["reasons"]) if one.get("sensitive"))
    assert list(registered.warnings(content)) == []
    risky = _with(content, f"reasons.{place}.enabled", True)
    with acting_as(world.mo):
        draft = drafts.begin(by=world.mo, post_id=None, kind=registered)
        draft = drafts.save(
            by=world.mo, post_id=None, draft=draft, document=risky, note="试用", effective_on=None, seen=1
        )
    page = client_of(world.mo).get(f"/parameters/drafts/{draft.pk}/").content.decode()
    assert content["reasons"][place]["zh"] in page.partition("发布前请想清楚")[2].partition("</div>")[0]


def test_in_force_is_one_query_by_the_index(world: World, django_assert_num_queries: Any) -> None:
    first_version(world)
    with django_assert_num_queries(1) as asked:
        releases.in_force(world.bank.pk, KIND.code, clock.today())
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute("explain " + asked.captured_queries[0]["sql"])
        assert "Index Scan" in "".join(row[0] for row in cursor.fetchall())
