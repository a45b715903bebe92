"""Snapshots of the core system: the one in force, what a household owes by it, and how a file is told on pages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.lib import clock, display
from config.lib.money import ZERO
from credit import access
from credit.domain import snapshotwords
from credit.domain.bounds import Obligation, ObligationKind
from credit.domain.snapshotfile import CATEGORIES, CreditKind
from credit.domain.snapshots import Limits, Sums, kinds_held, obligations
from credit.models import CoreCredit, CoreFinding, CoreSnapshot
from grids.access import Post

LIMITS = "core_snapshot"
State = CoreSnapshot.State
ON_PAGE = 20
FINDINGS_ON_PAGE = 50
LEVELS = {"error": "red", "warning": "yellow", "notice": "neutral"}
TONES = {
    State.CHECKING: "wait",
    State.BROKEN: "orange",
    State.FAILED: "red",
    State.WAITING: "wait",
    State.IN_FORCE: "good",
    State.SUPERSEDED: "neutral",
    State.REJECTED: "neutral",
    State.WITHDRAWN: "neutral",
}


def in_force(institution_id: int) -> CoreSnapshot | None:
    """Return the snapshot the pointer is on, None before the first was confirmed."""
    return CoreSnapshot.objects.filter(institution_id=institution_id, state=State.IN_FORCE).first()


# --- Exposure -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CoreDebts:
    """What households owe and guarantee by one snapshot: its id and day, the kinds it answers for, obligations by household."""

    snapshot_id: int
    taken_on: date
    held: frozenset[ObligationKind]
    owed: Mapping[int, list[Obligation]] = field(default_factory=dict)


def core_debts(institution_id: int, subject_ids: Iterable[int]) -> CoreDebts | None:
    """Return what the members of households owe by the snapshot in force; None while there is none. Two queries in all.

    For the runs that compute decisions: the function behind it answers workers and the opener alone.
    """
    snapshot = in_force(institution_id)
    if snapshot is None:
        return None
    owed: dict[int, list[Obligation]] = {}
    with connection.cursor() as cursor:
        cursor.execute("select * from acc.core_debts(%s, %s)", [snapshot.pk, list(subject_ids)])
        for subject_id, kind, is_village_line, outstanding, undrawn in cursor.fetchall():
            owed.setdefault(subject_id, []).extend(
                obligations(CreditKind(kind), outstanding, undrawn, is_village_line=is_village_line)
            )
    return CoreDebts(snapshot.pk, snapshot.taken_on, held_by(snapshot), owed)


def core_debts_seen(institution_id: int, subject_id: int) -> CoreDebts | None:
    """Return the same of one household under the row security of who looks: for a decision computed by a person. Two queries."""
    snapshot = in_force(institution_id)
    if snapshot is None:
        return None
    members = CoreCredit.objects.filter(
        snapshot=snapshot,
        person__household_id=subject_id,
        person__left_on__isnull=True,
        person__erased_at__isnull=True,
    )
    sums = members.values("kind", "is_village_line").annotate(owed=Sum("outstanding"), free=Sum("undrawn"))
    owed: list[Obligation] = []
    for row in sums.order_by("kind", "is_village_line"):
        owed += obligations(CreditKind(row["kind"]), row["owed"], row["free"], is_village_line=row["is_village_line"])
    return CoreDebts(snapshot.pk, snapshot.taken_on, held_by(snapshot), {subject_id: owed})


def held_by(snapshot: CoreSnapshot) -> frozenset[ObligationKind]:
    """Return the obligations a snapshot answers for."""
    return kinds_held(CreditKind(kind) for kind in snapshot.summary["kinds"])


# --- One household ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Credits:
    """What the members of a household have here and elsewhere, for its page; contract numbers are masked."""

    snapshot: CoreSnapshot
    rows: list[dict[str, Any]]
    totals: list[tuple[Any, Decimal]]
    overdue_days: int
    worst: str
    old_days: int


def household_credits(institution_id: int, household_id: int) -> Credits | None:
    """Return the credits of a household's present members by the snapshot in force, under the row security of who looks."""
    snapshot = in_force(institution_id)
    if snapshot is None:
        return None
    members = CoreCredit.objects.filter(
        snapshot=snapshot,
        person__household_id=household_id,
        person__left_on__isnull=True,
        person__erased_at__isnull=True,
    )
    rows = list(members.select_related("person").order_by("person__pk", "kind", "contract"))
    sums = dict.fromkeys(("own_loan", "own_undrawn", "other_bank", "guarantee"), ZERO)
    for row in rows:
        sums[row.kind] += row.outstanding
        if row.kind in ("own_loan", "own_undrawn"):
            sums["own_undrawn"] += row.undrawn
    worst = max((row.category for row in rows if row.category), key=CATEGORIES.index, default="")
    return Credits(
        snapshot=snapshot,
        rows=[_credit(row) for row in rows],
        totals=[(CoreCredit.Kind(kind).label, amount) for kind, amount in sums.items()],
        overdue_days=max((max(row.interest_days, row.principal_days) for row in rows), default=0),
        worst=str(CoreCredit.Category(worst).label) if worst else "",
        old_days=age_past_limit(snapshot),
    )


def _credit(row: CoreCredit) -> dict[str, Any]:
    return {
        "who": row.person.name,
        "kind": row.get_kind_display(),
        "contract": masked_contract(row.contract),
        "amount": row.undrawn if row.kind == CoreCredit.Kind.OWN_UNDRAWN else row.outstanding,
        "undrawn": row.undrawn if row.kind == CoreCredit.Kind.OWN_LOAN else ZERO,
        "due_on": row.due_on,
        "days": max(row.interest_days, row.principal_days),
        "category": row.get_category_display() if row.category else "",
        "is_bad": row.category in CATEGORIES[2:],
        "is_village_line": row.is_village_line,
    }


