"""Named places on a page that higher apps fill: settings list URL names, htmx fetches them, no import points upwards."""

from typing import Any

from django.conf import settings
from django.urls import reverse


def slots(page: str, **arguments: Any) -> list[str]:
    """Return the addresses that fill the slots of a page (``PAGE_SLOTS``), with the arguments of the page."""
    return [reverse(name, kwargs=arguments) for name in settings.PAGE_SLOTS.get(page, ())]
