"""Starts Gedang on a machine that has nothing but Python and make.

Installs what is missing, runs the embedded database and broker, migrates, fills the demo county, and supervises web, worker,
opener and scheduler. Only the standard library is used, since the first step runs before anything is installed; it imports no
app and no setting.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 before any import that an older Python could not even read
    sys.exit("gedang: needs Python 3.11, 3.12 or 3.13; this is %d.%d" % sys.version_info[:2])  # noqa: UP031

from config.launch.services import ensure_services

__all__ = ["ensure_services"]
