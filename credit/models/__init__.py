"""Tables of credit."""

from credit.models.applications import Application, ApplicationDocument, ApplicationStep
from credit.models.decisions import Decision, DecisionStep
from credit.models.exceptions import MergeException
from credit.models.handovers import LineHandover
from credit.models.laboratory import DirectionCheck, Population, PopulationColumn, Trial
from credit.models.lines import LineFailure, LineResult, LineRun, LineTally, VillageFigures
from credit.models.meetings import SheetCode
from credit.models.notices import Notice, NoticePrint, NoticeRow, Objection, ObjectionSource, VillageReport
from credit.models.opinions import OpeningEvent, OpeningRequest, Opinion, SheetProof
from credit.models.pages import DraftPage, SheetPage
from credit.models.preparing import RoundDay, RoundPerson, RoundTask, VillageSummary
from credit.models.rounds import DraftCell, OpenerKey, Round, RoundKey, RoundStage, SealedSheet, Sheet, SheetSubject
from credit.models.signing import CallEntry, CallList, CallResult, Card, Drawing, Signing
from credit.models.snapshots import CoreCredit, CoreFinding, CoreSnapshot
from credit.models.whitelists import Receipt, ReceiptRow, WhiteFile, WhiteList, WhiteRow

__all__ = [
    "Application",
    "ApplicationDocument",
    "ApplicationStep",
    "CallEntry",
    "CallList",
    "CallResult",
    "Card",
    "CoreCredit",
    "CoreFinding",
    "CoreSnapshot",
    "Decision",
    "DecisionStep",
    "DirectionCheck",
    "DraftCell",
    "DraftPage",
    "Drawing",
    "LineFailure",
    "LineHandover",
    "LineResult",
    "LineRun",
    "LineTally",
    "MergeException",
    "Notice",
    "NoticePrint",
    "NoticeRow",
    "Objection",
    "ObjectionSource",
    "OpenerKey",
    "OpeningEvent",
    "OpeningRequest",
    "Opinion",
    "Population",
    "PopulationColumn",
    "Receipt",
    "ReceiptRow",
    "Round",
    "RoundDay",
    "RoundKey",
    "RoundPerson",
    "RoundStage",
    "RoundTask",
    "SealedSheet",
    "Sheet",
    "SheetCode",
    "SheetPage",
    "SheetProof",
    "SheetSubject",
    "Signing",
    "Trial",
    "VillageFigures",
    "VillageReport",
    "VillageSummary",
    "WhiteFile",
    "WhiteList",
    "WhiteRow",
]
