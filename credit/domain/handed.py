"""An explanation as it is handed to the customer: nothing of other people in it (PIPL, articles 24 and 44; Design, section 4).

A fact read from the lists may be about any member of the household. That there is an entry decides the line and is told; what
it says is told to the person concerned alone, never on a paper a spouse or a neighbour may read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from credit.domain.model import Explanation, Label, Model
from credit.domain.model.document import Formula
from credit.domain.model.explanation import Computed, ExplainedReason, Given, Term

ENTRY = Label("有记录，内容只向本人说明", "an entry; what it says is told to the person concerned alone")
VETOED = Label("名单事项，按规定不授信", "an entry on a list: no line is granted")


def for_customer(explanation: Explanation, model: Model, lists: Collection[str]) -> Explanation:
    """The explanation without what entries on the lists say. ``lists`` names the inputs that are read from the lists."""
    hidden = {entry.name for entry in explanation.inputs if entry.name in lists and entry.source == "fact"}
    if not hidden:
        return explanation
    vetoed = _reasons_resting_on(model, hidden)

    def terms(found: Iterable[Term]) -> tuple[Term, ...]:
        return tuple(replace(term, value="", shown=ENTRY) if term.name in hidden else term for term in found)

    def computed(figures: Iterable[Computed]) -> tuple[Computed, ...]:
        return tuple(
            replace(
                figure,
                terms=terms(figure.terms),
                choice=ENTRY if figure.choice and any(term.name in hidden for term in figure.terms) else figure.choice,
            )
            for figure in figures
        )

    def given(entry: Given) -> Given:
        return replace(entry, value="", shown=ENTRY) if entry.name in hidden else entry

    def reason(entry: ExplainedReason) -> ExplainedReason:
        return replace(entry, label=VETOED) if entry.code in vetoed else entry

    return replace(
        explanation,
        inputs=tuple(given(entry) for entry in explanation.inputs),
        derived=computed(explanation.derived),
        items=computed(explanation.items),
        coefficients=terms(explanation.coefficients),
        lines=computed(explanation.lines),
        combined=None if explanation.combined is None else computed([explanation.combined])[0],
        reasons=tuple(reason(entry) for entry in explanation.reasons),
    )


def _reasons_resting_on(model: Model, names: Collection[str]) -> set[str]:
    """Codes of the vetoes that read a fact of the lists, directly or through derived figures; a grade says nothing of why."""
    resting = set(names)
    for figure in model.derived:
        if isinstance(figure.rule, Formula) and resting & set(figure.rule.node.names()):
            resting.add(figure.name)
    return {veto.reason for veto in model.vetoes if resting & set(veto.node.names())}
