"""What git is asked for: names and contents, within bounds; nothing of the repository is run.

A repository may be a stranger's. git is told to run no hook, no monitor, no filter and no transport
(https://git-scm.com/docs/git-config: core.fsmonitor, core.hooksPath, protocol.allow), so that a
partial clone fetches nothing either; contents come from `cat-file`, which converts nothing.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import threading
from typing import IO, TYPE_CHECKING, NamedTuple

from vidi.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

LONGEST_S = 60.0
"""Seconds for one answer of git."""
MOST_NAMES = 64 * 1024 * 1024
"""Bytes of a list of names."""
CHUNK = 1024 * 1024
_QUIET = (
    "--no-pager",
    "-c", "core.fsmonitor=",
    "-c", f"core.hooksPath={os.devnull}",
    "-c", "protocol.allow=never",
)  # fmt: skip
_POINTERS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""What a hook has set for another folder than the one that is asked about."""
_STEADY = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "0",
    "LC_ALL": "C",
}


class GitError(UsageError):
    """git is not there, takes too long, or does not know what it is asked for."""

    code = "git"


class UnknownRevisionError(GitError):
    """git has nothing to say of a name."""


class Blob(NamedTuple):
    """One tracked file of a revision."""

    name: str
    """POSIX, relative to the folder that was asked about."""
    mode: str
    """`100644`, `100755`, or `120000` for a link."""
    digest: str
    size: int
    """In bytes."""


class Git:
    """The repository that a folder is in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_commit(self, revision: str) -> str | None:
        """The commit that a name means; None where it means none.

        Raises:
            GitError: git is not there or fails.
        """
        try:
            found = self._ask("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        except UnknownRevisionError:
            return None
        return found.decode("ascii", "replace").strip() or None

    def find_fork(self, one: str, other: str) -> str | None:
        """The last commit that two have in common; None where there is none."""
        try:
            found = self._ask("merge-base", one, other)
        except UnknownRevisionError:
            return None
        return found.decode("ascii", "replace").split("\n")[0] or None

    def find_prefix(self) -> str:
        """Where in its repository the folder is, POSIX; "" where it is the top of it."""
        return os.fsdecode(self._ask("rev-parse", "--show-prefix")).rstrip("\n").rstrip("/")

    def find_large_files(self) -> Path:
        """Where git-lfs keeps what it has fetched."""
        shared = os.fsdecode(self._ask("rev-parse", "--git-common-dir")).rstrip("\n")
        return self._folder / shared / "lfs" / "objects"

    def list_blobs(self, commit: str, *, whole: bool = False) -> Iterator[Blob]:
        """The tracked files of a commit in the folder that is asked about; no submodules.

        Args:
            commit: Its name.
            whole: Whether those of the whole repository are meant, named from its top.
        """
        top = ("--full-tree",) if whole else ()
        for line in self._ask("ls-tree", "-r", "-z", "-l", *top, commit).split(b"\0"):
            facts, tab, name = line.partition(b"\t")
            mode, kind, digest, size = facts.split() if tab else (b"", b"", b"", b"")
            if kind == b"blob":
                yield Blob(os.fsdecode(name), mode.decode(), digest.decode(), int(size))

    def list_files(self, patterns: Sequence[str]) -> list[str]:
        """What matches in the working tree, tracked or not; what is ignored is left out."""
        asked = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns)
        names = {os.fsdecode(name) for name in self._ask(*asked).split(b"\0") if name}
        return sorted(names)

    def read_blobs(self, blobs: Iterable[Blob]) -> Iterator[tuple[Blob, Iterator[bytes]]]:
        """The content of each file as it is stored, in their order; each is read to its end.

        Raises:
            GitError: One of them is not here, as in a partial clone.
        """
        asked = list(blobs)
        with tempfile.TemporaryFile() as wanted:
            wanted.write("".join(f"{each.digest}\n" for each in asked).encode())
            wanted.seek(0)
            with self._running(("cat-file", "--batch"), wanted) as answer:
                for each in asked:
                    _read_heading(answer, each)
                    yield each, _read_content(answer, each.size)
                    answer.read(1)  # the line end behind a content

    def _ask(self, *arguments: str) -> bytes:
        with self._running(arguments, subprocess.DEVNULL) as answer:
            said = answer.read(MOST_NAMES + 1)
        if len(said) > MOST_NAMES:
            raise GitError("git lists more names than can be looked at", hint="Name a job file.")
        return said

    @contextlib.contextmanager
    def _running(self, arguments: Sequence[str], wanted: IO[bytes] | int) -> Iterator[IO[bytes]]:
        """What git answers, for a while; what it complains about is raised."""
        with tempfile.TemporaryFile() as complaints:
            process = self._start(arguments, wanted, complaints)
            late = threading.Timer(LONGEST_S, process.kill)
            late.start()
            try:
                if process.stdout is None:  # a pipe was asked for
                    raise GitError("git gives no answer")
                with process.stdout as answer:
                    yield answer
                code = process.wait()
            finally:
                was_late = not late.is_alive()
                late.cancel()
                process.kill()
                process.wait()
            if code:
                complaints.seek(0)
                said = complaints.read(2000).decode("utf-8", "replace").strip()
                raise _explain(arguments[0], "took too long" if was_late else said)

    def _start(
        self, arguments: Sequence[str], wanted: IO[bytes] | int, complaints: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        given = {name: value for name, value in os.environ.items() if name not in _POINTERS}
        try:
            return subprocess.Popen(  # noqa: S603 - no shell, and names never begin with a dash
                ["git", *_QUIET, *arguments],  # noqa: S607 - the user's own git
                cwd=self._folder,
                env={**given, **_STEADY},
                stdin=wanted,
                stdout=subprocess.PIPE,
                stderr=complaints,
            )
        except FileNotFoundError as error:
            raise GitError(
                "git is not installed, and a revision is read by it",
                hint="Install git, or name two job files or folders.",
            ) from error


def _read_heading(answer: IO[bytes], blob: Blob) -> None:
    """Read what stands before a content: its digest, its kind and its size."""
    heading = answer.readline(200).split()
    if len(heading) != 3 or int(heading[2]) != blob.size:
        raise GitError(
            f"{blob.name} of that revision is not here",
            hint="In a partial clone its content has not been fetched: clone whole.",
        )


def _read_content(answer: IO[bytes], size: int) -> Iterator[bytes]:
    while size and (part := answer.read(min(size, CHUNK))):
        size -= len(part)
        yield part
    if size:
        raise GitError("git breaks off in the middle of a file")


def _explain(command: str, said: str) -> GitError:
    if not said:
        return UnknownRevisionError(f"git {command} finds nothing")
    if "not a git repository" in said:
        return GitError("this project is in no git repository", hint="Check -C.")
    hint = ""
    if "dubious ownership" in said:
        hint = "git trusts no folder of another user: git config --global --add safe.directory DIR."
    return GitError(f"git {command} fails: {said}", hint=hint)
