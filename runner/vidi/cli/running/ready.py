"""What a run needs at its end, made ready while it waits for its first inference.

The page's template takes 70 ms to compile and Pillow 20 ms to load: done at the end, people would
wait for that.
"""

from __future__ import annotations

import contextlib
import threading
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vidi.inference.lifecycle.runtime import Listener


def prepare_once_submitted(listener: Listener, *, report: bool) -> Listener:
    """Pass everything on to a listener, and make ready once the first inference is on its way."""
    begun = False

    def listen(inference: str, event: str, **facts: object) -> None:
        nonlocal begun
        if event == "submitted" and not begun:
            begun = True
            threading.Thread(target=_prepare, args=(report,), name="vidi-prepare").start()
        listener(inference, event, **facts)

    return listen


def _prepare(report: bool) -> None:
    """Load only: whatever is wrong there is told where it is used."""
    with contextlib.suppress(Exception):
        import_module("PIL.Image")
        if report:
            from vidi.runs.records.report.template import load_template

            load_template()
