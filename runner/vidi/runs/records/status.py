"""What an output folder holds: each inference, what it cost, and what may still be billed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.prices.money import json_number
from vidi.inference.tracking.opening import open_journal
from vidi.runs.records.folder import JOURNAL
from vidi.runs.status_words import STATUS_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.journal.events import InferenceState


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One inference of a folder. Amounts are USD."""

    id: str
    model: str
    status: str
    """As in the manifest, or `new` where the journal knows nothing of it."""
    cost: Decimal
    """What all its attempts cost so far, in all runs."""
    owed: Decimal
    """What may be billed on top: reserved, and not settled."""
    since: datetime | None
    """When it last moved on."""
    request_id: str | None
    assets: tuple[str, ...]
    error: Mapping[str, str] | None
    in_job: bool | None
    """Whether the job file still has it; None where no job file was given."""

    def to_json(self) -> dict[str, object]:
        """The line as JSON values."""
        return {
            "id": self.id,
            "model": self.model,
            "status": self.status,
            "cost_usd": json_number(self.cost),
            "may_be_billed_usd": json_number(self.owed),
            "since": self.since.isoformat(timespec="seconds") if self.since else None,
            "request_id": self.request_id,
            "assets": list(self.assets),
            "error": self.error,
            "in_job": self.in_job,
        }


@dataclass(frozen=True, slots=True)
class FolderStatus:
    """What a folder holds. `header` is the last run's first event."""

    folder: Path
    header: Event | None
    lines: tuple[StatusLine, ...]

    @property
    def sandbox(self) -> bool:
        """Whether the built-in emulation made it, so that nothing was paid."""
        return bool((self.header or {}).get("sandbox"))

    @property
    def cost(self) -> Decimal:
        """USD that everything in it has cost."""
        return sum((line.cost for line in self.lines), Decimal(0))

    @property
    def owed(self) -> Decimal:
        """USD that may be billed on top."""
        return sum((line.owed for line in self.lines), Decimal(0))

    def ids_of(self, *statuses: str) -> tuple[str, ...]:
        """The ids that have one of these statuses."""
        return tuple(line.id for line in self.lines if line.status in statuses)


def read_status(folder: Path, models: Mapping[str, str] | None = None) -> FolderStatus:
    """Read what a folder's journal says, without holding the folder.

    Args:
        folder: The output folder.
        models: Each id of the job file with its model, in file order; None without a job file.

    Raises:
        UsageError: The journal cannot be read.
    """
    journal = open_journal(folder / JOURNAL)
    states = journal.states
    order = [*(models or {}), *(key for key in states if key not in (models or {}))]
    lines = tuple(_describe(key, states.get(key), models) for key in order)
    return FolderStatus(folder, journal.header, lines)


def choose_command(status: FolderStatus, job_file: str, options: Sequence[str] = ()) -> str:
    """The command that brings a folder further; empty where there is nothing to do."""
    arguments = " ".join([job_file, *options])
    if status.ids_of("in_doubt"):
        return f"vidi reconcile {arguments}"
    if status.ids_of("unfinished", "failed", "moderated", "new"):
        return f"vidi-run {arguments}"
    return ""


def _describe(
    key: str, state: InferenceState | None, models: Mapping[str, str] | None
) -> StatusLine:
    in_job = None if models is None else key in models
    if state is None:
        model = (models or {}).get(key, "")
        return StatusLine(key, model, "new", Decimal(0), Decimal(0), None, None, (), None, in_job)
    moments = (state.intended_at, state.doubted_at, state.submitted_at, state.completed_at)
    return StatusLine(
        id=key,
        model=state.model,
        status=STATUS_WORDS.get(state.status, state.status),
        cost=sum((charge.actual or Decimal(0) for charge in state.charges), Decimal(0)),
        owed=state.reserved if state.unsettled else Decimal(0),
        since=max((moment for moment in moments if moment), default=None),
        request_id=state.request_id,
        assets=tuple(asset.path for asset in state.assets),
        error=state.error,
        in_job=in_job,
    )
