"""What is stored of a program's token: its hash and nothing else."""

from hashlib import sha256


def token_hash(token: str) -> str:
    """Return the sha256 of a token as hexadecimal text."""
    return sha256(token.encode()).hexdigest()
