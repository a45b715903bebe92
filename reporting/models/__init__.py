"""Tables of reporting and audit."""

from reporting.models.samples import Conclusion, Inspection, SampleAuditor, SampleItem, SamplePlan, SampleUnit
from reporting.models.weekly import CountedMilestone, ReportRow, WeeklyReport

__all__ = [
    "Conclusion",
    "CountedMilestone",
    "Inspection",
    "ReportRow",
    "SampleAuditor",
    "SampleItem",
    "SamplePlan",
    "SampleUnit",
    "WeeklyReport",
]
