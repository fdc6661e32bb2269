"""The journal of one shard: its events in the database, folded as a file's are."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from vidi.errors import InDoubtError
from vidi.inference.tracking.batches import outlast
from vidi.inference.tracking.fleet.facts import Fact, note_fact
from vidi.inference.tracking.fleet.shards import LeaseLostError
from vidi.inference.tracking.journal.journal import dump_line
from vidi.inference.tracking.journal.replay import Replay
from vidi.inference.tracking.ledger.work import Work

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping
    from datetime import datetime
    from types import TracebackType

    from vidi.inference.tracking.fleet.facts import Noted
    from vidi.inference.tracking.fleet.shards import Shard
    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.journal.events import EventKind, InferenceState
    from vidi.inference.tracking.ledger.connection import Ledger

_EVENTS = """
SELECT n, ts, run, event, id, CAST(body AS text) FROM vidi_events
WHERE journal = :journal AND shard = :shard AND NOT fenced ORDER BY n
"""


class ShardJournal:
    """The journal of one shard, as one worker writes it.

    Args:
        ledger: The database.
        held: The shard.
        run: The id of the fleet's run: that of the command, the same for every worker.
    """

    def __init__(self, ledger: Ledger, held: Shard, run: str) -> None:
        self._ledger = ledger
        self._held = held
        self._run = run
        self._replay = Replay()
        self.header: Event | None = None
        self.headers: list[Event] = []
        self.secrets: tuple[str, ...] = ()

    @property
    def states(self) -> Mapping[str, InferenceState]:
        """What is known of each inference of the shard."""
        return self._replay.states

    @property
    def shelf(self) -> Mapping[str, InferenceState]:
        """What has made way for another purchase."""
        return self._replay.shelf

    def keep_out(self, secrets: tuple[str, ...]) -> None:
        """Have these texts left out: a fleet refuses jobs that have any."""
        self.secrets = secrets

    async def load(self) -> None:
        """Read what happened in the shard before.

        Raises:
            StorageError: It cannot be read.
        """
        asked = {"journal": self._held.journal, "shard": self._held.shard}
        reading = Work("reads", lambda transaction: transaction.read(_EVENTS, asked))
        for n, ts, run, event, inference, body in await self._ledger.ask(reading):
            self.take_in(n, ts, event, inference, body, run=run)

    async def append(
        self, event: EventKind, inference: str | None = None, **fields: object
    ) -> None:
        """Put a fact on record that moves no money.

        Raises:
            LeaseLostError: The inference has gone on without it; it is kept all the same.
            StorageError: It is not on record.
        """
        await self.note(self.describe(event, inference, fields))

    def describe(
        self, event: EventKind, inference: str | None, fields: Mapping[str, object]
    ) -> Fact:
        """A fact about the latest attempt of an inference."""
        state = self.states.get(inference or "")
        attempt = len(state.charges) if state is not None else 0
        provider = state.model.partition("/")[0] if state is not None else ""
        return Fact(event, fields, self._run, inference, attempt, provider)

    async def note(self, fact: Fact) -> None:
        """Put a fact on record, and follow it; who is cancelled is so once it is.

        Raises:
            LeaseLostError: The inference has gone on without it; it is kept all the same.
            InDoubtError: It is the receipt of an attempt that was taken for not bought.
            StorageError: It is not on record.
        """
        noted = await _whole(self._ledger.ask(note_fact(self._held, fact)))
        if noted.orphan:
            raise _tell_orphan(fact)
        if noted.fenced:
            raise LeaseLostError(f"{fact.inference} has gone on elsewhere, without `{fact.event}`")
        self.take_in(noted.n, noted.ts, fact.event, fact.inference, dump_line(fact.fields))

    def take_in(
        self,
        n: int,
        ts: datetime,
        event: str,
        inference: str | None,
        body: str,
        *,
        run: str | None = None,
    ) -> None:
        """Fold in what is on record."""
        about: dict[str, object] = {
            "ts": ts.isoformat(),
            "run": run or self._run,
            "seq": n,
            "event": event,
        }
        if inference is not None:
            about["id"] = inference
        record: Event = json.loads(body, parse_float=Decimal) | about
        if event == "run_started":
            self.header = record
            self.headers.append(record)
        self._replay.take_in(record)

    def close(self) -> None:
        """Nothing to close: the database is its owner's."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


async def _whole(work: Coroutine[object, object, Noted]) -> Noted:
    return await outlast(asyncio.ensure_future(work))


def _tell_orphan(fact: Fact) -> InDoubtError:
    request = fact.fields["request_id"]
    return InDoubtError(
        f"{fact.inference} was bought as {request} after all, although it had been taken for not "
        "bought; both are counted",
        hint=f"Look at {request} and at what was bought since on the provider's page.",
    )
