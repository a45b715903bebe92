from django.apps import AppConfig


class CreditConfig(AppConfig):
    """Lines, rounds and decisions."""

    name = "credit"
    verbose_name = "授信"
