"""A line for the start and the end of every inference: to `logging`, to a file, to the console."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from vidi.errors import StorageError, UsageError, VidiError
from vidi.inference.tracking.journal.journal import dump_line
from vidi.inference.tracking.sanitize import sanitize_parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from decimal import Decimal
    from pathlib import Path

    from vidi.inference.models.template import ModelInfo

__all__ = ["InferenceLogger", "sanitize_parameters"]

KEPT = 1000
"""Records that are remembered where there is no file."""
_log = logging.getLogger("vidi.inference")
_log.addHandler(logging.NullHandler())


class Logged(Protocol):
    """What a logger needs to know of a result; `InferenceResult` is one."""

    @property
    def model(self) -> str:
        """The model's id."""

    @property
    def urls(self) -> tuple[str, ...]:
        """Where the assets are."""

    @property
    def cost(self) -> Decimal | None:
        """USD; None where it is not known."""

    @property
    def request_id(self) -> str:
        """The provider's id; empty where there is none."""


class InferenceLogger:
    """Logs inferences. Without arguments only to the standard logger `vidi.inference`, silent.

    Args:
        log_file: A file that gets one JSON object a line; made with the first of them.
        console: Whether to write a line to stderr as well.
        redact: Takes what must not be seen, such as keys, out of a text.
    """

    def __init__(
        self,
        log_file: Path | str | None = None,
        *,
        console: bool = False,
        redact: Callable[[str], str] = lambda text: text,
    ) -> None:
        from pathlib import Path

        self._path = None if log_file is None else Path(log_file)
        self._console = console
        self._redact = redact
        self._lock = threading.Lock()
        self._kept: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def log_inference_start(self, model: ModelInfo | str, params: Mapping[str, object]) -> None:
        """Log that an inference begins.

        Args:
            model: The model; its schema tells which params are files and secrets.
            params: Its inputs, logged as `sanitize_parameters` leaves them.
        """
        schema = None if isinstance(model, str) else model.params
        name = model if isinstance(model, str) else model.id
        self._log(logging.INFO, "start", name, params=sanitize_parameters(params, schema))

    def log_inference_success(self, result: Logged, duration: float | None = None) -> None:
        """Log that an inference has ended well.

        Args:
            result: What came of it.
            duration: Seconds that it took.
        """
        self._log(
            logging.INFO,
            "success",
            result.model,
            request_id=result.request_id,
            urls=sanitize_parameters({"urls": result.urls})["urls"],
            cost_usd=result.cost,
            duration_s=None if duration is None else round(duration, 3),
        )

    def log_inference_error(self, model: ModelInfo | str, error: BaseException) -> None:
        """Log that an inference has not ended well."""
        name = model if isinstance(model, str) else model.id
        code = error.code if isinstance(error, VidiError) else type(error).__name__
        self._log(logging.ERROR, "error", name, code=code, message=str(error))

    def get_inference_history(self, limit: int = 100) -> list[dict[str, Any]]:
        """The latest records, the oldest of them first.

        From the file where there is one, other processes' lines included; else those of this
        logger. A record has `ts`, `event` (`start`, `success`, `error`) and `model`; amounts are
        `Decimal`.

        Raises:
            UsageError: The limit is below 0.
            StorageError: The file cannot be read.
        """
        if limit < 0:
            raise UsageError(f"limit is {limit}", hint="Give a number from 0.")
        if self._path is None:
            return list(self._kept)[-limit:] if limit else []
        try:
            with self._path.open(encoding="utf-8", errors="replace") as file:
                last = deque(file, maxlen=limit)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageError(f"cannot read the log {self._path}: {error.strerror}") from error
        return list(_parse(last))

    def _log(self, level: int, event: str, model: str, **fields: object) -> None:
        ts = datetime.now(UTC).isoformat(timespec="milliseconds")
        text = self._redact(dump_line({"ts": ts, "event": event, "model": model, **fields}))
        _log.log(level, "%s", text)
        with self._lock:
            self._kept.extend(_parse([text]))
            if self._console:
                sys.stderr.write(f"{text}\n")
            if self._path is not None:
                self._write(self._path, text)

    @staticmethod
    def _write(path: Path, text: str) -> None:
        """Append a line. What cannot be logged is told once more, and never stops an inference."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{text}\n")
        except OSError as error:
            _log.error("cannot write the log %s: %s", path, error.strerror)


def _parse(lines: Iterable[str]) -> Iterable[dict[str, Any]]:
    from decimal import Decimal

    for line in lines:
        try:
            record = json.loads(line, parse_float=Decimal)
        except ValueError:
            continue  # a torn line, or another program's
        if isinstance(record, dict):
            yield record
