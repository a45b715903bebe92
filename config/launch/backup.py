"""``make backup``, ``make backup-opener`` and ``make restore``.

Three archives, because three people may hold them: the data (useless without keys: identities in it are encrypted), the keys
(useless without the pass phrase), and the opener's key, which only its holder copies. All are plain files to be carried
elsewhere; an archive that stays on the same disk is no backup.
"""

import getpass
import hashlib
import io
import json
import os
import secrets
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from config.launch import media, services
from config.launch.embedded import postgres_binaries, private_directory
from config.launch.keys import MAKERS, OPENER_KEY, key_file, keys_directory
from config.launch.messages import LaunchError, say
from config.launch.paths import data_directory, run_directory, writable

MAGIC = b"GEDANGK1"
SHORTEST_PASS_PHRASE = 12
# scrypt: 2**17 x 8 blocks take about half a second and 128 MB for each guess.
SCRYPT = {"n": 2**17, "r": 8, "p": 1}
DUMP, MANIFEST, MEDIA = "database.dump", "manifest.json", media.FOLDER


def backup(arguments: Sequence[str]) -> int:
    """Write database and media into one archive and the keys into a second, sealed one."""
    target = _target(arguments)
    phrase = _pass_phrase("Pass phrase for the keys", new=True)
    name = time.strftime("gedang-%Y%m%d-%H%M%S")
    data, keys = target / f"{name}.tar", target / f"{name}-keys.sealed"
    with services.ensure_services(), tempfile.TemporaryDirectory(dir=target, prefix=".backup-") as scratch:
        dump = Path(scratch) / DUMP
        # The owner of the tables passes their row security (it is not forced on owners), so no row is left out.
        _postgres_tool("pg_dump", "--format=custom", f"--file={dump}", "--dbname", _libpq(os.environ["DATABASE_URL"]))
        folder = media.fetched(Path(scratch))
        files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.exists() else []
        manifest = {
            "made_at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "database_sha256": _sha256(dump),
            "media": {str(path.relative_to(folder)): _sha256(path) for path in files},
        }
        unfinished = Path(scratch) / data.name
        with tarfile.open(unfinished, "w") as archive:
            archive.add(dump, DUMP)
            for path in files:
                archive.add(path, f"{MEDIA}/{path.relative_to(folder)}")
            text = json.dumps(manifest, indent=1).encode()
            entry = tarfile.TarInfo(MANIFEST)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
        unfinished.chmod(0o600)
        unfinished.replace(data)
    _write_private(keys, seal(json.dumps(_current_keys()).encode(), phrase))
    _note(data_directory() / "last-backup.json", manifest["made_at"], data)
    say(f"data: {data} ({data.stat().st_size / 2**20:.1f} MB, {len(files)} files)")
    say(f"keys: {keys} (the opener's key is not in it: make backup-opener)")
    return 0


def backup_opener(arguments: Sequence[str]) -> int:
    """Write the opener's key, sealed with a pass phrase of its holder."""
    target = _target(arguments)
    source = Path(os.environ.get("OPENER_KEY_FILE") or key_file(OPENER_KEY))
    if not source.exists():
        raise LaunchError(f"there is no opener's key in {source}")
    phrase = _pass_phrase("Pass phrase of the opener", new=True)
    archive = target / time.strftime("gedang-%Y%m%d-%H%M%S-opener.sealed")
    _write_private(archive, seal(json.dumps({OPENER_KEY: source.read_text("utf-8").strip()}).encode(), phrase))
    say(f"opener's key: {archive}")
    return 0


def restore(arguments: Sequence[str]) -> int:
    """Put data and keys back into an empty or disposable installation; each archive may be given alone."""
    archives = [Path(argument) for argument in arguments]
    if not archives:
        raise LaunchError("expects FROM=archive.tar and, where they are lost, KEYS=archive.sealed")
    for archive in archives:
        if not archive.is_file():
            raise LaunchError(f"{archive} is not there")
    run = writable(run_directory())
    with (run / "owner.lock").open("a") as lock:
        if not services.take(lock):
            raise LaunchError("stop the running installation first")
        for archive in archives:
            if archive.suffix == ".sealed":
                _restore_keys(archive)
            else:
                _restore_data(archive)
    return 0


