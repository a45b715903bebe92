"""Repeat a draw from the exported population, with nothing but Python: python redraw.py population.csv SEED SAMPLE.

Prints the hash of the population, the quota of every stratum and the subjects drawn, in the order of drawing. The
rule (Semantics, section 7): strata share the sample in proportion, by largest remainder (ties: larger stratum, then
lower code); inside a stratum the subjects with the lowest sha256(seed:id) are taken.
"""

import hashlib
import sys
from collections import Counter
from pathlib import Path


def redraw(population: bytes, seed: str, sample: int) -> tuple[str, dict[str, int], list[int]]:
    """Return population hash, quotas and drawn ids from the bytes of population.csv."""
    rows = [line.split(",", 1) for line in population.decode().splitlines()[1:]]
    sizes, total = Counter(stratum for _, stratum in rows), len(rows)
    quotas = {code: sample * size // total for code, size in sorted(sizes.items())}
    in_turn = sorted(sizes, key=lambda code: (-(sample * sizes[code] % total), -sizes[code], code))
    for code in in_turn[: sample - sum(quotas.values())]:
        quotas[code] += 1
    taken: Counter[str] = Counter()
    drawn = []
    for _, subject, stratum in sorted((hashlib.sha256(f"{seed}:{i}".encode()).digest(), int(i), s) for i, s in rows):
        if taken[stratum] < quotas[stratum]:
            taken[stratum] += 1
            drawn.append(subject)
    return hashlib.sha256(population).hexdigest(), quotas, drawn


if __name__ == "__main__":
    digest, quotas, drawn = redraw(Path(sys.argv[1]).read_bytes(), sys.argv[2], int(sys.argv[3]))
    print("population", digest)  # noqa: T201  a script for a terminal
    for stratum, quota in quotas.items():
        print("stratum", stratum, quota)  # noqa: T201
    for subject in drawn:
        print(subject)  # noqa: T201
