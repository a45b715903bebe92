"""A visit page of nobody: a form as officers will see it, with made-up people, for its preview."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.domain.form import Form
from customers.domain.visits import FILED_OUTCOMES
from customers.forms.visits import VisitForm
from customers.selectors.visits import CHILD, ELDER, VisitStart


@dataclass(frozen=True)
class Example:
    """A made-up member."""

    pk: int
    name: Any
    relation: str
    age: int
    shown: Any

    def get_relation_display(self) -> str:
        """Return the relation to the head in words."""
        return str(self.shown)

    @property
    def is_light(self) -> bool:
        """Whether name and relation are all that is asked of the member."""
        return self.relation not in ("head", "spouse") and (self.age < CHILD or self.age >= ELDER)


FAMILY = (
    Example(1, gettext_lazy("甲（示例）"), "head", 46, gettext_lazy("户主")),
    Example(2, gettext_lazy("乙（示例）"), "spouse", 44, gettext_lazy("配偶")),
    Example(3, gettext_lazy("丙（示例）"), "child", 12, gettext_lazy("子女")),
)


def specimen(asked: Form) -> dict[str, Any]:
    """Return what the visit page shows for a form: a first visit to a made-up place."""
    is_household = asked.subject == "household"
    people = list(FAMILY) if is_household else []
    form = VisitForm(
        definition=asked,
        people=people,
        colleagues=[],
        purposes=list(VisitStart.purposes),
        outcomes=list(VisitStart.outcomes),
        channels=list(VisitStart.channels),
        met_roles=list(VisitStart.met_roles),
        initial={"purpose": "census", "channel": "site", "outcome": "interviewed", "consent": "spoken"},
    )
    pages = form.steps()
    place = SimpleNamespace(
        pk=0, grid=SimpleNamespace(name=_("示例村")), group="", number="", address="", head_id=FAMILY[0].pk
    )
    return {
        "home": place,
        "title": str(FAMILY[0].name) if is_household else _("示例商户"),
        "is_household": is_household,
        "form": form,
        "start": SimpleNamespace(returned=None, next_number=1),
        "notice": {"title": _("告知书"), "paragraphs": [_("这里是现行的告知书全文。")]},
        "filed_outcomes": " ".join(sorted(FILED_OUTCOMES)),
        "members": [_member(row, people) for row in form.rows.get("members", ())],
        "pages": pages,
        "steps": [_("见面与同意"), *(page.title for page in pages), _("拍照完成")],
        "last_look": [total for page in pages for total in page.totals if total.is_net],
        "editions": [],
    }


def _member(row: Any, people: list[Example]) -> Mapping[str, Any]:
    person = row.who or people[0]
    return {
        "form": row,
        "is_head": person.relation == "head",
        "person": person,
        "age": person.age,
        "is_light": person.is_light,
        "masked": {"phone": ""},
    }