def _restore_data(archive: Path) -> None:
    """Check every file against the manifest, then replace database and media as a whole."""
    with tempfile.TemporaryDirectory(dir=data_directory(), prefix="restore-") as scratch:
        directory = Path(scratch)
        with tarfile.open(archive) as content:
            content.extractall(directory, filter="data")
        manifest = json.loads((directory / MANIFEST).read_text("utf-8"))
        wrong = [] if _sha256(directory / DUMP) == manifest["database_sha256"] else [DUMP]
        wrong += [
            name
            for name, digest in manifest["media"].items()
            if not (directory / MEDIA / name).exists() or _sha256(directory / MEDIA / name) != digest
        ]
        if wrong:
            raise LaunchError(f"{archive} is damaged: {wrong[0]} and {len(wrong) - 1} more differ from its manifest")
        servers = services.Servers()
        try:
            environment = servers.start()
            if servers.postgres:
                servers.postgres.recreate_database()
            _load(directory / DUMP, _libpq(environment.get("DATABASE_URL") or os.environ["DATABASE_URL"]))
        finally:
            servers.stop()
        media.put_back(directory / MEDIA)
    for stamp in ("migrate.stamp", "demo.unfinished"):
        (run_directory() / stamp).unlink(missing_ok=True)
    say(f"restored database and {len(manifest['media'])} files from {archive}")


def _load(dump: Path, target: str) -> None:
    """Load a dump into an empty database; refuse one that holds tables."""
    tables = "select count(*) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
    if _postgres_tool("psql", "-X", "-At", "-c", tables, "--dbname", target) != "0":
        raise LaunchError("the database is not empty; give DATABASE_URL an empty one made by config/launch/roles.sql")
    # Rights on the server's own catalogue are set by roles.sql; only a superuser could repeat them.
    listing = _postgres_tool("pg_restore", "--list", str(dump)).splitlines()
    entries = [line for line in listing if line[:1].isdigit() and " ACL pg_catalog " not in line]
    # Schemas come first with their rights: a function can only be handed to a role that may create there.
    schemas = [line for line in entries if " SCHEMA - " in line or " ACL - SCHEMA " in line]
    for part in (schemas, [line for line in entries if line not in schemas]):
        contents = dump.with_suffix(".list")
        contents.write_text("\n".join(part) + "\n", "utf-8")
        if part:
            _postgres_tool("pg_restore", "--exit-on-error", f"--use-list={contents}", "--dbname", target, str(dump))
    _postgres_tool("psql", "-X", "-q", "-c", "analyze", "--dbname", target)


def _restore_keys(archive: Path) -> None:
    """Put keys back; one that is there and differs is kept under another name, never lost."""
    found = json.loads(unseal(archive.read_bytes(), _pass_phrase(f"Pass phrase of {archive.name}", new=False)))
    private_directory(keys_directory())
    for name, value in found.items():
        file = key_file(name)
        if file.exists() and file.read_text("utf-8").strip() != value:
            file.replace(file.with_name(f"{file.name}.before-{time.strftime('%Y%m%d-%H%M%S')}"))
        file.unlink(missing_ok=True)
        _write_private(file, f"{value}\n".encode())
    say(f"restored {', '.join(sorted(found))} from {archive}")


