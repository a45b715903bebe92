from django.apps import AppConfig


class GridsConfig(AppConfig):
    """The territory and its people."""

    name = "grids"
    verbose_name = "网格"
