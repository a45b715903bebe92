"""What a computation found for many households, as it is stored: fixed-width numbers, and the fingerprint of what went in.

A stored result is typed where pages ask for it (line, score, grade, status); reasons, remarks and binding caps are one bit each,
and the figures are int64, little-endian, in the order of ``model.computed()``. What a bit or a figure means is said by the released
document of the model, which never changes. Both evaluators end here.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from credit.domain.facts import beside
from credit.domain.model.batch import MISSING, STATUSES, Batch
from credit.domain.model.document import Model, ValueType
from credit.domain.model.evaluation import OUT_OF_RANGE, ZERO_LINE, Reason, Result, Status

Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Digests = npt.NDArray[np.uint64]
INCOMPLETE: Final = STATUSES.index(Status.INCOMPLETE)


def reasons_of(model: Model) -> tuple[Reason, ...]:
    """What can keep a line from a household, one bit each; the order of ``Program.reasons``."""
    facts = [
        Reason(code, entry.name)
        for entry in model.inputs
        for code in (*([entry.missing_reason] if entry.missing_reason else []), OUT_OF_RANGE)
    ]
    return (*facts, *(Reason(veto.reason) for veto in model.vetoes), Reason(ZERO_LINE))


@dataclass(frozen=True)
class Found:
    """The results of many households; amounts in fen, MISSING where there is none. ``shown`` and ``score`` likewise, ``grade`` -1."""

    status: npt.NDArray[np.int8]
    line: Counts
    shown: Counts
    score: Counts
    grade: npt.NDArray[np.int16]
    reasons: Flags
    remarks: Flags
    binding: Flags
    figures: Counts

    def only(self, rows: Any) -> Found:
        """Some of the households."""
        return Found(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def __len__(self) -> int:
        return len(self.line)


def found_by(batch: Batch) -> Found:
    """The results of the set-based evaluator."""
    return Found(
        batch.status,
        batch.line,
        batch.shown,
        batch.score,
        batch.grade,
        batch.reasons,
        batch.remarks,
        batch.binding,
        batch.figures,
    )


def found_one_by_one(model: Model, results: Sequence[Result]) -> Found:
    """The results of the reference evaluator, packed alike."""
    known, remarks = reasons_of(model), tuple(Reason(remark.reason) for remark in model.remarks)
    name, levels = beside(model), [level.code for level in model.grade.levels] if model.grade else []

    def bits(told: Sequence[Reason], all_of: Sequence[Reason]) -> list[bool]:
        held = [False] * len(all_of)
        for one in told:
            held[all_of.index(one)] = True
        return held

    def flags(rows: list[list[bool]], width: int) -> Flags:
        return np.array(rows, dtype=np.bool_).reshape(len(rows), width)

    return Found(
        np.array([STATUSES.index(one.status) for one in results], dtype=np.int8),
        _counts([_number(one.line, 2) for one in results]),
        _counts([_number(one.values.get(name) if one.line is not None else None, 2) for one in results]),
        _counts([_number(one.score, 2) for one in results]),
        np.array([levels.index(one.grade) if one.grade else -1 for one in results], dtype=np.int16),
        flags([bits(one.reasons, known) for one in results], len(known)),
        flags([bits(one.remarks, remarks) for one in results], len(remarks)),
        flags([[cap.name in one.binding_caps for cap in model.caps] for one in results], len(model.caps)),
        _counts([figures_of(model, one) for one in results]).reshape(len(results), len(model.computed())),
    )


def figures_of(model: Model, result: Result) -> list[int]:
    """The named figures of a result as whole numbers, MISSING for one that is incomplete."""
    if result.status is Status.INCOMPLETE:
        return [MISSING] * len(model.computed())
    levels = [level.code for level in model.grade.levels] if model.grade else []
    found = []
    for name, value_type in model.computed():
        value = result.values[name]
        found.append(levels.index(str(value)) if value_type is ValueType.CHOICE else _number(value, value_type.places))
    return found


def _counts(values: Sequence[Any]) -> Counts:
    return np.array(values, dtype=np.int64)


def _number(value: object, places: int) -> int:
    if isinstance(value, bool):
        return int(value)
    return int(value.scaleb(places)) if isinstance(value, Decimal) else MISSING


# --- Read back --------------------------------------------------------------------------------------------------------


def bits_of(packed: bytes | memoryview, names: Sequence[Any]) -> list[Any]:
    """What the bits of a stored result say, in order; a thing said by two bits is said once."""
    told = np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=len(names)).nonzero()[0]
    return list(dict.fromkeys(names[place] for place in told.tolist()))


def unpacked(model: Model, figures: bytes | memoryview) -> dict[str, Decimal | bool | str]:
    """The named figures of a stored result, as the reference names them."""
    levels = [level.code for level in model.grade.levels] if model.grade else []
    found: dict[str, Decimal | bool | str] = {}
    for (name, value_type), number in zip(model.computed(), struct.iter_unpack("<q", figures), strict=True):
        if value_type is ValueType.CHOICE:
            found[name] = levels[number[0]]
        elif value_type is ValueType.BOOL:
            found[name] = number[0] == 1
        else:
            found[name] = Decimal(number[0]).scaleb(-value_type.places)
    return found


# --- The fingerprint of what went in ------------------------------------------------------------------------------------

_STEPS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03))


def salt(*digests: str) -> tuple[int, int]:
    """Two words out of the digests of model and parameters, which begin every fingerprint of a run."""
    return struct.unpack("<QQ", hashlib.blake2b("|".join(digests).encode(), digest_size=16).digest())


def fingerprints(facts_hash: Digests, numbers: Sequence[Counts], words: tuple[int, int]) -> Digests:
    """The fingerprint of everything a result depends on, two words a household: the fingerprint of the file's facts (itself
    cryptographic, ``customers.domain.facts``), what is read beside it, and ``words`` for model and parameters.

    The mixing is that of splitmix64. It tells changed inputs from unchanged ones; it is no signature.
    """
    found = np.empty_like(facts_hash)
    with np.errstate(over="ignore"):
        for lane in (0, 1):
            word = _mixed(facts_hash[:, lane] ^ np.uint64(words[lane]))
            for place, values in enumerate(numbers, start=1):
                word = _mixed(word ^ (values.view(np.uint64) + _STEPS[lane] * np.uint64(place)))
            found[:, lane] = word
    return found


def _mixed(word: Digests) -> Digests:
    word = word + _STEPS[0]
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


# --- Bytes ------------------------------------------------------------------------------------------------------------


def packed_bits(flags: Flags) -> npt.NDArray[np.uint8]:
    """One bit a flag, the first the highest of the first byte."""
    return np.packbits(flags, axis=1)


def packed_figures(figures: Counts) -> npt.NDArray[np.uint8]:
    """The figures as bytes, int64 little-endian."""
    return (
        np.ascontiguousarray(figures.astype("<i8", copy=False))
        .view(np.uint8)
        .reshape(len(figures), figures.shape[1] * 8)
    )
