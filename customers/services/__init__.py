"""Writes to customers: visits, profiles, checks, lists, identity, imports."""
