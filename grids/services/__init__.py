"""Writes to the territory, its people and posts."""
