from django.apps import AppConfig


class ReportingConfig(AppConfig):
    """Weekly reports, overviews and audit samples."""

    name = "reporting"
    verbose_name = "报表与审计"
