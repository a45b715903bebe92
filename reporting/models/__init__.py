"""Tables of reporting and audit."""

from reporting.models.samples import (
    Conclusion,
    Inspection,
    InspectionResult,
    KinDeclaration,
    SampleAuditor,
    SampleItem,
    SamplePlan,
    SampleUnit,
)
from reporting.models.weekly import CountedMilestone, ReportRow, RunningCount, WeeklyReport

__all__ = [
    "Conclusion",
    "CountedMilestone",
    "Inspection",
    "InspectionResult",
    "KinDeclaration",
    "ReportRow",
    "RunningCount",
    "SampleAuditor",
    "SampleItem",
    "SamplePlan",
    "SampleUnit",
    "WeeklyReport",
]