def masked_contract(contract: str) -> str:
    """Return a contract number with its last four characters alone."""
    return f"…{contract[-4:]}" if len(contract) > 4 else "…"


def age_past_limit(snapshot: CoreSnapshot) -> int:
    """Return how many days old a snapshot is when that is more than its limits allow, else 0."""
    if snapshot.limits is None:
        return 0
    days = (clock.today() - snapshot.taken_on).days
    return days if days > Limits.from_document(snapshot.limits.document).old_after_days else 0


# --- Pages --------------------------------------------------------------------------------------------------------


def snapshots_page(post: Post, number: str | None) -> Page[CoreSnapshot]:
    """Return the files a post keeps, the newest first."""
    found = access.snapshots_for(post).select_related("uploaded_by", "settled_by").defer("summary")
    return Paginator(found.order_by("-uploaded_at", "-pk"), ON_PAGE).get_page(number)


def findings_page(snapshot: CoreSnapshot, level: str, number: str | None) -> Page[CoreFinding]:
    """Return the findings of a file, of one level or all, errors first."""
    found = CoreFinding.objects.filter(snapshot=snapshot)
    if level in LEVELS:
        found = found.filter(level=level)
    return Paginator(found.order_by("level", "row", "pk"), FINDINGS_ON_PAGE).get_page(number)


def told(findings: Iterable[CoreFinding], language: str) -> list[dict[str, Any]]:
    """Return findings in words."""
    return [
        {
            "row": one.row,
            "value": one.value,
            "level": one.get_level_display(),
            "tone": LEVELS[one.level],
            **snapshotwords.describe(one.code, one.column, one.value, one.also, language),
        }
        for one in findings
    ]


def level_counts(snapshot: CoreSnapshot) -> dict[str, int]:
    """Return how many findings of each level a file has."""
    return {level: sum(snapshot.summary.get(f"{level}s", {}).values()) for level in LEVELS}


def stats_of(snapshot: CoreSnapshot) -> list[dict[str, Any]]:
    """Return the figures at the head of a snapshot's page."""
    found = snapshot.summary
    loans = Sums.from_document(found.get("kinds", {}).get("own_loan"))
    filed = Sums.from_document(found.get("filed", {}).get("own_loan"))
    return [
        {"label": _("文件行数"), "value": display.number(found.get("rows", 0)), "unit": _("行")},
        {"label": _("已建档的人"), "value": display.number(found.get("people", 0)), "unit": _("人").lower()},
        {
            "label": _("没有登记的人"),
            "value": display.number(found.get("unknown", 0)),
            "unit": _("人").lower(),
            "note": _("只列出，不计入"),
        },
        {
            "label": _("本行贷款余额"),
            "value": display.wan_figure(loans.outstanding),
            "unit": _("万元"),
            "note": _("其中已建档的人 %(amount)s 万元") % {"amount": display.wan_figure(filed.outstanding)},
        },
    ]


def compared_sections(snapshot: CoreSnapshot) -> list[dict[str, Any]]:
    """Return the figures of a snapshot beside those of the one it was compared with, kind by kind."""
    before = snapshot.compared.summary if snapshot.compared is not None else {}
    sections = []
    for kind in CoreCredit.Kind:
        was = Sums.from_document(before.get("kinds", {}).get(kind.value))
        now = Sums.from_document(snapshot.summary.get("kinds", {}).get(kind.value))
        if not was.rows and not now.rows:
            continue
        rows = [_line(_("笔数"), was.rows, now.rows, display.number)]
        if kind != CoreCredit.Kind.OWN_UNDRAWN:
            rows.append(_line(_("余额（元）"), was.outstanding, now.outstanding, display.yuan_figure))
        if was.undrawn or now.undrawn:
            rows.append(_line(_("未用额度（元）"), was.undrawn, now.undrawn, display.yuan_figure))
        sections.append({"title": kind.label, "rows": rows})
    return sections


def _line(label: str, before: Any, after: Any, written: Any) -> dict[str, Any]:
    return {
        "label": label,
        "before": written(before),
        "after": written(after),
        "changed": before != after,
        "change": after - before if before != after else None,
    }


def _percent(text: str) -> str:
    return f"{Decimal(text).normalize():,f}"


FLAGS = {
    "outstanding_up": gettext_lazy("本行贷款余额增加 %(percent)s%%，超过 %(limit)s%%"),
    "outstanding_down": gettext_lazy("本行贷款余额减少 %(percent)s%%，超过 %(limit)s%%"),
    "contracts_new": gettext_lazy("新出现的合同占上一份的 %(percent)s%%，超过 %(limit)s%%"),
    "contracts_gone": gettext_lazy("不再出现的合同占上一份的 %(percent)s%%，超过 %(limit)s%%"),
    "kind_gone": gettext_lazy("上一份有%(kind)s，这一份一笔也没有"),
}


def flag_words(snapshot: CoreSnapshot) -> list[str]:
    """Return what changed by more than released, in words."""
    return [
        str(FLAGS[flag["code"]])
        % {
            "percent": _percent(flag["percent"]),
            "limit": _percent(flag["limit"]),
            "kind": CoreCredit.Kind(flag["kind"]).label if flag["kind"] else "",
        }
        for flag in snapshot.summary.get("flags", [])
    ]


def not_held(snapshot: CoreSnapshot) -> list[str]:
    """Return the kinds a file has no rows of, which exposure goes on reading from the checked file."""
    held = held_by(snapshot)
    wanted = ((ObligationKind.OTHER_BANKS, "other_bank"), (ObligationKind.GUARANTEES, "guarantee"))
    return [str(CoreCredit.Kind(kind).label) for obligation, kind in wanted if obligation not in held]
