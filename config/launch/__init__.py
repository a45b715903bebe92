"""Starts Gedang on a machine that has nothing but Python and make.

Installs what is missing, runs the embedded database and broker, migrates, fills the demo county, and supervises web, worker,
opener and scheduler. Only the standard library is used, since the first step runs before anything is installed; it imports no
app and no setting.
"""

from config.launch.services import ensure_services

__all__ = ["ensure_services"]
