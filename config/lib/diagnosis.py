"""What an administrator asks first: is everything there, in force and awake; each answer says what to do.

An app adds what it knows in ``<app>/selectors/diagnosis.py``; ``doctor`` asks for all of it.
"""

import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal
from uuid import uuid4

from celery import current_app
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError
from redis import RedisError

from config import env
from config.lib import clock, drift, health, pdf, releases

OLDEST_POSTGRES = 180000
CLOCKS_APART = timedelta(seconds=2)
NO_DISK = 0.02
KEYS = ("SECRET_KEY", "FIELD_KEYS", "INDEX_KEYS", "DRAFT_KEY")
SHOWN = 5

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Answer:
    """One answer: what was found, and for ``warn`` and ``fail`` what to do."""

    state: State
    found: str
    remedy: str = ""


Question = Callable[[], Iterable[Answer]]
QUESTIONS: dict[str, Question] = {}


def question(name: str) -> Callable[[Question], Question]:
    """Register a question under its name."""

    def register(ask: Question) -> Question:
        QUESTIONS[name] = ask
        return ask

    return register


def examine() -> Iterator[tuple[str, Answer]]:
    """Ask every question; one that cannot be answered is a failure of its own."""
    autodiscover_modules("selectors.diagnosis")
    for name, ask in QUESTIONS.items():
        try:
            for answer in ask():
                yield name, answer
        except (DatabaseError, RedisError, OperationalError, OSError, ValueError, LookupError) as error:
            connection.close_if_unusable_or_obsolete()
            yield name, Answer("fail", type(error).__name__, _("先解决上面的问题，再运行一次"))


def judged(problems: list[str], fine: str, remedy: str, state: State = "fail") -> Answer:
    """Return one answer for a list of problems, the first few of them named."""
    if not problems:
        return Answer("ok", fine)
    more = f" … (+{len(problems) - SHOWN})" if len(problems) > SHOWN else ""
    return Answer(state, "; ".join(problems[:SHOWN]) + more, remedy)


def in_force(wanted: Iterable[tuple[str, str]], state: State = "fail") -> Iterator[Answer]:
    """Say for every institution whether parameters (kind, key) are released; "{county}" in a key is its county code."""
    with connection.cursor() as cursor:
        cursor.execute("select id, short_name, county_code from grids_institution order by id")
        banks = cursor.fetchall()
    for bank_id, name, county in banks:
        missing = []
        for kind, key in wanted:
            try:
                releases.in_force(bank_id, kind, clock.today(), key.format(county=county))
            except releases.NotReleased as error:
                missing.append(str(error))
        yield judged(
            [f"{name}: {one}" for one in missing],
            _("%(bank)s：参数都已发布") % {"bank": name},
            _("由两人签署发布：manage.py release_parameters 文件 --drafted-by 工号 --released-by 工号"),
            state,
        )


# --- Database ---------------------------------------------------------------------------------------------------------


@question("database")
def _database() -> Iterator[Answer]:
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('server_version_num')::int, version(), current_user::text")
        number, words, user = cursor.fetchone()
    is_new = number >= OLDEST_POSTGRES
    yield Answer(
        "ok" if is_new else "fail", " ".join(words.split()[:2]), "" if is_new else _("升级到 PostgreSQL 18 或更新版本")
    )
    if user != "gedang_owner":
        yield Answer("warn", user, _("以 gedang_owner 运行才能看到全部（PROCESS_ROLE=owner）"))


@question("migrations")
def _migrations() -> Iterator[Answer]:
    pending = health.migrations_pending()
    yield judged(["pending"] if pending else [], _("数据库与程序一致"), _("运行 manage.py migrate"))


@question("roles")
def _roles() -> Iterator[Answer]:
    yield judged(
        drift.roles_otherwise(),
        _("角色与授权关系如安装时"),
        _("由超级用户再执行一次 config/launch/roles.sql，并收回多余的授权"),
    )


@question("guards")
def _guards() -> Iterator[Answer]:
    if health.migrations_pending():
        yield Answer("warn", _("迁移之后才能比对"), _("运行 manage.py migrate"))
        return
    yield judged(
        drift.guards_out_of_force(),
        _("行级安全、权限和触发器都与声明一致"),
        _("查清是谁改的，再运行 manage.py migrate，守卫会重新套上"),
    )
    yield judged(drift.loose_functions(), _("高权限函数都已固定"), _("运行 manage.py migrate；仍在的是手工建的，删去"))


@question("time")
def _time() -> Iterator[Answer]:
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('TimeZone'), clock_timestamp()")
        zone, at = cursor.fetchone()
    zones = {str(zone), settings.TIME_ZONE, str(current_app.conf.timezone)}
    yield judged(
        [] if zones == {"Asia/Shanghai"} else sorted(zones),
        "Asia/Shanghai",
        _("alter database 名 set timezone = 'Asia/Shanghai'"),
    )
    apart = abs(timezone.now() - at)
    is_close = apart <= CLOCKS_APART
    yield Answer(
        "ok" if is_close else "fail",
        _("与数据库时钟相差 %(seconds)s 秒") % {"seconds": round(apart.total_seconds(), 1)},
        "" if is_close else _("两台机器都用同一个时间服务器（NTP）校时"),
    )
    if settings.CLOCK_OFFSET_SECONDS:
        yield Answer(
            "warn",
            _("时钟被拨动 %(seconds)s 秒") % {"seconds": settings.CLOCK_OFFSET_SECONDS},
            _("演练结束后去掉 CLOCK_OFFSET_SECONDS"),
        )


