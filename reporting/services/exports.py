"""A report as a file: the same tables as on the page, in a spreadsheet or on paper."""

from datetime import timedelta

from config.lib import clock, files
from config.lib.models import StoredFile
from config.lib.pdf import render
from config.lib.sheets import Sheet, write_workbook
from config.lib.tables import Words
from reporting.domain.report import Report
from reporting.domain.weekly import report_paper, stamps

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
INLINE_ROWS = 200
"""A paper with more rows than this is drawn by a worker, not while a page waits."""
KEPT = timedelta(days=7)


def file_name(report: Report, ending: str) -> str:
    """Return the name of a downloaded report: bank or branch, week."""
    scope = report.head.figures.name if report.head else report.scope_name
    return f"周报-{report.week.code}-{scope or report.bank}.{ending}"


def workbook(report: Report, language: str) -> bytes:
    """Return the report as .xlsx, one sheet a table; the same report gives the same bytes."""
    head = report.head.figures.name if report.head else report.scope_name
    marks = [
        Words(f"{report.bank} {head}".strip(), ""),
        Words(report.week.label("zh"), report.week.label("en")),
        *stamps(report.cut_at, report.frozen_at),
    ]
    if report.fingerprint:
        marks.append(Words(f"数据指纹 {report.fingerprint}", f"Data fingerprint {report.fingerprint}"))
    sheets = [Sheet(table=table, stamps=marks) for table in report.tables(language)]
    return write_workbook(sheets, language=language, created=report.cut_at, author=report.bank)


def paper_pdf(report: Report, language: str) -> bytes:
    """Return the report as PDF, A4 landscape; the same report gives the same bytes."""
    head = report.head.figures.name if report.head else report.scope_name
    data = report_paper(
        bank=report.bank,
        scope=head,
        week=report.week,
        cut_at=report.cut_at,
        frozen_at=report.frozen_at,
        total=report.total,
        sentences=report.said(language),
        tables=report.tables(language),
        fingerprint=report.fingerprint,
        language=language,
    )
    return render("weekly", data, language)


def store_paper(
    report: Report, language: str, *, institution_id: int, stored_by_id: int | None, scope: str
) -> StoredFile:
    """Draw a large report and keep it for a week, for the rights it was asked under."""
    return files.store(
        content=paper_pdf(report, language),
        name=file_name(report, "pdf"),
        content_type=PDF,
        kind=StoredFile.Kind.EXPORT,
        institution_id=institution_id,
        stored_by_id=stored_by_id,
        expires_at=clock.now() + KEPT,
        scope=scope,
    )
