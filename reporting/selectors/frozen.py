"""What proves that a frozen week is still what was frozen: one digest over everything it shows."""

import json
from collections.abc import Sequence
from hashlib import sha256

from config.lib.clock import SHANGHAI
from reporting.models import ReportRow, WeeklyReport


def digest(report: WeeklyReport, rows: Sequence[ReportRow]) -> str:
    """Return the sha256 over everything a frozen week shows; the same whenever it is computed."""
    head = [
        report.campaign_id,
        f"{report.iso_year}-W{report.iso_week:02d}",
        report.cut_at.astimezone(SHANGHAI).isoformat(),
        report.frozen_at.astimezone(SHANGHAI).isoformat(),
        report.parameters,
        report.sentences,
    ]
    body = [
        [
            row.level,
            row.order,
            row.unit_id,
            row.parent_id,
            row.owner_id,
            row.name,
            row.owner,
            row.roster,
            row.blocked,
            row.week,
            row.cumulative,
            row.rank,
            row.rank_change,
        ]
        for row in sorted(rows, key=lambda row: (row.level, row.order))
    ]
    text = json.dumps([head, body], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def is_intact(report: WeeklyReport) -> bool:
    """Whether a frozen week still is what was frozen."""
    return digest(report, list(ReportRow.objects.filter(report=report))) == report.rows_hash
