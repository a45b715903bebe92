"""Tables of the primitives."""

from config.lib.models.files import StoredFile
from config.lib.models.jobs import JobChunk, JobRun
from config.lib.models.records import AuditEvent, History
from config.lib.models.releases import ParameterDraft, Release

__all__ = ["AuditEvent", "History", "JobChunk", "JobRun", "ParameterDraft", "Release", "StoredFile"]
