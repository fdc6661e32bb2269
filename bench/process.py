"""A command as a whole process: what it took, by the system's own account."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PYTHON = sys.executable
PROGRAM = Path(sys.executable).with_name("vidi-run")


class Spent(NamedTuple):
    """What a process took."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    """Linux counts in what the bench itself has held at most: it has to stay small."""


def start(
    command: Sequence[object], folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a process that says nothing; compiled files are kept, as where it is installed."""
    inherited = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.Popen(
        [str(each) for each in command],
        cwd=folder,
        env={**inherited, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def finish(process: subprocess.Popen[bytes], began: float, codes: Sequence[int] = (0,)) -> Spent:
    """Wait for a process to end in one of the ways that it may."""
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        raise SystemExit(f"{process.args} ended with {process.returncode}")
    return Spent(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def run(
    command: Sequence[object],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    codes: Sequence[int] = (0,),
) -> Spent:
    """Run a command to its end."""
    began = time.perf_counter()
    return finish(start(command, folder, environment), began, codes)


def find_least(runs: Iterable[Spent]) -> Spent:
    """The least of each that some runs of the same took."""
    return Spent(*map(min, zip(*runs, strict=True)))


def compare_cpu(
    ours: Sequence[object], other: Sequence[object], folder: Path, rounds: int
) -> tuple[float, float]:
    """Seconds of CPU of two commands by turns, after one of each that does not count; medians."""
    spent = [(run(ours, folder).cpu_s, run(other, folder).cpu_s) for _ in range(rounds + 1)]
    first, second = zip(*spent[1:], strict=True)
    return statistics.median(first), statistics.median(second)


def read_cpu(pid: int) -> float:
    """Seconds of CPU that a process has had so far, threads that ended too (Linux's clock ids)."""
    return time.clock_gettime((~pid << 3) | 2)
