"""Several people at the same moment, each on a connection of his own."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection


def race(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all at the same time, each on a connection of its own; return their answers or exceptions."""
    gate = threading.Barrier(len(acts))
    answers: list[Any] = [None] * len(acts)

    def run(place: int) -> None:
        try:
            gate.wait(30)
            answers[place] = acts[place]()
        except Exception as error:  # noqa: BLE001  (what was raised is what the test asks about)
            answers[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return answers
