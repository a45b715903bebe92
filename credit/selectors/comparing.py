"""Two texts of a model on one frozen population: what the comparison finds, ready to be kept, and how it is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from config.lib.display import moment, number, wan
from config.lib.parameters.kinds import Tried
from config.lib.releases import document_hash
from credit.domain.causes import Cause, causes
from credit.domain.disparity import together
from credit.domain.laboratory import Moves, crossed, side_by_side
from credit.domain.model import BoundModel, Model, ParameterError, difference, explain_result, read_model
from credit.domain.model.batch import TooWide, compile_model
from credit.domain.population import GROUPS, absent, facts_at
from credit.domain.trace import exact_text
from credit.domain.withheld import withheld
from credit.models import Population, Trial
from credit.selectors.explained_model import ModelPage, language
from credit.selectors.laboratory import Text
from credit.selectors.populations import described, facts_of, groups_of, household_facts

SIDES = ("before", "after")
EVERYBODY = "all"
MOST_SHOWN = 10
MOST_CAUSES = 30


@dataclass(frozen=True)
class Side:
    """One of the two texts compared, with the parameters it was given."""

    text: Text
    model: Model
    parameters: Mapping[str, Decimal]

    def named(self) -> dict[str, Any]:
        """Which text it is, as ``side_name`` says it."""
        standing = self.text.row.version if not self.text.is_draft else 0  # type: ignore[union-attr]
        return {"key": self.text.key, "sort": self.text.sort, "pk": self.text.pk, "standing": standing}

    def kept(self) -> dict[str, Any]:
        """What a trial keeps of it."""
        return self.named() | {
            "digest": self.model.digest,
            "document": self.text.document,
            "parameters": {name: str(value) for name, value in self.parameters.items()},
        }


def compared(population: Population, before: Side, after: Side, smallest: int) -> dict[str, Any]:
    """Return everything a comparison finds, JSON-ready; amounts in yuan as decimal strings. Of groups of fewer than ``smallest``
    households, and of those that would give them away, nothing is told but that they are (``credit.domain.withheld``).

    Raises TooWide for a model whose figures may leave 64 bits and ParameterError for parameters it refuses.
    """
    facts = facts_of(population, before.model, after.model)
    groups = groups_of(population)
    old, new = (
        compile_model(BoundModel(side.model, side.parameters)).evaluate(known, population.households)
        for side, known in zip((before, after), facts, strict=True)
    )
    found = side_by_side(old, new, {name: groups[name] for name in GROUPS if name in groups})
    both = crossed(groups["sex"], groups["age_band"])
    fare = dict(zip(SIDES, together((old, new), both, smallest), strict=True))
    return _plain(
        {
            "before": record_of(found.before),
            "after": record_of(found.after),
            "whole": record_of(found.whole),
            "smallest": smallest,
            "by": {name: _told(rows, smallest) for name, rows in found.by.items()},
            "disparity": {
                side: [record_of(one.overall) | {"code": EVERYBODY}, *(record_of(cell) for cell in one.cells)]
                for side, one in fare.items()
            },
            "causes": [_cause(one) for one in causes(old, new)[:MOST_CAUSES]],
            "risers": [record_of(one) for one in found.risers],
            "fallers": [record_of(one) for one in found.fallers],
        }
    )


def _told(rows: Sequence[Moves], smallest: int) -> list[dict[str, Any]]:
    """The moves of groups; of one that is withheld its name alone."""
    hidden = withheld([one.households for one in rows], smallest)
    return [{"code": one.code} if place in hidden else record_of(one) for place, one in enumerate(rows)]


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "kind": cause.kind,
        "zh": cause.label.zh if cause.label else cause.code,
        "en": cause.label.en if cause.label else cause.code,
        "households": cause.households,
        "up": cause.up,
        "down": cause.down,
    }


def refusal_of(error: TooWide | ParameterError) -> str:
    """Return why a comparison cannot be made, and what to do."""
    if isinstance(error, TooWide):
        return _("模型的数值范围太大，不能整批计算。请收紧数据的最小和最大值")
    return _("模型参数不能用：%(error)s") % {"error": error}


def record_of(value: Any) -> dict[str, Any]:
    """Return a calculation as a record; read-only mappings become plain ones."""
    return {name: dict(one) if isinstance(one, Mapping) else one for name, one in vars(value).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value.item() if hasattr(value, "item") else value


# --- How a trial is shown -----------------------------------------------------------------------------------------


class TrialPage:
    """A trial for its page: headline, distribution, who moves, the largest, lines by sex and age."""

    def __init__(self, trial: Trial, by: str = "") -> None:
        self.trial = trial
        self.figures = trial.figures
        # The order of GROUPS: what is kept as JSON forgets it.
        self.groups = [group for group in GROUPS if group in self.figures["by"]]
        self.by = by if by in self.groups else next(iter(self.groups), "")
        self.language = language()

    @property
    def names(self) -> dict[str, str]:
        """The two texts in words."""
        return names_of({side: getattr(self.trial, side) for side in SIDES})

    @property
    def absent(self) -> list[str]:
        """The facts the newer text reads that the population does not hold."""
        return absent_facts(self.trial.population, read_model(self.trial.after["document"]))

    @property
    def changed_parameters(self) -> list[dict[str, str]]:
        """The parameters that differ, with their labels."""
        before, after = (getattr(self.trial, side) for side in SIDES)
        labels = {
            one["name"]: one["label"] for side in (before, after) for one in side["document"].get("parameters", ())
        }
        rows = []
        for name in dict.fromkeys((*before["parameters"], *after["parameters"])):
            was, now = before["parameters"].get(name, ""), after["parameters"].get(name, "")
            if was != now:
                label = labels.get(name, {})
                said = label.get("en" if self.language == "en" else "zh", name)
                rows.append({"label": said, "before": _written(was), "after": _written(now)})
        return rows

    @property
    def stats(self) -> list[dict[str, Any]]:
        """The headline figures."""
        whole, before, after = (self.figures[name] for name in ("whole", "before", "after"))
        moved = int(whole["up"]) + int(whole["down"]) + int(whole["gained"]) + int(whole["lost"])
        change = Decimal(after["total"]) - Decimal(before["total"])
        return [
            {"label": _("额度有变化"), "value": number(moved), "unit": _("户"),
             "note": _("共 %(count)s 户") % {"count": number(whole["households"])}},
            {"label": _("升"), "value": number(int(whole["up"]) + int(whole["gained"])), "unit": _("户")},
            {"label": _("降"), "value": number(int(whole["down"]) + int(whole["lost"])), "unit": _("户")},
            {"label": _("合计增减"), "value": wan(change), "note": f"{wan(Decimal(before['total']))} → {wan(Decimal(after['total']))}"},
        ]  # fmt: skip

    @property
    def chart(self) -> dict[str, Any]:
        """Lines in bins, before and after."""
        return spread_chart(self.names, self.figures)

    @property
    def spread(self) -> list[dict[str, Any]]:
        """The two distributions in figures, row by row."""
        rows = [
            (_("有额度"), [number(self.figures[side]["with_line"]) for side in SIDES]),
            (_("额度为 0"), [number(self.figures[side]["zero"]) for side in SIDES]),
            (_("其中被否决"), [number(self.figures[side]["refused"]) for side in SIDES]),
            (_("缺数据"), [number(self.figures[side]["incomplete"]) for side in SIDES]),
            (_("合计"), [wan(Decimal(self.figures[side]["total"])) for side in SIDES]),
            (_("平均"), [self._amount(self.figures[side]["mean"]) for side in SIDES]),
            (_("中位数"), [self._amount((self.figures[side]["quartiles"] or [None, None])[1]) for side in SIDES]),
            (_("最高"), [wan(Decimal(self.figures[side]["highest"])) for side in SIDES]),
        ]
        return [{"label": label, "before": values[0], "after": values[1]} for label, values in rows]

    def _amount(self, value: Any) -> str:
        return "—" if value is None else wan(Decimal(value))

    @property
    def segments(self) -> list[dict[str, Any]]:
        """What the moves may be looked at by."""
        return [{"by": by, "label": group_name(by), "is_here": by == self.by} for by in self.groups]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Who moves, by the chosen group."""
        return [self._moved(one, group_code(self.by, one["code"])) for one in self.figures["by"].get(self.by, ())]

    @property
    def smallest(self) -> int:
        """How many households a group has at least to be shown; trials of before said it of the table by sex and age alone."""
        return int(self.figures.get("smallest", 10))

    @property
    def withheld_count(self) -> int:
        """How many groups of the table of moves are not shown."""
        return sum(row["is_hidden"] for row in self.rows)

    def _moved(self, one: Mapping[str, Any], label: str) -> dict[str, Any]:
        if "households" not in one:
            return {"label": label, "is_hidden": True}
        return {
            "label": label,
            "is_hidden": False,
            "households": one["households"],
            "up": int(one["up"]) + int(one["gained"]),
            "down": int(one["down"]) + int(one["lost"]),
            "same": int(one["same"]) + int(one["without"]),
            "change": Decimal(one["after"]) - Decimal(one["before"]),
        }

    @property
    def disparity(self) -> list[dict[str, Any]]:
        """How groups by sex and age band fare, the whole first; a group too small to be shown says so."""
        sides = {side: {one["code"]: one for one in self.figures["disparity"][side]} for side in SIDES}
        rows = []
        for code in dict.fromkeys((*sides["before"], *sides["after"])):
            sex, _bar, age = code.partition("|")
            label = f"{group_code('sex', sex)} · {group_code('age_band', age)}" if age else _("没有记录")
            row: dict[str, Any] = {"label": _("全部") if code == EVERYBODY else label, "is_hidden": False}
            for side in SIDES:
                row[side] = self._fares(sides[side].get(code))
                row["is_hidden"] = row["is_hidden"] or row[side] is None
            rows.append(row)
        return rows

    def _fares(self, one: Mapping[str, Any] | None) -> dict[str, str] | None:
        if one is None or one["evaluated"] is None:
            return None
        return {
            "evaluated": number(one["evaluated"]),
            "granted": number(one["granted"]),
            "rate": "—" if one["rate"] is None else f"{Decimal(one['rate']) * 100:.1f} %",
            "mean": self._amount(one["mean"]),
        }

    @property
    def causes(self) -> list[dict[str, Any]]:
        """What changed for how many households, the most frequent first."""
        return [
            {
                "label": one["en" if self.language == "en" else "zh"] or _("其他"),
                "kind": cause_kind(one["kind"]),
                "households": one["households"],
                "up": one["up"],
                "down": one["down"],
            }
            for one in self.figures["causes"]
        ]

    @property
    def differences(self) -> list[str]:
        """What changed between the two texts, sentence by sentence; parameters stand apart."""
        before, after = (read_model(getattr(self.trial, side)["document"]) for side in SIDES)
        if before.digest == after.digest:
            return []
        return [one.sentence(self.language) for one in difference.differences(before, after, self.language)]

    def largest(self, which: str) -> list[dict[str, Any]]:
        """The households that rise or fall by most, by number."""
        return [
            {
                "number": int(one["row"]) + 1,
                "before": self._amount(one["before"]),
                "after": self._amount(one["after"]),
                "change": Decimal(one["change"]),
            }
            for one in self.figures[which]
        ]

    @property
    def risers(self) -> list[dict[str, Any]]:
        """Those that rise by most."""
        return self.largest("risers")

    @property
    def fallers(self) -> list[dict[str, Any]]:
        """Those that fall by most."""
        return self.largest("fallers")


