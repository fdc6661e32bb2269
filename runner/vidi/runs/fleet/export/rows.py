"""The rows of a manifest, shard by shard: a million of them pass by, and none stays."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from vidi.inference.models.prices.money import json_number
from vidi.inference.tracking.fleet.journal import ShardJournal
from vidi.inference.tracking.fleet.rows import list_shards, read_all_rows
from vidi.inference.tracking.fleet.shards import Shard
from vidi.inference.tracking.journal.events import InferenceState
from vidi.inference.tracking.ledger.schema import usd_of
from vidi.runs.records.manifest.from_journal import render_state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.inference.tracking.fleet.rows import Row
    from vidi.inference.tracking.ledger.connection import Ledger
    from vidi.runs.records.manifest.shape import InferenceShape

STATUSES = {
    "new": "skipped",
    "made": "succeeded",
    "refused": "failed",
    "rejected": "failed",
    "intended": "in_doubt",
    "submitted": "unfinished",
    "completed": "unfinished",
}
"""What a row's status is in a manifest, where it is not called the same."""


def render_rows(
    destination: Destination, ledger: Ledger
) -> Iterator[tuple[int, InferenceShape, Decimal]]:
    """Each row with its number in the job, and the USD that it may have cost at most.

    Raises:
        StorageError: The database cannot be read.
    """
    for shard in ledger.do(list_shards(destination.journal)):
        journal = ShardJournal(
            ledger, Shard(destination.journal, shard, 0, "export"), destination.run
        )
        asyncio.run(journal.load())
        for row in ledger.do(read_all_rows(destination.journal, shard)):
            shown = _render(row, journal.states.get(row.id), destination)
            yield row.n, shown, usd_of(row.reserve)


def _render(row: Row, state: InferenceState | None, destination: Destination) -> InferenceShape:
    spec: dict[str, Any] = json.loads(row.spec)
    known = state or InferenceState(id=row.id)
    shown = render_state(known, destination.run)
    shown["model"] = spec.get("model", known.model)
    shown["status"] = STATUSES.get(row.status, row.status)
    shown["params"] = dict(known.params) if known.params else spec.get("params", {})
    shown["fingerprint"] = known.fingerprint or row.fingerprint
    shown["tags"] = list(spec.get("tags", ()))
    shown["cost_usd"]["estimated_low"] = json_number(usd_of(row.low))
    shown["cost_usd"]["estimated_high"] = json_number(usd_of(row.reserve))
    return shown
