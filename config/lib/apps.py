"""The primitives as a Django app: its tables are releases, jobs, history, audit events and stored files."""

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class LibConfig(AppConfig):
    """Applies the guards of every table after each migration (see ``config.lib.guards``)."""

    name = "config.lib"
    label = "lib"
    verbose_name = "Primitives"

    def ready(self) -> None:
        from config.lib import checks, guards  # noqa: F401  (checks register themselves)

        # Every process that may send a task needs the configured application as the current one.
        import_module(settings.CELERY_MODULE)
        # ... and the kinds of jobs that the apps' task modules register.
        autodiscover_modules("tasks")
        # ... and the kinds of parameters every app knows.
        autodiscover_modules("parameter_kinds")

        post_migrate.connect(guards.apply_after_migrate, dispatch_uid="gedang.guards")
