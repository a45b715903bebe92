"""One household's line with everything that led to it: what the explanation page and the paper show.

The figures are computed again by the reference evaluator from the stored inputs and must equal the stored result; when they
do not, the page says so and shows none of them (``wrong``).
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from config.lib.display import day, wan
from config.lib.weeks import business_day
from credit.access import decisions_for
from credit.domain import bounds
from credit.domain.changes import Changes, FactChange, compare
from credit.domain.explain import Table
from credit.domain.facts import SOURCES
from credit.domain.handed import for_customer
from credit.domain.model import BoundModel, Explanation, Label, ValueType, explain_result
from credit.domain.model.explanation import Given
from credit.domain.since import explain_changes
from credit.domain.trace import exact_text
from credit.domain.wording import bound_name, explain_steps
from credit.models import Decision, LineResult
from credit.selectors import lines
from credit.selectors.decisions import GrantedLine, granted_lines, trace_steps
from credit.selectors.explained_model import Bar, ModelPage
from grids.access import Post

if TYPE_CHECKING:
    from customers.models import Household


@dataclass(frozen=True)
class Input:
    """One fact with where it was read and the day it was checked; both empty when the file does not say it."""

    label: str
    value: str
    source: str
    on: str


@dataclass(frozen=True)
class Notice:
    """A released notice in the reader's language."""

    title: str
    paragraphs: tuple[str, ...]


LISTED = frozenset(name for name, source in SOURCES.items() if source.is_list)
"""Inputs that are read from the lists."""


def _told(bound: BoundModel, used: lines.Inputs) -> Explanation:
    """Explain a result as it may be handed to the customer: nothing of other people in it."""
    return for_customer(explain_result(bound.model, bound.evaluate(used.facts)), bound.model, LISTED)


