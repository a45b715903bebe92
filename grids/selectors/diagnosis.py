"""What the doctor asks about mails."""

import smtplib
import ssl
from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext as _

from config.lib.diagnosis import Answer, question
from grids.models import Digest
from grids.selectors import digests

SECONDS = 5


@question("mail")
def _mail() -> Iterator[Answer]:
    """Whether the mail server takes us; without one the tasks are in the inbox alone, which is no fault."""
    given = settings.MAIL_SERVER
    if not digests.is_on():
        yield Answer("ok", _("没有设置邮件服务器（EMAIL_URL），不发邮件"))
        return
    try:
        if given.tls == "ssl":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                given.host, given.port, timeout=SECONDS, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(given.host, given.port, timeout=SECONDS)
        with server:
            if given.tls == "starttls":
                server.starttls(context=ssl.create_default_context())
            if given.user:
                server.login(given.user, given.password)
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        yield Answer("fail", type(error).__name__, _("核对 EMAIL_URL 和网络：从运行工作进程的机器要能连到邮件服务器"))
        return
    failed = Digest.objects.filter(state=Digest.State.FAILED).order_by("-claimed_at").first()
    sent = Digest.objects.filter(state=Digest.State.SENT).order_by("-claimed_at").first()
    if failed is not None and (sent is None or sent.claimed_at < failed.claimed_at):
        yield Answer("warn", failed.last_error, _("最近一封没有发出，详情在“系统”页"))
    else:
        yield Answer("ok", _("邮件服务器可用"))
