"""A part of a test in a process of its own that shares the test's code and changes, and is killed in the middle."""

import os
import signal
from collections.abc import Callable

from django.db import connections


def killed(work: Callable[[], object]) -> None:
    """Run ``work`` in a forked process that kills itself before ``work`` returns; wait for its end."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        # Where a browser's event loop runs in the parent, its connections lie elsewhere and close_all did not meet them.
        for inherited in connections.all(initialized_only=True):
            inherited.connection = None
        try:
            work()
        finally:
            os._exit(1)  # only when it was not killed
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL
