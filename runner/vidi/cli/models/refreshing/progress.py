"""How far a refresh has come, on disk: killed at any moment, it ends as if it had not been.

Every answer is written down as it comes, so what was asked is not asked again. The result is
written down as a whole before the first template is touched, so that a second start writes the same
files and tells the same news, however many of them were there already.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TextIO

from filelock import FileLock, Timeout

from vidi.errors import FolderLockedError, StorageError
from vidi.inference.providers.transport.answer import Answer
from vidi.runs.records.atomic import replace_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FOLDER = ".refresh"
STALE = timedelta(hours=24)
"""After these, what was answered is asked again."""


class Progress:
    """The progress of the refresh of one folder; it holds the folder while it is open."""

    def __init__(self, out: Path, asked: str) -> None:
        self.folder = out / FOLDER
        self._answers: dict[str, Answer] = {}
        self._lock = FileLock(self.folder / "lock")
        self._file = self._begin(asked)

    @property
    def today(self) -> str:
        """The day that it was begun, ISO 8601: what is dated has it, also after a second start."""
        return self.began.date().isoformat()

    def find(self, question: str) -> Answer | None:
        """What was answered before."""
        return self._answers.get(question)

    def keep(self, question: str, answer: Answer) -> None:
        """Write down an answer at once; what is lost with the machine is asked again."""
        text = answer.body.decode(errors="replace")
        self._write({"question": question, "status": answer.status, "body": text})

    def read_result(self) -> Mapping[str, object] | None:
        """What was found before the first file was touched; None before that."""
        try:
            result = json.loads((self.folder / "result.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return result if isinstance(result, dict) else None

    def save_result(self, result: Mapping[str, object]) -> None:
        """Write down what is to be done and said."""
        replace_text(self.folder / "result.json", json.dumps(result, ensure_ascii=False))

    def end(self) -> None:
        """Leave nothing behind."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Let go of the folder, and keep what there is for the next start."""
        self._file.close()
        self._lock.release()

    def _begin(self, asked: str) -> TextIO:
        """Hold the folder, read what an earlier start has, or begin anew."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise FolderLockedError(
                f"another refresh is writing to {self.folder.parent}"
            ) from error
        except OSError as error:
            raise StorageError(f"cannot write {self.folder}: {error.strerror}") from error
        path = self.folder / "answers.jsonl"
        lines = list(_read_lines(path))
        head = lines[0] if lines else {}
        began = _read_time(head.get("began"))
        if head.get("asked") != asked or datetime.now(UTC) - began > STALE:
            (self.folder / "result.json").unlink(missing_ok=True)
            self.began = datetime.now(UTC)
            path.write_text(json.dumps({"began": self.began.isoformat(), "asked": asked}) + "\n")
            return path.open("a", encoding="utf-8")
        self.began = began
        for line in lines[1:]:
            body = str(line["body"]).encode()
            self._answers[str(line["question"])] = Answer(int(str(line["status"])), {}, body)
        file = path.open("a", encoding="utf-8")
        file.write("\n")  # after a line that was cut off
        return file

    def _write(self, line: Mapping[str, object]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()


def _read_lines(path: Path) -> Iterator[Mapping[str, object]]:
    """Every whole line; one that was cut off is left out."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.split("\n"):
        with contextlib.suppress(ValueError):
            value = json.loads(line)
            if isinstance(value, dict):
                yield value


def _read_time(text: object) -> datetime:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
