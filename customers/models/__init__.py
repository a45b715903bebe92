"""Tables of customers."""

from customers.models.imports import MoveRequest, RosterImport, RosterProblem
from customers.models.lists import ListEntry, ListFile, ListRelease, ListReview
from customers.models.members import DuplicateCase, MemberChange
from customers.models.milestones import Milestone
from customers.models.people import Person, PersonToken
from customers.models.profiles import Profile, ProfileCheck
from customers.models.subjects import Household, Subject
from customers.models.visits import Consent, Evidence, Visit

__all__ = [
    "Consent",
    "DuplicateCase",
    "Evidence",
    "Household",
    "ListEntry",
    "ListFile",
    "ListRelease",
    "ListReview",
    "MemberChange",
    "Milestone",
    "MoveRequest",
    "Person",
    "PersonToken",
    "Profile",
    "ProfileCheck",
    "RosterImport",
    "RosterProblem",
    "Subject",
    "Visit",
]
