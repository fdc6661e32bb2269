"""Everything that can go wrong, as one tree.

    VidiError                      70  our bug, unless a subclass says otherwise
    ├── UsageError                  2  a wrong flag, a missing file, a bad setting
    │   └── SettingError            2  a proxy or certificates that cannot be used
    ├── JobFileError                2  a job file has mistakes; carries every one of them
    ├── RefusedError                3  stopped before spending: over budget, unpriced, frozen
    ├── CredentialsError            4  a key is missing or refused, or the account is out of credit
    ├── FolderLockedError           7  another run holds the output folder
    ├── StoppedError              130  stopped by the user before anything was sent
    │   └── TerminatedError       143  the same by SIGTERM
    ├── StorageError                1  the disk is full, read-only, or the folder went away
    │   └── LeaseLostError          1  another worker of the fleet has it by now
    │       └── OrphanError         6  it was bought, although it had been taken for not bought
    └── InferenceError              1  one inference did not end well
        ├── NotSentError            1  provably never reached the provider; may be sent again
        ├── ThrottledError          1  refused for now (429); may be sent again after a wait
        ├── RejectedError           1  refused for good; not paid
        ├── FailedError             1  the provider accepted it and it failed there
        ├── InDoubtError            6  sent, and nobody knows what became of it
        ├── UnfinishedError         5  still running at the provider when the deadline came
        ├── PollError               1  one look at a running inference failed; look again
        └── DownloadError           1  an asset could not be fetched, or is not what it should be

Each carries its message, a hint (the edit or the command that mends it) and the place, where one
is known. `vidi.cli` is the one boundary that turns them into words and exit codes.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

_Made = TypeVar("_Made")

_LONGEST_TEXT = 4000
"""Characters of a message: it may quote a key or a name of megabytes."""
_NOTED = 20
"""Mistakes of a job file that a traceback shows."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a file. Line and column count from 1; 0 means the file as a whole."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake or one warning, with the place of it and the edit that mends it."""

    code: str
    """A stable name such as `unknown-param`, for programs."""
    message: str
    place: Place | None = None
    hint: str = ""
    ids: tuple[str, ...] = ()
    """The inferences it hits, in file order; empty for the file as a whole."""
    severity: Literal["error", "warning"] = "error"
    excerpt: str = ""
    """The source line that `place` points into, without its line end."""
    via: Place | None = None
    """Where `place` is in a data file: the place in the job file that uses its value."""
    more: int = 0
    """How many more inferences it hits, where there are too many to name."""

    def __post_init__(self) -> None:
        """Cut what quotes a key or a number of megabytes."""
        if len(self.message) > _LONGEST_TEXT:
            object.__setattr__(self, "message", _cut(self.message))
        if len(self.hint) > _LONGEST_TEXT:
            object.__setattr__(self, "hint", _cut(self.hint))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


class VidiError(Exception):
    """The root. `str(error)` is the message alone; a traceback shows the hint below it."""

    exit_code: ClassVar[int] = 70
    code: ClassVar[str] = "internal"

    def __init__(self, message: str, *, hint: str = "", place: Place | None = None) -> None:
        message = _cut(message)
        super().__init__(message)
        self.message = message
        self._hint = ""
        self.hint = hint
        self.place = place
        self.ids: tuple[str, ...] = ()
        """The inferences that it is about; none where it is about the file as a whole."""
        self.key = ""
        """The key of the job file that it is about, such as `budget`."""

    @property
    def hint(self) -> str:
        """The edit or the command that mends it; empty where there is none."""
        return self._hint

    @hint.setter
    def hint(self, hint: str) -> None:
        """Change it, and the note that tracebacks show (PEP 678)."""
        others = [each for each in getattr(self, "__notes__", ()) if each != f"hint: {self._hint}"]
        hint = _cut(hint)
        self.__notes__ = [*others, f"hint: {hint}"] if hint else others
        self._hint = hint

    def about(self, *ids: str, key: str = "") -> Self:
        """The same error, with the inferences or the key of the job file that it is about."""
        self.ids, self.key = ids, key
        return self


class UsageError(VidiError):
    """The command, a flag, a setting or a file it names is wrong."""

    exit_code = 2
    code = "usage"


class SettingError(UsageError):
    """A setting of the environment cannot be used: it meets whatever is sent, not one entry."""


class JobFileError(VidiError):
    """A job file has mistakes; `problems` holds all of them, sorted by place."""

    exit_code = 2
    code = "job-file"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(f"{count} mistake{'' if count == 1 else 's'} in the job file")
        for problem in self.problems[:_NOTED]:
            where = f"{problem.place}: " if problem.place else ""
            hint = f"\n  hint: {problem.hint}" if problem.hint else ""
            self.add_note(f"{where}{problem.message}{hint}")


class RefusedError(VidiError):
    """Stopped before anything was spent: over budget, unpriced, or frozen."""

    exit_code = 3
    code = "refused"


class CredentialsError(VidiError):
    """A key is missing or refused, or the account has no credit."""

    exit_code = 4
    code = "credentials"


class FolderLockedError(VidiError):
    """Another run holds the output folder."""

    exit_code = 7
    code = "locked"


class StoppedError(VidiError):
    """The user stopped the command before anything was sent."""

    exit_code = 130
    code = "stopped"


class TerminatedError(StoppedError):
    """SIGTERM stopped the command before anything was sent."""

    exit_code = 143


class StorageError(VidiError):
    """What must be written cannot be: nothing new is bought from here on."""

    exit_code = 1
    code = "storage"


class LeaseLostError(StorageError):
    """Somebody else holds the shard by now, or the inference has gone on elsewhere."""

    code = "lease-lost"


class OrphanError(LeaseLostError):
    """A receipt has come for an attempt that had been taken for not bought; both are counted."""

    exit_code = 6
    code = "orphan"


class InferenceError(VidiError):
    """One inference did not end well."""

    exit_code = 1
    code = "failed"


class NotSentError(InferenceError):
    """Provably never reached the provider (refused connection, DNS, TLS, pool)."""

    code = "not-sent"


class ThrottledError(InferenceError):
    """Refused for now (429). `retry_after` is in seconds, None where the provider did not say."""

    code = "throttled"

    def __init__(self, message: str, *, retry_after: float | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class RejectedError(InferenceError):
    """Refused for good (400, 404, 413, 422); `paid` where a runner had already worked on it."""

    code = "rejected"

    def __init__(self, message: str, *, hint: str = "", paid: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.paid = paid


class WrongCallError(RejectedError):
    """Called in a form that the provider does not take of this model: proved not bought."""


class FailedError(InferenceError):
    """The provider accepted the inference and it failed there."""

    code = "failed"


class InDoubtError(InferenceError):
    """Something was sent and the outcome is unknown: never sent again by itself."""

    exit_code = 6
    code = "in-doubt"


class BegunElsewhereError(InferenceError):
    """Another run of the folder has begun it, and nothing here says what became of that."""

    exit_code = 6
    code = "in-doubt"


class UnfinishedError(InferenceError):
    """Still running at the provider when the deadline came; the next run re-attaches."""

    exit_code = 5
    code = "unfinished"


class LostError(UnfinishedError):
    """The provider no longer knows the request: only the user can say what became of it."""

    code = "lost"


class PollError(InferenceError):
    """One look at a running inference failed; it says nothing about the inference."""

    code = "poll"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotFoundError(PollError):
    """The provider does not know the request: not yet, or no longer."""

    def __init__(self, message: str, *, http: int = 404, of_result: bool = False) -> None:
        super().__init__(message)
        self.http = http
        """404, or 405 where requests have no such address at all."""
        self.of_result = of_result
        """The request is known and has ended; only its result is not there."""


class DownloadError(InferenceError):
    """An asset could not be fetched, or what came is not what it should be."""

    code = "download"

    def __init__(
        self, message: str, *, hint: str = "", gone: bool = False, transient: bool = False
    ) -> None:
        super().__init__(message, hint=hint)
        self.gone = gone
        """The provider no longer keeps the file (404, 410): its retention has passed."""
        self.transient = transient
        """Worth another try at once (reset, time-out, 429, 5xx)."""


_OUT_OF_FILES = frozenset({errno.EMFILE, errno.ENFILE})
"""What the system says when this process, or all of them, may open no further file."""


def is_out_of_files(error: BaseException | None) -> bool:
    """Whether something failed only because too many files are open: it is tried again later."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, OSError) and error.errno in _OUT_OF_FILES:
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def contain(call: Callable[[], _Made]) -> _Made | Exception:
    """What a call gives back, or what it raised, bugs as well: for whoever waits to be told."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001  # whoever asked looks what it is
        return error


async def contain_async(work: Awaitable[_Made]) -> _Made | Exception:
    """What some work comes to, or what it raised; a cancellation is neither."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001  # whoever asked looks what it is
        return error