def seal(text: bytes, phrase: str) -> bytes:
    """Encrypt with AES-256-GCM under a key made from the pass phrase by scrypt."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    key = Scrypt(salt=salt, length=32, **SCRYPT).derive(phrase.encode())
    return MAGIC + salt + nonce + AESGCM(key).encrypt(nonce, text, MAGIC)


def unseal(sealed: bytes, phrase: str) -> bytes:
    """Decrypt what ``seal`` made; a wrong pass phrase and a damaged file look the same."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    if not sealed.startswith(MAGIC):
        raise LaunchError("this is not a key archive")
    body = sealed[len(MAGIC) :]
    key = Scrypt(salt=body[:16], length=32, **SCRYPT).derive(phrase.encode())
    try:
        return AESGCM(key).decrypt(body[16:28], body[28:], MAGIC)
    except InvalidTag:
        raise LaunchError("the pass phrase is wrong, or the archive is damaged") from None


def _current_keys() -> dict[str, str]:
    """Return the keys this installation works with: from the environment, its ..._FILE variables, or DATA_DIR/keys."""
    found = {}
    for name in MAKERS:
        value = os.environ.get(name, "")
        file = Path(os.environ.get(f"{name}_FILE") or key_file(name))
        if not value and file.exists():
            value = file.read_text("utf-8").strip()
        if not value:
            raise LaunchError(f"{name} is neither set nor in {file}: a backup without it could not be read")
        found[name] = value
    return found


def _pass_phrase(prompt: str, *, new: bool) -> str:
    """Take the pass phrase from PASS_PHRASE_FILE, or ask for it (twice when it is new)."""
    file = os.environ.get("PASS_PHRASE_FILE")
    if file:
        phrase = Path(file).read_text("utf-8").rstrip("\n")
    elif sys.stdin.isatty():
        phrase = getpass.getpass(f"{prompt}: ")
        if new and getpass.getpass("Once more: ") != phrase:
            raise LaunchError("the two pass phrases differ")
    else:
        raise LaunchError("no terminal to ask for the pass phrase; name a file that holds it in PASS_PHRASE_FILE")
    if new and len(phrase) < SHORTEST_PASS_PHRASE:
        raise LaunchError(f"the pass phrase needs {SHORTEST_PASS_PHRASE} characters or more")
    return phrase


def _target(arguments: Sequence[str]) -> Path:
    return writable(Path(arguments[0]).resolve() if arguments else data_directory() / "backups")


def _note(path: Path, made_at: object, archive: Path) -> None:
    """Note when and where the last backup was made, for the administrator's page."""
    path.write_text(json.dumps({"made_at": made_at, "archive": str(archive)}), "utf-8")


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _libpq(url: str) -> str:
    """Return a connection string for PostgreSQL's own programs, the password left out (see _postgres_tool)."""
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    fields = {
        "host": options.get("host") or unquote(parts.hostname or ""),
        "port": options.get("port") or str(parts.port or ""),
        "user": unquote(parts.username or "gedang_owner"),
        "dbname": unquote(parts.path.lstrip("/")),
        **{name: value for name, value in options.items() if name.startswith("ssl")},
    }
    quoted = {name: value.replace("\\", r"\\").replace("'", r"\'") for name, value in fields.items() if value}
    return " ".join(f"{name}='{value}'" for name, value in quoted.items())


def _postgres_tool(name: str, *arguments: str) -> str:
    """Run one of PostgreSQL's programs: ours for the embedded server, the system's where it has its own.

    The embedded ones know no TLS, which a server elsewhere will ask for.
    """
    ours = postgres_binaries() / name
    given = bool(os.environ.get("DATABASE_URL")) and "host=" not in os.environ.get("DATABASE_URL", "")
    program = (shutil.which(name) if given else None) or str(ours)
    password = urlsplit(os.environ.get("DATABASE_URL", "")).password or os.environ.get("DATABASE_PASSWORD_OWNER", "")
    environment = {**os.environ, **({"PGPASSWORD": unquote(password)} if password else {})}
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LaunchError(f"{name}: {(done.stderr.strip().splitlines() or ['no reason given'])[0]}")
    return done.stdout.strip()


COMMANDS = {"backup": backup, "backup-opener": backup_opener, "restore": restore}
