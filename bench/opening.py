"""Opening a village: 30 sealed sheets of 800 rows decrypted, and read as opinions that obey the rules of the round.

Only the cipher and the reading are measured, not what the opening then writes.
"""

import json
import os
import random
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

from bench.harness import ROOT, Result, percentile

LIMIT_SECONDS = 0.5
SHEETS = 30
HOUSEHOLDS = 800
ROUND = 7


def run(*, full: bool) -> Iterator[Result]:
    """Measure the median of several openings, decryption alone and with every opinion checked."""
    with tempfile.TemporaryDirectory(prefix="gedang-bench-") as scratch:
        file = Path(scratch) / "opener_key"
        file.write_text(b64encode(os.urandom(32)).decode())
        os.environ |= {
            "GEDANG_MODE": "test",
            "DATA_DIR": scratch,
            "DATABASE_URL": "postgresql://nobody@/none",
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "OPENER_KEY_FILE": str(file),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        import django

        django.setup()
        yield from _measure(repeats=9 if full else 3)


def _answers(rng: random.Random) -> dict[int, dict[str, object] | None]:
    """What a sheet says: mostly amounts, some strangers, kin and refusals."""

    def one() -> dict[str, object]:
        lot = rng.random()
        if lot < 0.1:
            return {"kind": "unknown"}
        if lot < 0.12:
            return {"kind": "recused"}
        if lot < 0.2:
            return {"kind": "refuse", "reasons": ["heavy_debts", "no_income"]}
        return {"kind": "amount", "amount": f"{rng.randint(1, 200) * 1000}.00"}

    return {subject: one() for subject in range(1, HOUSEHOLDS + 1)}


def _measure(*, repeats: int) -> Iterator[Result]:
    from credit import sealing
    from credit.domain.rules import RoundRules
    from credit.services import opening

    parameters = ROOT / "credit" / "parameters"
    rules = RoundRules.from_releases(
        json.loads((parameters / "round_rules.json").read_text("utf-8")),
        json.loads((parameters / "refuse_reasons.json").read_text("utf-8")),
    )
    rng = random.Random(5)
    public, wrapped = sealing.new_round_key(ROUND, sealing.opener_public_key())
    sheets = [
        (uuid, sealing.seal_sheet(public, ROUND, uuid, _answers(rng))) for uuid in (uuid4() for _ in range(SHEETS))
    ]
    roster = set(range(1, HOUSEHOLDS + 1))
    round = SimpleNamespace(pk=ROUND)
    decrypting, reading = [], []
    for _ in range(repeats):
        started = time.perf_counter()
        private = sealing.unwrap_round_key(ROUND, wrapped)
        for uuid, blob in sheets:
            sealing.open_sheet(private, ROUND, uuid, blob)
        decrypting.append(time.perf_counter() - started)
        started = time.perf_counter()
        for number, (uuid, blob) in enumerate(sheets, start=1):
            opening._read(round, rules, roster, uuid, number, blob, private)
        reading.append(time.perf_counter() - started)
    details = {"sheets": SHEETS, "households": HOUSEHOLDS, "bytes": sum(len(blob) for _, blob in sheets)}
    yield Result("30 sheets of 800 rows decrypted", percentile(decrypting, 0.5), "s", LIMIT_SECONDS, details)
    yield Result("the same, each opinion read and checked", percentile(reading, 0.5), "s", None, details)
