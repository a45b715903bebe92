"""Speed harnesses: each measures one job against the limit of the machine in the same run and prints one JSON line.

A harness is a module of this package with ``run(*, full: bool) -> Iterable[Result]``, called by its module's name
(``make bench-roster`` is ``bench/roster.py``; dashes stand for underscores). Goals are ratios within
one run, variants interleaved, because seconds on a shared machine mean little. ``full`` is the size of ``make prove``.
"""
