"""What credit needs to work: rules of rounds, models with the county's bases, the opener's public key."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from config.lib.diagnosis import Answer, in_force, judged, question
from credit.models import OpenerKey
from credit.selectors.lines import BASES_KIND, MODEL_KIND, NOTICE_KIND
from credit.selectors.snapshots import LIMITS


@question("parameters of credit")
def _parameters() -> Iterator[Answer]:
    yield from in_force([("round_rules", ""), ("refuse_reasons", ""), (MODEL_KIND, "s1"), (BASES_KIND, "{county}")])
    yield from in_force([(NOTICE_KIND, ""), (LIMITS, "")], "warn")


@question("opener")
def _opener() -> Iterator[Answer]:
    has_key = OpenerKey.objects.exists()
    yield judged(
        [] if has_key else [_("开启进程还没有公布公钥")],
        _("开启进程已公布公钥"),
        _("评议轮次开始之前先启动开启进程（opener）"),
        "warn",
    )
