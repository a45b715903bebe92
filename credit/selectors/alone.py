"""The model line of one household by itself: the published one where it rests on the newest checked file, else computed now by the
same reference evaluator a run uses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from config.lib import clock, releases
from config.lib.models import Release
from config.lib.weeks import business_day
from credit.domain import facts
from credit.domain.facts import Finding, Frozen, Reading
from credit.domain.handed import for_customer
from credit.domain.model import BoundModel, Explanation, ParameterError, explain_result
from credit.models import LineResult
from credit.selectors import lines
from credit.selectors.explained import LISTED
from credit.selectors.explained_model import ModelPage
from customers.domain.facts import age_on, months_begun
from customers.selectors.applicants import applicant_of
from customers.selectors.facts import Beside, beside_file, frozen_file, register

if TYPE_CHECKING:
    from grids.models import Institution

LINE, INCOMPLETE, NONE = "line", "incomplete", "none"


@dataclass(frozen=True)
class Alone:
    """``state`` is line, incomplete (facts are missing) or none (no file, no model); ``line`` in yuan. ``result`` is the published
    one, else ``document`` keeps facts, versions and outcome of the computation."""

    state: str
    line: Decimal | None = None
    result: LineResult | None = None
    document: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class InForce:
    """A model in force on a day with the parameters of the county."""

    release: Release
    bases: Release | None
    bound: BoundModel


def model_in_force(institution: "Institution", model_key: str, day: date) -> InForce | None:
    """Return the model a single household is computed by; None where none is released, or a parameter it needs is not."""
    try:
        release = releases.in_force(institution.pk, lines.MODEL_KIND, day, model_key)
    except releases.NotReleased:
        return None
    try:
        bases = releases.in_force(institution.pk, lines.BASES_KIND, day, institution.county_code)
    except releases.NotReleased:
        bases = None
    try:
        return InForce(release, bases, lines.bind(release, bases))
    except ParameterError:
        return None


def line_of(institution: "Institution", subject_id: int, profile: Any, model_key: str, mode: str = "") -> Alone:
    """Return the model line of one household from its newest trusted revision (None: there is no file), for a way in (``mode``)
    where the model names them."""
    if profile is None:
        return Alone(NONE)
    current = lines.current_line([subject_id]).get(subject_id)
    if current is not None and current.profile_id == profile.pk and _is_by(mode, current):
        return Alone(INCOMPLETE if current.line is None else LINE, current.line, current)
    return _computed(institution, subject_id, profile, model_key, mode)


def _is_by(mode: str, result: LineResult) -> bool:
    """Whether a published line is that of a way in: runs name none, so it is the model's default."""
    model = lines.model_of(lines.with_model(result).model)
    if model.modes is None or not mode:
        return True
    return next(entry.default == mode for entry in model.inputs if entry.name == model.modes.input)


def _computed(institution: "Institution", subject_id: int, profile: Any, model_key: str, mode: str) -> Alone:
    now = clock.now()
    day = business_day(now)
    found_model = model_in_force(institution, model_key, day)
    if found_model is None:
        return Alone(NONE)
    release, bases, bound = found_model.release, found_model.bases, found_model.bound
    modes = bound.model.modes
    if mode and modes is not None and mode not in modes.caps:
        return Alone(NONE)  # the model no longer knows this way in
    places = register(institution.pk)
    known = facts.readings(bound.model, places)
    beside = _beside(known, subject_id, now)
    if beside is None:
        return Alone(NONE)
    finding = lines.findings_at([subject_id], now).get(subject_id)
    given = facts.facts_for(bound.model, _frozen(subject_id, profile, beside, finding, day), places)
    if mode and modes is not None:
        given[modes.input] = mode
    found = facts.outcome(bound.evaluate(given), facts.beside(bound.model))
    document = {
        "model": release.pk,
        "bases": bases.pk if bases else None,
        "profile": profile.pk,
        "on": day.isoformat(),
        "facts": given,
        "entry": finding.entry if finding is not None else None,
        "inputs_hash": releases.document_hash([given, release.sha256, bases.sha256 if bases else "", day.isoformat()]),
        "outcome": {name: str(value) if isinstance(value, Decimal) else value for name, value in found.items()},
    }
    return Alone(INCOMPLETE if found["line"] is None else LINE, found["line"], None, document)


def _beside(known: Mapping[str, Reading], subject_id: int, at: datetime) -> Beside | None:
    """What the model asks of the village and of businesses; nothing is read where it asks for neither."""
    village = sorted({one.name for one in known.values() if one.where == "village"})
    if village or any(one.name == "businesses" for one in known.values()):
        return beside_file(subject_id, village, at)
    return Beside()


def _frozen(subject_id: int, profile: Any, beside: Beside, finding: Finding | None, day: date) -> Frozen:
    """What a run reads of the household (``line_batches.Gathered.frozen``), by one household's own indexes."""
    file, who = frozen_file(profile.pk), applicant_of(subject_id)
    return Frozen(
        values=file.values,
        answers=file.answers,
        breaches=file.breaches,
        age=None if who.born_on is None else age_on(who.born_on, day),
        age_months=None if who.born_on is None else months_begun(who.born_on, day),
        sex=who.sex,
        businesses=beside.businesses,
        finding=finding.code if finding is not None else "",
        village=beside.medians,
    )


def explained(document: dict[str, Any]) -> ModelPage | None:
    """Return the explanation of a line that was computed alone, for the customer; None when it does not come out the same again."""
    wanted = [pk for pk in (document.get("model"), document.get("bases")) if pk is not None]
    known = {release.pk: release for release in Release.objects.filter(pk__in=wanted)}
    if document.get("model") not in known:
        return None
    bound = lines.bind(known[document["model"]], known.get(document["bases"]))
    result = bound.evaluate(document["facts"])
    if (None if result.line is None else str(result.line)) != document["outcome"]["line"]:
        return None
    explanation: Explanation = for_customer(explain_result(bound.model, result), bound.model, LISTED)
    return ModelPage(bound.model, explanation)
