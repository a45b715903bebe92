"""What a sealed sheet said, as lines whose hash the opening writes down (decision record 0006).

A line a household, in the order of their numbers: ``[number, {"amount": "30000.00", "kind": "amount"}]``, JSON without blanks, keys in
order, ASCII. The file of a sheet in the export is these lines, so that ``sha256sum`` alone shows whether it is the one.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256


def said(kind: str, amount: Decimal | None, reasons: list[str], score: str = "") -> dict[str, object]:
    """Return an opinion as it is written into a proof: amounts in yuan with two places, reasons as they were opened."""
    document: dict[str, object] = {"kind": kind}
    if amount is not None:
        document["amount"] = f"{amount:.2f}"
    if reasons:
        document["reasons"] = list(reasons)
    if score:
        document["score"] = score
    return document


def content(opinions: Mapping[int, Mapping[str, object]]) -> bytes:
    """Return the lines of a sheet from its opinions by household."""
    return b"".join(canonical([subject, opinions[subject]]) + b"\n" for subject in sorted(opinions))


def canonical(document: object) -> bytes:
    """Return a document as the one sequence of bytes that is hashed."""
    return json.dumps(document, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode()


def fingerprint(block: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal digits."""
    return sha256(block).hexdigest()
