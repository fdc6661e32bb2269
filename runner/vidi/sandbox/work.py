"""One inference that the sandbox accepted, and where it stands at any time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.models.params.checked import InputFile
    from vidi.inference.models.template import ModelInfo
    from vidi.sandbox.answers.answers import FileLeaf
    from vidi.sandbox.faults import Fault
    from vidi.sandbox.files import StoredFile
    from vidi.sandbox.orders.checks import Violation

Stage = Literal["queued", "running", "succeeded", "failed", "canceled", "aborted"]

_FAILING = {
    "failed", "failed-transient", "interrupted", "moderated", "completed-with-error",
    "e003", "e004", "e6716", "e8367", "e8765", "e9243", "e9828", "director",
    "retryable", "moderated-dict", "moderated-partner", "unread-input", "unknown-path",
    "status-failed", "status-cancelled",
}  # fmt: skip


@dataclass(slots=True)
class Work:
    """One accepted inference. Times are seconds since the epoch, by the sandbox's clock."""

    id: str
    model: ModelInfo
    input: Mapping[str, object]
    """As it was sent."""
    effective: dict[str, object]
    """The same with the template's defaults."""
    created_at: float
    latency: float
    """Seconds from acceptance to the end; the first quarter of them it is queued."""
    fate: Fault | None = None
    violations: tuple[Violation, ...] = ()
    """Why the model refuses its input (fal, whose queue accepts any)."""
    tree: dict[str, object] = field(default_factory=dict)
    """The answer that will come, with `FileLeaf`s."""
    given: tuple[InputFile, ...] = ()
    """The input files that are here."""
    deadline_at: float = math.inf
    canceled_at: float = math.inf
    files: dict[FileLeaf, StoredFile] = field(default_factory=dict)
    """The files of the answer, once they are made."""
    webhook: str | None = None
    store_payload: bool = True

    @property
    def doom(self) -> str:
        """The name of the fault that it will end by; empty where nothing goes wrong."""
        return self.fate.name if self.fate else ""

    @property
    def started_at(self) -> float:
        """When it leaves the queue, unless it ends before."""
        return self.created_at + self.latency / 4

    @property
    def busy_s(self) -> float:
        """Seconds of computing that the provider reports; never 0, so that it has a price."""
        return self.latency * 0.75 or 1.0

    def end(self) -> tuple[float, Stage]:
        """When it ends and how; infinity where it never does."""
        stage: Stage = self._own_end()
        start = self.started_at
        own = {"stuck": math.inf, "aborted": start}.get(self.doom, self.created_at + self.latency)
        late: Stage = "aborted" if self.deadline_at < start else "canceled"
        ends: tuple[tuple[float, Stage], ...]
        ends = ((own, stage), (self.canceled_at, "canceled"), (self.deadline_at, late))
        return min(ends, key=itemgetter(0))

    def stage(self, now: float) -> Stage:
        """Where it stands at `now`."""
        ended_at, stage = self.end()
        if now >= ended_at:
            return stage
        return "running" if now >= self.started_at else "queued"

    def _own_end(self) -> Stage:
        if self.violations or self.doom in _FAILING:
            return "failed"
        if self.doom == "aborted":
            return "aborted"
        return "canceled" if self.doom == "canceled" else "succeeded"


def is_terminal(stage: Stage) -> bool:
    """Whether nothing follows this stage."""
    return stage not in {"queued", "running"}