# --- Broker and workers -----------------------------------------------------------------------------------------------


@question("broker")
def _broker() -> Iterator[Answer]:
    answers = health.broker_answers()
    yield judged([] if answers else ["no answer"], _("消息服务有应答"), _("启动消息服务，核对 REDIS_URL"))


@question("workers")
def _workers() -> Iterator[Answer]:
    held = current_app.control.inspect(timeout=health.TIMEOUT).active_queues() or {}
    served = {queue["name"] for queues in held.values() for queue in queues}
    yield judged(
        [queue for queue in health.QUEUES if queue not in served],
        "、".join(sorted(held)),
        _("没有进程处理这些队列：启动 make run，或 compose 中的 worker、opener"),
    )


# --- Keys -------------------------------------------------------------------------------------------------------------


@question("keys")
def _keys() -> Iterator[Answer]:
    absent = [name for name in KEYS if not env.read(name)]
    yield judged(
        absent,
        _("密钥齐全"),
        _("没有设置，用的是人人知道的演示密钥；真实数据之前用 python3 -m config.launch.keys secrets 生成"),
        "fail" if settings.PRODUCTION else "warn",
    )
    files = [(name, file) for name in KEYS if (file := env.file_of(name)) is not None]
    yield judged(
        [f"{name}: {file}" for name, file in files if _is_open(file)],
        _("密钥文件只有本用户可读"),
        _("chmod 600 这些文件"),
        "fail" if settings.PRODUCTION else "warn",
    )


def _is_open(file: Path) -> bool:
    return bool(file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


@question("opener key")
def _opener_key() -> Iterator[Answer]:
    """The opener's key must be out of reach of the web process; files it wrote tell which user that is."""
    file = settings.OPENER_KEY_FILE or settings.DATA_DIR / "keys" / "opener_key"
    if not file.exists() or not os.access(file, os.R_OK):
        yield Answer("ok", _("本进程够不到开启密钥"))
        return
    if _is_open(file):
        yield Answer("fail", str(file), _("其他用户可读：chmod 600，并归开启进程的用户所有"))
        return
    media = Path(settings.MEDIA_ROOT)
    shared = not media.exists() or media.stat().st_uid == file.stat().st_uid
    yield Answer(
        "warn" if shared else "ok",
        _("开启进程与网页进程同一系统用户，只能证明流程，不能证明隔离") if shared else _("开启密钥归另一用户所有"),
        _("正式使用时让开启进程用另一系统用户，密钥只给它") if shared else "",
    )


# --- Machine ----------------------------------------------------------------------------------------------------------


@question("disk")
def _disk() -> Iterator[Answer]:
    usage = shutil.disk_usage(settings.DATA_DIR if settings.DATA_DIR.exists() else "/")
    share = usage.free / usage.total
    state: State = "fail" if share < NO_DISK else "warn" if share < health.LITTLE_DISK else "ok"
    found = _("剩余 %(free)s GB，共 %(total)s GB") % {"free": usage.free // 2**30, "total": usage.total // 2**30}
    yield Answer(state, found, "" if state == "ok" else _("清理或扩容；磁盘写满后数据库停止服务"))


@question("media")
def _media() -> Iterator[Answer]:
    content = uuid4().bytes
    name = default_storage.save(f"doctor/{uuid4().hex}", ContentFile(content))
    try:
        with default_storage.open(name) as file:
            is_same = file.read() == content
    finally:
        default_storage.delete(name)
    yield judged([] if is_same else [name], _("影像可写可读"), _("核对 DATA_DIR/media 的属主，或 MEDIA_S3_ 各项"))


@question("fonts")
def _fonts() -> Iterator[Answer]:
    missing = pdf.missing_fonts()
    yield judged(missing, _("打印字体齐全"), _("重新运行 make setup"))


@question("backup")
def _backup() -> Iterator[Answer]:
    made = health.last_backup()
    is_old = made is None or clock.now() - made > health.OLD_BACKUP
    found = made.strftime("%Y-%m-%d %H:%M") if made else _("没有备份记录")
    yield Answer("warn" if is_old else "ok", found, _("make backup；每周至少一次，异地存放") if is_old else "")


@question("transport")
def _transport() -> Iterator[Answer]:
    host = str(env.read("HOST"))
    is_local = host in ("127.0.0.1", "localhost", "::1")
    if settings.BEHIND_TLS or is_local:
        yield Answer("ok", "TLS" if settings.BEHIND_TLS else host)
    else:
        yield Answer(
            "fail" if settings.PRODUCTION else "warn",
            host,
            _("其他设备经 http 访问：手机不能保存草稿，口令明文传输。前面放 TLS 代理并设 BEHIND_TLS=true"),
        )
