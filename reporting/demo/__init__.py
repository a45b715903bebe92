"""The demo county: synthetic people in a real territory, with twelve weeks of work behind them and open work for every post.

Deterministic by seed and day. Names are put together from common parts, numbers are well-formed and reach nobody.
"""
