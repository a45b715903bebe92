"""What credit adds to the history of a household: its applications outside the rounds."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from config.lib import display
from credit.access import ROUND_POSTS, applications_for
from credit.domain.applications import Stage
from credit.selectors.applications import rows_of
from credit.selectors.explained_model import language
from customers.selectors.timeline import Event, event, register
from grids.access import Post


def applications(subject_id: int, post: Post) -> Iterator[Event]:
    """Every application with its state and amount, and when one ended without a line; grants are milestones of their own."""
    if post.kind not in ROUND_POSTS:
        return
    found = applications_for(post).filter(subject_id=subject_id).select_related("rules", "owner", "received_by")
    for row in rows_of(found.defer("settings"), language()):
        one = row.application
        url = reverse("credit:application", args=[one.pk])
        text = f"{display.money(one.amount)} · {row.mode}"
        said = {"by": one.received_by.name, "text": text, "url": url, "badge": row.label, "tone": row.tone}
        yield event(one.received_at, _("受理单户申请"), "inbox", 2, **said)
        if one.ended_at is not None and one.stage in (Stage.REFUSED, Stage.CANCELLED):
            yield event(
                one.ended_at, _("单户申请：%(state)s") % {"state": row.label}, "returned", 3, text=text, url=url
            )


register(applications)
