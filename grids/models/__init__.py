"""Tables of the territory."""

from grids.models.changes import Absence, Transfer, TransferGrid
from grids.models.devices import Device, DeviceIssue
from grids.models.digests import Digest
from grids.models.grids import Campaign, Grid, Seat, SeatKind
from grids.models.institutions import Branch, Institution
from grids.models.staff import ApiToken, Post, PostKind, Staff, StaffImport
from grids.models.trainings import Attendance, Training

__all__ = [
    "Absence",
    "ApiToken",
    "Attendance",
    "Branch",
    "Campaign",
    "Device",
    "DeviceIssue",
    "Digest",
    "Grid",
    "Institution",
    "Post",
    "PostKind",
    "Seat",
    "SeatKind",
    "Staff",
    "StaffImport",
    "Training",
    "Transfer",
    "TransferGrid",
]
