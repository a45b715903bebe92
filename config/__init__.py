"""Composition of Gedang: settings, URLs, Celery and the shared primitives in ``config.lib``. Holds no business rule."""
