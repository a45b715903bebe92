"""Long work of customers."""

from django.utils.translation import gettext_lazy as _

from config.lib.jobs import Job, register
from customers.services import roster

register(
    Job(
        kind=roster.CHECK,
        title=_("检查名册"),
        plan=roster.plan,
        work=roster.work_check,
        finish=roster.finish,
        abandon=roster.abandon,
    )
)
register(
    Job(
        kind=roster.WRITE,
        title=_("导入名册"),
        plan=roster.plan,
        work=roster.work_write,
        finish=roster.finish,
        abandon=roster.abandon,
    )
)
