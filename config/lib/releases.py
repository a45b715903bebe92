"""Read and publish parameter releases (Design, section 4, rule 5)."""

import json
from collections.abc import Collection
from datetime import date
from hashlib import sha256
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Max

from config.lib.models import Release


class NotReleased(ObjectDoesNotExist):
    """No version of a parameter is in force on the day asked for."""


def document_hash(document: Any) -> str:
    """Return the sha256 of a document in canonical form (sorted keys, no spaces, UTF-8)."""
    return sha256(json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def in_force(institution_id: int, kind: str, on: date, key: str = "") -> Release:
    """Return the release of a parameter in force on a day; raises NotReleased with its name."""
    release = (
        Release.objects.filter(institution_id=institution_id, kind=kind, key=key, effective_on__lte=on)
        .order_by("-effective_on", "-version")
        .first()
    )
    if release is None:
        raise NotReleased(f"{kind}{'/' + key if key else ''} has no release in force on {on}")
    return release


def together(institution_id: int, kinds: Collection[str], on: date) -> dict[str, Release]:
    """Return those of several parameters without a key that are in force on a day, by kind, in one query."""
    rows = (
        Release.objects.filter(institution_id=institution_id, kind__in=kinds, key="", effective_on__lte=on)
        .order_by("kind", "-effective_on", "-version")
        .distinct("kind")
    )
    return {release.kind: release for release in rows}


def publish(
    *,
    institution_id: int,
    kind: str,
    document: Any,
    effective_on: date,
    drafted_by_id: int,
    released_by_id: int,
    key: str = "",
    note: str = "",
) -> Release:
    """Release a document under the next version; the same document as the newest version is not released again."""
    versions = Release.objects.filter(institution_id=institution_id, kind=kind, key=key)
    newest = versions.order_by("-version").first()
    digest = document_hash(document)
    if newest is not None and newest.sha256 == digest:
        return newest
    return Release.objects.create(
        institution_id=institution_id,
        kind=kind,
        key=key,
        version=(versions.aggregate(top=Max("version"))["top"] or 0) + 1,
        document=document,
        sha256=digest,
        effective_on=effective_on,
        note=note,
        drafted_by_id=drafted_by_id,
        released_by_id=released_by_id,
    )
