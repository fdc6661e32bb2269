"""A connection that says nothing any more is broken off: nobody else would notice.

A server that was frozen, or a network that swallows what is sent, leaves a connection that looks
well to this machine. Time-outs of the server do not help where the server does not run.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOKS = 4
"""How often it is looked within the longest time that a statement may take."""


class Watch:
    """Looks how long one statement after the other takes.

    Args:
        longest_s: Seconds that a statement may go without an answer.
    """

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._asked: tuple[int, float] | None = None
        """The file of the connection, and since when an answer is waited for."""
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def waiting(self, file: int) -> Iterator[None]:
        """Say that an answer is waited for on an open connection."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, name="vidi-watch", daemon=True)
            self._thread.start()
        self._asked = file, time.monotonic()
        try:
            yield
        finally:
            self._asked = None

    def break_off(self) -> None:
        """Break off the connection on which an answer is waited for."""
        asked = self._asked
        if asked is not None:
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(asked[0])) as line:
                line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Look no longer."""
        self._closed.set()

    def _look(self) -> None:
        while not self._closed.wait(self._longest_s / LOOKS):
            asked = self._asked
            if asked is not None and time.monotonic() - asked[1] > self._longest_s:
                self.break_off()
