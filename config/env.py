"""Every environment variable of Gedang, declared once with its type, default and meaning.

``X_FILE`` may stand for any variable ``X``: the value is then read from that file, which keeps secrets out of the process list.
A value of the wrong form stops the start with one line that names the variable and what it expects.
"""

import os
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent
MODES = ("dev", "demo", "test", "production")


class SettingError(SystemExit):
    """A variable is missing or malformed; printed as one line, ends the process with status 1."""


@dataclass(frozen=True)
class Variable:
    """One variable: ``parse`` turns its text into the value, ``default`` is text too (None: must be set in production)."""

    name: str
    parse: Callable[[str], Any]
    default: str | None
    meaning: str
    required_in_production: bool = False
    is_secret: bool = False

    def read(self) -> Any:
        text = os.environ.get(self.name)
        file = os.environ.get(f"{self.name}_FILE")
        if text is None and file:
            try:
                text = Path(file).read_text("utf-8").strip()
            except OSError as error:
                raise SettingError(f"{self.name}_FILE={file}: {error.strerror}") from None
        if not text:
            if self.required_in_production and mode() == "production":
                raise SettingError(f"{self.name} must be set in production: {self.meaning}")
            text = self.default or ""
        try:
            return self.parse(text)
        except ValueError as error:
            if self.is_secret:  # a mistyped secret is still most of a secret
                raise SettingError(f"{self.name} is malformed: {self.meaning}") from None
            raise SettingError(f"{self.name}={text!r} is not usable ({error}): {self.meaning}") from None


def mode() -> str:
    """Return the mode the process runs in; an unknown one stops the start."""
    text = os.environ.get("GEDANG_MODE", "dev")
    if text not in MODES:
        raise SettingError(f"GEDANG_MODE={text!r} is not one of {', '.join(MODES)}")
    return text


def flag(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("", "0", "false", "no", "off"):
        return False
    raise ValueError("expects true or false")


def words(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def path(text: str) -> Path:
    return (BASE_DIR / text).resolve() if text else BASE_DIR


def optional_path(text: str) -> Path | None:
    return path(text) if text else None


def keys(text: str) -> dict[int, bytes]:
    """Parse ``1:base64,2:base64``: key number to 32 bytes; the highest number is the one written with."""
    found: dict[int, bytes] = {}
    for part in words(text):
        number, _, body = part.partition(":")
        key = b64decode(body, validate=True)
        if len(key) != 32 or not 0 < int(number) < 256:
            raise ValueError("expects number:base64 of 32 bytes, numbers 1 to 255")
        found[int(number)] = key
    return found


def level(text: str) -> str:
    if text not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
        raise ValueError("expects DEBUG, INFO, WARNING, ERROR or CRITICAL")
    return text


def key(text: str) -> bytes:
    body = b64decode(text, validate=True)
    if body and len(body) != 32:
        raise ValueError("expects base64 of 32 bytes")
    return body


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed over: ``smtp`` (with STARTTLS unless ``?tls=none``) or ``smtps``."""

    host: str
    port: int
    user: str
    password: str
    tls: str


def mail_server(text: str) -> MailServer | None:
    """Parse ``smtp[s]://user:password@host:port``; empty: no mails."""
    if not text:
        return None
    parts = urlsplit(text)
    tls = parse_qs(parts.query).get("tls", ["ssl" if parts.scheme == "smtps" else "starttls"])[-1]
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or tls not in ("none", "starttls", "ssl"):
        raise ValueError("expects smtp://user:password@host:port or smtps://…")
    port = parts.port or (465 if tls == "ssl" else 587)
    return MailServer(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), tls)


def address(text: str) -> str:
    """Parse the address this system answers at: scheme and host, without what follows."""
    parts = urlsplit(text)
    if text and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query):
        raise ValueError("expects https://host")
    return text.rstrip("/")


def hour(text: str) -> int:
    if not 0 <= int(text) <= 23:
        raise ValueError("expects an hour, 0 to 23")
    return int(text)


