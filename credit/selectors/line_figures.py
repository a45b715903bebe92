"""The figures of a finished run as its page shows them: tiles, distribution, words of the reasons."""

from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from config.lib.display import number, wan_figure
from config.lib.money import in_wan
from credit.domain.model.explanation import BUILT_IN_REASONS
from credit.models import LineRun
from credit.selectors.explained_model import language
from credit.selectors.lines import model_of


def reason_labels(run: LineRun) -> dict[str, str]:
    """Return the words of every reason a result of this run may carry."""
    return {code: label.text(language()) for code, label in {**BUILT_IN_REASONS, **model_of(run.model).reasons}.items()}


def run_stats(run: LineRun) -> list[dict[str, Any]]:
    """Return the tiles of a run; every figure leads to its households."""
    figures, url = run.figures, reverse("credit:line_run", args=[run.pk])
    with_line = figures.get("with_line", 0)
    average = Decimal(figures.get("total", "0")) / with_line if with_line else None
    return [
        {
            "label": _("看过的农户") if run.since_id else _("范围内农户"),
            "value": number(figures.get("households", 0)),
            "unit": _("户"),
            "note": _("其中 %(count)s 户的数据与当前额度所用的相同，不用重算")
            % {"count": number(figures.get("unchanged", 0))}
            if run.since_id
            else _("含散户，已离册的不计"),
        },
        {
            "label": _("有额度"),
            "value": number(with_line),
            "unit": _("户"),
            "url": f"{url}?show=line#results",
            "note": _("户均 %(amount)s 万元") % {"amount": wan_figure(average)},
        },
        {
            "label": _("额度合计"),
            "value": wan_figure(figures.get("total")),
            "unit": _("万元"),
            "note": _("最高 %(amount)s 万元") % {"amount": wan_figure(figures.get("highest"))},
        },
        {
            "label": _("零额度"),
            "value": number(figures.get("zero", 0)),
            "unit": _("户"),
            "url": f"{url}?show=zero#results",
            "note": _("按规则不给额度，每户写明原因"),
        },
        {
            "label": _("缺数据"),
            "value": number(figures.get("incomplete", 0)),
            "unit": _("户"),
            "url": f"{url}?show=missing#results",
            "note": _("已复核，但少一项必填数据"),
        },
        {
            "label": _("待建档"),
            "value": number(figures.get("unfiled", 0)),
            "unit": _("户"),
            "url": f"{url}?show=unfiled#results",
            "note": _("还没有复核通过的采集表"),
        },
    ]


def distribution(run: LineRun) -> dict[str, Any] | None:
    """Return the histogram of lines above 0; each bar leads to its households. None when there is no line."""
    bins = run.figures.get("bins") or []
    if not bins:
        return None
    width = in_wan(Decimal(run.figures["width"]))
    url = reverse("credit:line_run", args=[run.pk])
    return {
        "kind": "histogram",
        "title": _("额度分布"),
        "format": "count",
        "unit": _("户"),
        "labels": [f"{_plain(width * place)}–{_plain(width * (place + 1))}" for place in range(len(bins))],
        "series": [
            {
                "name": _("户数"),
                "values": bins,
                "urls": [f"{url}?show=line&bin={place}#results" for place in range(len(bins))],
            }
        ],
    }


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
