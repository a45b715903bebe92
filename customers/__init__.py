"""Customers: subjects, households, persons, visits, profiles, consent, lists and the rosters they come from.

Owns every row about a customer that is not a credit decision; never decides about credit.
"""
