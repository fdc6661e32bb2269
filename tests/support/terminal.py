"""An installed command at a terminal of its own, as somebody would see it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from dataclasses import dataclass

from support.commands import start_installed


@dataclass
class Told:
    """What a terminal was told, in the order of time."""

    exit_code: int = -1
    raw: bytes = b""

    @property
    def text(self) -> str:
        return self.raw.decode("utf-8", "replace")

    @property
    def frames(self) -> list[bytes]:
        """What was written from one redrawing to the next: each begins by wiping out a line."""
        return re.split(rb"(?=\r\x1b\[2K)", self.raw)


def at_a_terminal(
    program,
    *arguments,
    cwd,
    typed="",
    rows=24,
    columns=80,
    interrupt_at="",
    timeout=60,
    **environment,
) -> Told:
    """Run a command at a terminal of `rows` × `columns`.

    `typed` is what somebody types, a line whenever nothing more comes; once `interrupt_at` has
    been shown, Ctrl-C is pressed.
    """
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    environ = {**os.environ, "TERM": "xterm-256color", **environment}
    for name in ("COLUMNS", "LINES"):
        environ.pop(name, None)
    process = start_installed(
        program,
        *arguments,
        cwd=cwd,
        env=environ,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    told = Told()
    lines = typed.splitlines(keepends=True)
    ends = time.monotonic() + timeout
    quiet = 0
    while time.monotonic() < ends:
        ready, _, _ = select.select([leader], [], [], 0.1)
        if ready:
            try:
                data = os.read(leader, 65536)
            except OSError:
                break
            if not data:
                break
            told.raw += data
            quiet = 0
        elif process.poll() is not None:
            break
        else:
            quiet += 1
            if lines and quiet > 2:
                os.write(leader, lines.pop(0).encode())
                quiet = 0
        if interrupt_at and interrupt_at in told.text:
            interrupt_at = ""
            os.killpg(process.pid, signal.SIGINT)
    told.exit_code = process.wait(timeout=max(1.0, ends - time.monotonic()))
    os.close(leader)
    return told
