"""How a known device is recognised: a cookie that names the issue and holds a secret, of which the server keeps the hash."""

from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

COOKIE = "gedang_device"


@dataclass(frozen=True)
class Mark:
    """What the cookie of a device says."""

    issue: int
    secret: str

    @property
    def text(self) -> str:
        """How it is written into the cookie, before it is signed."""
        return f"{self.issue}.{self.secret}"

    @classmethod
    def read(cls, text: str) -> "Mark | None":
        """Return what a cookie says; None for anything else."""
        number, _dot, secret = text.partition(".")
        if not number.isascii() or not number.isdigit() or len(number) > 18 or not secret:
            return None
        return cls(int(number), secret)


def hashed(text: str) -> str:
    """Return what is stored of a code or secret."""
    return sha256(text.encode()).hexdigest()


def is_same(text: str, stored: str) -> bool:
    """Whether a code or secret is the one whose hash is stored; takes the same time for every answer."""
    return bool(stored) and compare_digest(hashed(text), stored)


def tidy_code(text: str) -> str:
    """Return a code as it is compared: people write it with spaces, in capitals, without its hyphens."""
    return "".join(letter for letter in text.lower() if letter.isascii() and letter.isalnum())
