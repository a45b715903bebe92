"""Primitives every app may import and that import no app: clock, money, guards of tables, access, jobs, releases, files."""