_DECLARED = (
    Variable(
        "GEDANG_MODE", str, "dev", "dev, demo, test or production; production refuses to start without real secrets"
    ),
    Variable("PORT", int, "8000", "port of the web server"),
    Variable("HOST", str, "127.0.0.1", "address the web server listens on"),
    Variable(
        "DATA_DIR", path, ".data", "database, media, keys and logs of an installation that brings its own servers"
    ),
    Variable(
        "DATABASE_URL", str, "", "PostgreSQL 18 or newer, login of the owner role; empty: the embedded server", True
    ),
    Variable("DATABASE_PASSWORD_OWNER", str, "", "password of gedang_owner when the URL holds none"),
    Variable("DATABASE_PASSWORD_WEB", str, "", "password of gedang_web"),
    Variable("DATABASE_PASSWORD_WORKER", str, "", "password of gedang_worker"),
    Variable("DATABASE_PASSWORD_OPENER", str, "", "password of gedang_opener"),
    Variable("DATABASE_PASSWORD_READ", str, "", "password of gedang_read"),
    Variable(
        "PROCESS_ROLE", str, "owner", "owner, web, worker, opener or read: which database role this process signs in as"
    ),
    Variable("TEST_DATABASE_NAME", str, "", "name of the test database, so that two test runs do not meet"),
    Variable("REDIS_URL", str, "redis://127.0.0.1:6379/0", "Redis-compatible broker; empty: the embedded server", True),
    Variable("SECRET_KEY", str, "", "signs sessions and forms", True),
    Variable("FIELD_KEYS", keys, "", "number:base64 pairs that wrap the data key of each person", True, is_secret=True),
    Variable(
        "INDEX_KEYS", keys, "", "number:base64 pairs of the blind indexes of ID number and phone", True, is_secret=True
    ),
    Variable(
        "DRAFT_KEY", key, "", "base64 of 32 bytes: drafts on devices and of assessment sheets", True, is_secret=True
    ),
    Variable(
        "OPENER_KEY_FILE", optional_path, "", "file with the key that opens sealed sheets; readable by the opener alone"
    ),
    Variable("ALLOWED_HOSTS", words, "", "host names the web server answers to, comma separated", True),
    Variable("TRUSTED_ORIGINS", words, "", "https origins allowed to post, comma separated"),
    Variable("BEHIND_TLS", flag, "", "true when a proxy ends TLS: secure cookies, HSTS, redirect"),
    Variable("TRUSTED_PROXIES", int, "0", "number of proxies in front whose X-Forwarded-For entry is believed"),
    Variable("MEDIA_S3_BUCKET", str, "", "bucket of an S3-compatible store for media; empty: DATA_DIR/media"),
    Variable("MEDIA_S3_ENDPOINT", str, "", "address of that store"),
    Variable("MEDIA_S3_ACCESS_KEY", str, "", "its access key"),
    Variable("MEDIA_S3_SECRET_KEY", str, "", "its secret key"),
    Variable("UPLOAD_LIMIT_MB", int, "40", "largest upload in megabytes"),
    Variable(
        "ROSTER_LIMIT_MB", int, "400", "largest roster file in megabytes (a million people as csv take about 130)"
    ),
    Variable("SESSION_IDLE_MINUTES", int, "30", "a session ends after so many minutes without a request"),
    Variable("SESSION_HOURS", int, "10", "a session ends after so many hours in any case"),
    Variable("API_REQUESTS_PER_MINUTE", int, "300", "how often one token may call the API in a minute"),
    Variable(
        "EMAIL_URL",
        mail_server,
        "",
        "smtp://user:password@host:587 (STARTTLS; ?tls=none without) or smtps://…:465: digests of tasks; empty: no mails",
        is_secret=True,
    ),
    Variable("EMAIL_FROM", str, "", "sender of the mails, an address the mail server accepts"),
    Variable("PUBLIC_URL", address, "", "address at which staff open the system, for the links in mails"),
    Variable("DIGEST_HOUR", hour, "8", "hour of a working day from which digests are sent, 0 to 23"),
    Variable("CODE_VERSION", str, "", "version written beside every run; empty: the commit of the working copy"),
    Variable("LOG_LEVEL", level, "INFO", "level of the structured logs"),
    Variable("CLOCK_OFFSET_SECONDS", int, "0", "moves the clock for rehearsals; refused in production"),
)
VARIABLES: dict[str, Variable] = {variable.name: variable for variable in _DECLARED}


def file_of(name: str) -> Path | None:
    """Return the file a variable is read from (``X_FILE``), None when it is given directly or not at all."""
    file = os.environ.get(f"{name}_FILE")
    return Path(file) if file and name in VARIABLES and not os.environ.get(name) else None


def read(name: str) -> Any:
    """Return the value of a declared variable."""
    return VARIABLES[name].read()