def names_of(sides: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return what the two texts are called; of one text under two sets of parameters the second says so."""
    names = {side: side_name(sides[side]) for side in SIDES}
    if names["before"] == names["after"]:
        names["after"] = _("%(name)s，改参数") % {"name": names["after"]}
    return names


def spread_chart(names: Mapping[str, str], figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the lines of both sides in bins, for the tag ``chart``."""
    width = Decimal(figures["before"]["width"])
    count = max(len(figures[side]["bins"]) for side in SIDES)
    labels = [_("没有额度")]
    labels += [f"{wan_text(width * place)}–{wan_text(width * (place + 1))}" for place in range(count)]
    series = [
        {
            "name": names[side],
            "values": [
                int(one["households"]) - int(one["with_line"]),
                *one["bins"],
                *([0] * (count - len(one["bins"]))),
            ],
        }
        for side, one in ((side, figures[side]) for side in SIDES)
    ]
    return {"kind": "bars", "title": _("额度分布（万元）"), "format": "count", "unit": _("户"), "labels": labels, "series": series}  # fmt: skip


def _written(value: str) -> str:
    return exact_text(Decimal(value)) if value else "—"


def side_name(side: Mapping[str, Any]) -> str:
    """Return a text compared in words: its code and which version or draft."""
    standing = _("第 %(version)s 版") % {"version": side["standing"]} if side["standing"] else _("草稿")
    return f"{side['key']} {standing}"


def wan_text(amount: Decimal) -> str:
    """Return an amount in 10,000 yuan without trailing zeros, for the edge of a bin."""
    text = f"{amount / 10_000:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def cause_kind(kind: str) -> str:
    """Return what sort of thing changed."""
    return {
        "derived": _("中间量"),
        "item": _("评分项"),
        "score": _("总分"),
        "measured": _("按分的等级"),
        "grade": _("等级"),
        "coefficient": _("等级的系数"),
        "line": _("额度公式"),
        "combined": _("合成额度"),
        "cap": _("上限"),
        "reason": _("原因"),
        "parameter": _("参数"),
    }.get(kind, kind)


def group_name(by: str) -> str:
    """Return what a group is called."""
    return {
        "branch": _("支行"),
        "kind": _("客户种类"),
        "age_band": _("年龄"),
        "sex": _("性别"),
        "village": _("村"),
    }.get(by, by)


def group_code(by: str, code: str) -> str:
    """Return one group in words; branches and villages say themselves."""
    if not code:
        return _("没有记录")
    if by == "sex":
        return {"M": _("男"), "F": _("女")}.get(code, code)
    if by == "age_band":
        return {"-29": _("30 岁以下"), "60+": _("60 岁以上")}.get(code, _("%(ages)s 岁") % {"ages": code})
    if by == "kind":
        return {
            "farm_household": _("一般农户"),
            "large_grower": _("种养大户"),
            "individual_business": _("个体工商户"),
            "family_farm": _("家庭农场"),
        }.get(code, code)
    return code


def explained(population: Population, number_: int, side: Mapping[str, Any]) -> ModelPage:
    """Return one household of a population explained under one side of a trial, by the reference evaluator."""
    model = read_model(side["document"])
    return household_page(
        population, number_, model, {name: Decimal(text) for name, text in side["parameters"].items()}
    )


def absent_facts(population: Population, model: Model) -> list[str]:
    """Return the facts of a model that a population does not hold, in words."""
    missing = absent(model, described(population))
    return [entry.label.text(language()) for entry in model.inputs if entry.name in missing]


def household_page(population: Population, number_: int, model: Model, parameters: Mapping[str, Decimal]) -> ModelPage:
    """Return one household of a population explained under a model."""
    facts, row = household_facts(population, number_, model)
    result = BoundModel(model, parameters).evaluate(facts_at(facts, model, row))
    return ModelPage(model, explain_result(model, result))


def trials_of_draft(draft: Any) -> list[Tried]:
    """Return the trials made with a draft, the newest first, as who releases it sees them."""
    digest = document_hash(draft.document)
    rows = Trial.objects.filter(draft_id=draft.pk).select_related("population", "tried_by").order_by("-pk")[:MOST_SHOWN]
    found = []
    for trial in rows:
        whole = trial.figures["whole"]
        up, down = int(whole["up"]) + int(whole["gained"]), int(whole["down"]) + int(whole["lost"])
        change = Decimal(whole["after"]) - Decimal(whole["before"])
        found.append(
            Tried(
                title=_("%(up)s 户升，%(down)s 户降，合计 %(change)s")
                % {"up": number(up), "down": number(down), "change": wan(change)},
                note=f"{side_name(trial.before)} · {trial.population.name} · {trial.tried_by.name} {moment(trial.tried_at)}",
                url=reverse("credit:trial", args=[trial.pk]),
                is_current=trial.digest == digest,
            )
        )
    return found
