"""Tables of customers."""

from customers.models.changed import SubjectChange
from customers.models.changes import ChangeFlag, ChangeProof
from customers.models.checking import CheckTask, WaitingFile
from customers.models.consents import Consent, StandingConsent
from customers.models.contacts import ContactPlan, StandingContact
from customers.models.dayplans import PlannedVisit
from customers.models.duplicates import PersonMerge, SimilarCase, SimilarDecision, SimilarMember
from customers.models.entities import Business, Principal, SubjectGrid, SubjectToken, Unit
from customers.models.facts import AnswerRegister, BreachFact, HouseholdFacts
from customers.models.imports import MoveRequest, RosterImport, RosterProblem, RosterRemark, UnplacedRow
from customers.models.life import GridMerger, HouseholdEvent
from customers.models.lists import ListEntry, ListFile, ListRelease, ListReview
from customers.models.members import DuplicateCase, MemberChange
from customers.models.milestones import Milestone
from customers.models.people import Person, PersonToken
from customers.models.profile_files import ProfileFile
from customers.models.profiles import Profile, ProfileCheck
from customers.models.subjects import Household, Subject
from customers.models.tallies import VisitTally
from customers.models.visits import Evidence, Visit

__all__ = [
    "AnswerRegister",
    "BreachFact",
    "Business",
    "ChangeFlag",
    "ChangeProof",
    "CheckTask",
    "Consent",
    "ContactPlan",
    "DuplicateCase",
    "Evidence",
    "GridMerger",
    "Household",
    "HouseholdEvent",
    "HouseholdFacts",
    "ListEntry",
    "ListFile",
    "ListRelease",
    "ListReview",
    "MemberChange",
    "Milestone",
    "MoveRequest",
    "Person",
    "PersonMerge",
    "PersonToken",
    "PlannedVisit",
    "Principal",
    "Profile",
    "ProfileCheck",
    "ProfileFile",
    "RosterImport",
    "RosterProblem",
    "RosterRemark",
    "SimilarCase",
    "SimilarDecision",
    "SimilarMember",
    "StandingConsent",
    "StandingContact",
    "Subject",
    "SubjectChange",
    "SubjectGrid",
    "SubjectToken",
    "Unit",
    "UnplacedRow",
    "Visit",
    "VisitTally",
    "WaitingFile",
]
