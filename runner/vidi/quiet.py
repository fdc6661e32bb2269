"""Libraries that speak for themselves, kept quiet: what is shown is ours, in our words.

libtiff writes whatever it finds wrong in a file to descriptor 2, and no library above it can
prevent that; Pillow warns of what is odd in a file. Neither is for a terminal, nor for a log.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import warnings
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STDERR = 2
_one_at_a_time = threading.Lock()
"""Warning filters and descriptors belong to the whole process."""
_parted = threading.Event()


def part_streams() -> None:
    """Have this process, which is ours, write to its terminal by a descriptor of its own.

    From then on nobody but libraries in C, and programs that are started, writes to descriptor 2:
    it may lead elsewhere for a while. Windows' consoles know no copy of a descriptor.
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    if os.name == "nt" or sys.stderr is None or _parted.is_set():
        return
    with contextlib.suppress(OSError, ValueError):
        if sys.stderr.fileno() == STDERR:
            ours, encoding, errors = os.dup(STDERR), sys.stderr.encoding, sys.stderr.errors
            sys.stderr = open(ours, "w", buffering=1, encoding=encoding, errors=errors)  # noqa: SIM115, PTH123 - open to the end
            _parted.set()


@contextlib.contextmanager
def quietly(*, in_c: bool = True) -> Iterator[None]:
    """Keep what libraries remark on a file to ourselves; one thread at a time.

    Args:
        in_c: Whether those in C are kept quiet, too: that takes six calls.
    """
    elsewhere = _leading_elsewhere() if in_c else contextlib.nullcontext()
    with _one_at_a_time, warnings.catch_warnings(), elsewhere:
        warnings.simplefilter("ignore")
        _mute_logs()
        yield


@contextlib.contextmanager
def _leading_elsewhere() -> Iterator[None]:
    """Lead descriptor 2 nowhere, where it is the libraries' alone and one more can be had."""
    kept = None
    if _parted.is_set():
        with contextlib.suppress(OSError):
            kept = os.dup(STDERR)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, STDERR)
            os.close(nowhere)
    try:
        yield
    finally:
        if kept is not None:
            os.dup2(kept, STDERR)
            os.close(kept)


@cache
def _mute_logs() -> None:
    """Pillow logs what it refuses, and Python shows what nobody handles."""
    import logging

    logging.getLogger("PIL").addHandler(logging.NullHandler())
