"""The card (预授信卡) as paper."""

from typing import Any

from django.utils.translation import gettext as _

from config.lib.display import day
from credit.domain.signing import spaced
from credit.models import Card


def card_paper(card: Card, language: str) -> dict[str, Any]:
    """Return what the template ``card`` prints; the line's amount does not stand on it, since a card may be lost."""
    return {
        "bank": card.institution.name,
        "title": _("预授信卡"),
        "number": spaced(card.number),
        "holder": card.signing.borrower.name if card.signing.borrower else "",
        "rows": [
            {"name": _("签约合同"), "value": card.signing.contract},
            {"name": _("发卡日期"), "value": day(card.issued_on)},
            {"name": _("有效期至"), "value": day(card.valid_until)},
            {"name": _("发卡机构"), "value": card.grid.branch.name},
        ],
        "words": [
            _("凭本卡和身份证到本行网点或手机银行用信；额度和利率以合同为准。"),
            _("本卡只限本人使用，不得转借。遗失请告诉客户经理。"),
        ],
    }
