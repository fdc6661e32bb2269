"""What a target is, how one input of it is tried, and where all of them are found."""

from __future__ import annotations

import contextlib
import pkgutil
import signal
import traceback
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fuzz.room import CrashError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fuzz.inputs import Make

CORPUS = Path(__file__).with_name("corpus")


@dataclass(frozen=True)
class Target:
    """Something that reads what comes from outside."""

    make: Make
    """Makes an input, which is bytes."""
    check: Callable[[bytes], str]
    """Tries one input; returns the kind of its end, and raises where that is none in words."""
    bound_s: float = 10.0
    """Seconds of one input."""


class End(NamedTuple):
    """How one input ended."""

    kind: str
    caught: bool


class HangError(BaseException):
    """An input took longer than it may; no `except Exception` holds it."""


def find_targets() -> dict[str, Target]:
    """Every target by its name."""
    from fuzz import targets

    found = pkgutil.walk_packages(targets.__path__, f"{targets.__name__}.")
    names = [each.name for each in found if not each.ispkg]
    return {name.rpartition(".")[2]: import_module(name).TARGET for name in names}


def find_cases(name: str) -> list[Path]:
    """The inputs that once ended badly."""
    return sorted((CORPUS / name).glob("*"))


def try_input(target: Target, data: bytes) -> End:
    """Try one input of a target within its bound."""
    try:
        with _bounded(target.bound_s):
            return End(target.check(data), caught=True)
    except HangError:
        return End(f"longer than {target.bound_s:g} s", caught=False)
    except CrashError as error:
        return End(str(error), caught=False)
    except Exception as error:  # noqa: BLE001 - finding those is what it is for
        return End(_describe(error), caught=False)


def _describe(error: Exception) -> str:
    """The kind of an exception, and where it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if "/vidi/" in each.filename] or frames
    at = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "?"
    return f"{type(error).__name__} at {at}"


@contextlib.contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise HangError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