class LinePage(ModelPage):
    """The explanation of one stored result for a reader; sentences and tables are in the reader's language."""

    def __init__(self, result: LineResult, household: "Household", post: Post) -> None:
        self.result = result
        self.household = household
        self.post = post
        self.used = lines.inputs_of(result)
        self.wrong = lines.differences(result, self.used)
        bound = lines.bound_model(result.run)
        super().__init__(bound.model, _told(bound, self.used))

    @property
    def customer(self) -> str:
        """Whom the line is explained to: the borrower, else the head; "—" for a household without either."""
        person = self.household.borrower or self.household.head
        return person.name if person and person.name else "—"

    @cached_property
    def notice(self) -> Notice | None:
        """How to object and ask for a review by people (PIPL, article 24); None while nothing is released."""
        release = lines.notice_in_force(self.result.institution_id)
        if release is None:
            return None
        text = release.document["en" if self.language == "en" else "zh"]
        where = _("请到%(branch)s提出，由人工复核，%(days)s 个工作日内答复。") % {
            "branch": self.household.grid.branch.name,
            "days": release.document["answer_days"],
        }
        return Notice(text["title"], (*text["paragraphs"], where))

    @cached_property
    def current(self) -> LineResult | None:
        """The household's current result, which may be another one than this."""
        return lines.current_line([self.result.subject_id]).get(self.result.subject_id)

    @property
    def is_current(self) -> bool:
        """Whether this result is the one in force."""
        return self.current is not None and self.current.pk == self.result.pk

    @cached_property
    def granted(self) -> GrantedLine | None:
        """The line the household holds by decision."""
        return granted_lines([self.result.subject_id]).get(self.result.subject_id)

    @cached_property
    def decision(self) -> Decision | None:
        """The decision that took this result as its model line."""
        made = decisions_for(self.post).filter(subject_id=self.result.subject_id, line_result=self.result)
        return made.select_related("round").order_by("-pk").first()

    @cached_property
    def decision_words(self) -> list[str]:
        """How the bounds of the decision led to its figure."""
        if self.decision is None:
            return []
        return explain_steps(trace_steps(self.decision, "proposal"), self.language)

    # --- Waterfall ------------------------------------------------------------------------------------------------

    @cached_property
    def bars(self) -> list[Bar]:
        """The steps from the formulas to the final figure: the model's own, then the bounds of a decision."""
        if not self.is_complete:
            return []
        return self._with_bounds(self._model_bars())

    def _with_bounds(self, found: list[Bar]) -> list[Bar]:
        decision = self.decision
        if decision is None or decision.proposed_amount is None or self.result.line is None:
            return found
        running = self.result.line
        amounts = {
            bounds.BoundCode.MERGED: decision.merged_amount,
            bounds.BoundCode.PRODUCT_CAP: decision.product_cap,
            bounds.BoundCode.COMBINED_CAP: decision.combined_room,
            bounds.BoundCode.HEADROOM: decision.headroom,
        }
        for code, amount in amounts.items():
            if amount is not None:
                after = min(running, amount)
                binds = code.value in decision.binding and amount <= running
                name = bound_name(code.value, trace_steps(decision, "proposal"), self.language)
                found.append(Bar("cap", name, "", amount, running, after, binds))
                running = after
        final = decision.proposed_amount
        found.append(Bar("final", _("测算的授信额度"), "", final, running, final))
        if self.granted is not None and self.granted.decision_id == decision.pk and self.granted.amount != final:
            found.append(Bar("final", _("批准的授信额度"), "", self.granted.amount, final, self.granted.amount))
        return found

    # --- Tables ---------------------------------------------------------------------------------------------------

    @property
    def parameters(self) -> Table | None:
        """The released parameters used; that they are parameters need not stand in every row."""
        table = self.table("parameters")
        return table and replace(table, head=table.head[:-1], rows=tuple(row[:-1] for row in table.rows))

    @property
    def parameters_note(self) -> str:
        """Which release the parameters are."""
        bases = self.result.run.bases
        if bases is None:
            return ""
        return _("县基数第 %(version)s 版，%(day)s 起") % {"version": bases.version, "day": day(bases.effective_on)}

    @cached_property
    def inputs(self) -> list[Input]:
        """The facts with source and date."""
        table = self.table("inputs")
        rows = table.rows if table else ()
        return [self._input(given, row) for given, row in zip(self.explanation.inputs, rows, strict=False)]

    def _input(self, given: Given, row: tuple[str, ...]) -> Input:
        if given.value is None:
            return Input(row[0], _("没有填写"), "", "")
        if given.source == "default":
            return Input(row[0], row[1], _("没有填写，按规定值计算"), "")
        source = self.used.readings[given.name]
        if source.is_list:
            return Input(
                row[0],
                row[1],
                source.words.text(self.language),
                self.used.finding.on.isoformat() if self.used.finding else "",
            )
        if source.where == "village":
            return Input(
                row[0], row[1], source.words.text(self.language), business_day(self.result.run.as_of).isoformat()
            )
        if source.where == "beside":
            return Input(
                row[0], row[1], source.words.text(self.language), business_day(self.result.run.as_of).isoformat()
            )
        revision = _("采集表第 %(number)s 版") % {"number": self.used.revision}
        return Input(row[0], row[1], f"{revision} · {source.words.text(self.language)}", self._checked_on)

    # --- Since last time ------------------------------------------------------------------------------------------

    @cached_property
    def before(self) -> LineResult | None:
        """The result published before this one."""
        return lines.earlier_result(self.result)

    @cached_property
    def changes(self) -> Changes | None:
        """Why the line is higher or lower than the one before."""
        if self.before is None:
            return None
        return compare(_told(lines.bound_model(self.before.run), lines.inputs_of(self.before)), self.explanation)

    @cached_property
    def changes_words(self) -> list[str]:
        """The same in sentences."""
        return explain_changes(self.changes, self.language) if self.changes else []

    @property
    def changed(self) -> list[dict[str, str]]:
        """What changed in facts and parameters, written."""
        if self.changes is None:
            return []
        rows = [(entry, _("采集数据")) for entry in self.changes.facts]
        rows += [(entry, _("参数")) for entry in self.changes.parameters]
        return [
            {
                "label": entry.label.text(self.language),
                "kind": kind,
                "before": self._value(entry, entry.before),
                "after": self._value(entry, entry.after),
            }
            for entry, kind in rows
        ]

    def _value(self, entry: FactChange, value: Any) -> str:
        if isinstance(value, Label):
            return value.text(self.language)
        if isinstance(value, bool):
            return _("是") if value else _("否")
        if isinstance(value, Decimal):
            return wan(value) if entry.type is ValueType.MONEY else exact_text(value)
        return _("没有填写") if value is None else str(value)

    @property
    def file_note(self) -> str:
        """Which revision the facts come from."""
        return _("采集表第 %(number)s 版，%(day)s 复核") % {
            "number": self.used.revision,
            "day": day(self.used.checked_on),
        }

    @property
    def _checked_on(self) -> str:
        return self.used.checked_on.isoformat() if self.used.checked_on else ""
