"""Keys of an installation, made once with its first start. Production brings its own (see the operations guide).

Each variable has a file of its own in DATA_DIR/keys (mode 0700). Losing FIELD_KEYS or INDEX_KEYS means losing the identity of
every person in the database, so they belong in a backup of their own. The opener's key is handed to the opening process alone.
"""

import base64
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from config.launch.embedded import private_directory
from config.launch.paths import data_directory


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


MAKERS = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "FIELD_KEYS": lambda: f"1:{_key()}",
    "INDEX_KEYS": lambda: f"1:{_key()}",
    "DRAFT_KEY": _key,
}
OPENER_KEY = "OPENER_KEY"
# Logins of a server of one's own; the embedded one needs none.
LOGINS = ("superuser", "owner", "web", "worker", "opener", "read")


def keys_directory() -> Path:
    return data_directory() / "keys"


def key_file(name: str) -> Path:
    """Return the file of a key, SECRET_KEY lying in ``secret_key``."""
    return keys_directory() / name.lower()


def ensure_keys() -> None:
    """Make every key that is not there yet; an existing one is never replaced."""
    _make(private_directory(keys_directory()), {**MAKERS, OPENER_KEY: _key})


def make_secrets(directory: Path) -> None:
    """Make the keys and database passwords of an installation in containers, one file each."""
    passwords = {f"database_password_{login}": lambda: secrets.token_urlsafe(24) for login in LOGINS}
    _make(private_directory(directory), {**MAKERS, OPENER_KEY: _key, **passwords})


def _make(directory: Path, makers: Mapping[str, Callable[[], str]]) -> None:
    for name, make in makers.items():
        try:
            handle = os.open(directory / name.lower(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(make() + "\n")


def key_environment(*, opener: bool = False) -> dict[str, str]:
    """Return the ..._FILE variables for the keys that the environment does not set itself."""
    names = {name: f"{name}_FILE" for name in MAKERS}
    if opener:
        names[OPENER_KEY] = "OPENER_KEY_FILE"
    return {
        variable: str(key_file(name))
        for name, variable in names.items()
        if not os.environ.get(name) and not os.environ.get(variable)
    }


if __name__ == "__main__":  # python3 -m config.launch.keys secrets
    make_secrets(Path(sys.argv[1]))
