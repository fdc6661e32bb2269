"""The journal of one shard: its events in the database, folded as a file's are."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from vidi.errors import LeaseLostError, OrphanError
from vidi.inference.tracking.batches import outlast
from vidi.inference.tracking.fleet.facts import Fact, note_at_once, note_fact
from vidi.inference.tracking.fleet.shards import Shard, forget_counts
from vidi.inference.tracking.journal.journal import SPOKEN, dump_line
from vidi.inference.tracking.journal.replay import Replay
from vidi.inference.tracking.ledger.work import Work
from vidi.inference.tracking.redaction import list_texts, redact_texts

if TYPE_CHECKING:
    from collections.abc import Collection, Coroutine, Iterator, Mapping, Sequence
    from datetime import datetime
    from types import TracebackType

    from vidi.inference.tracking.fleet.facts import Noted
    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.journal.events import EventKind, InferenceState
    from vidi.inference.tracking.ledger.connection import Ledger
    from vidi.inference.tracking.ledger.work import Transaction

_READ = """
SELECT n, ts, run, event, id, CAST(body AS text), shard FROM vidi_events
WHERE journal = :journal AND NOT fenced AND (:shard < 0 OR shard = :shard) AND n > :after
ORDER BY n LIMIT :most
"""
_READ_PUBLIC = """
SELECT n, ts, run, event, id, CAST(body AS text), shard FROM vidi_events
WHERE journal = :journal AND (NOT fenced OR event = 'orphan') AND n > :after ORDER BY n LIMIT :most
"""
EVERY = -1
"""Stands for every shard."""
PAGE = 20_000
"""Events that are read at once."""


class ShardJournal:
    """The journal of one shard, as one worker writes it.

    Args:
        ledger: The database.
        held: The shard.
        run: The id of the fleet's run: that of the command, the same for every worker.
        secrets: Texts that are never written in what people and providers say.
    """

    def __init__(
        self, ledger: Ledger, held: Shard, run: str, secrets: tuple[str, ...] = ()
    ) -> None:
        self._ledger = ledger
        self.held = held
        self._run = run
        self._replay = Replay()
        self.header: Event | None = None
        self.headers: list[Event] = []
        self.secrets = list_texts(secrets)

    @property
    def states(self) -> Mapping[str, InferenceState]:
        """What is known of each inference of the shard."""
        return self._replay.states

    @property
    def shelf(self) -> Mapping[str, InferenceState]:
        """What has made way for another purchase."""
        return self._replay.shelf

    def keep_out(self, secrets: tuple[str, ...]) -> None:
        """Have these texts left out, too; a fleet refuses jobs that have any of their own."""
        self.secrets = list_texts((*self.secrets, *secrets))

    async def load(self) -> None:
        """Read what happened in the shard before.

        Raises:
            StorageError: It cannot be read.
        """
        await self._load(self.held.shard)

    async def _load(self, shard: int) -> None:
        after, page = 0, [None] * PAGE
        while len(page) == PAGE:  # a shorter one is the last
            page = await self._ledger.ask(self._read_page(shard, after))
            after = self._take_page(page) if page else after

    def _read_page(self, shard: int, after: int) -> Work[list[Any]]:
        about = {"journal": self.held.journal, "shard": shard}
        asked = {**about, "after": after, "most": PAGE}

        def read(transaction: Transaction) -> list[Any]:
            return list(transaction.read(_READ, asked))

        return Work("reads", read, alone=True)

    def _take_page(self, rows: Sequence[Any]) -> int:
        """Fold some events in; the number of the last."""
        for n, ts, run, event, inference, body, shard in rows:
            self.take_in(n, ts, event, inference, body, run=run)
            self._place(inference, shard)
        return int(rows[-1][0])

    def _place(self, inference: str | None, shard: int) -> None:
        """Note where an inference is: all of them are in the one shard."""

    def find_shard(self, inference: str | None) -> Shard:
        """Where an inference is."""
        del inference
        return self.held

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
        charges = state.charges if state is not None else ()
        key = charges[-1].key if charges else None
        provider = state.model.partition("/")[0] if state is not None else ""
        said = {
            name: redact_texts(each, self.secrets) if name in SPOKEN else each
            for name, each in fields.items()
        }
        return Fact(event, said, self._run, inference, len(charges), key, provider)

    async def note(self, fact: Fact) -> None:
        """Put a fact on record, and follow it; who is cancelled is so once it is.

        Raises:
            LeaseLostError: The inference has gone on without it; it is kept all the same.
            OrphanError: It is the receipt of an attempt that was taken for not bought.
            StorageError: It is not on record.
        """
        self.follow(fact, await _whole(self._note(self.find_shard(fact.inference), fact)))

    async def _note(self, held: Shard, fact: Fact) -> Noted:
        if fact.inference is not None:
            noted = await self._ledger.ask(note_at_once(held, fact))
            if noted is not None:
                return noted
        return await self._ledger.ask(note_fact(held, fact))

    def follow(self, fact: Fact, noted: Noted) -> None:
        """Fold in what is on record.

        Raises:
            LeaseLostError: The inference has gone on without it; it is kept all the same.
            OrphanError: It is the receipt of an attempt that was taken for not bought.
        """
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


def _tell_orphan(fact: Fact) -> OrphanError:
    request = fact.fields["request_id"]
    return OrphanError(
        f"{fact.inference} was bought as {request} after all, although it had been taken for not "
        "bought; both are counted",
        hint=f"Look at {request} and at what was bought since on the provider's page.",
    )


class WholeJournal(ShardJournal):
    """The journal of a whole job, to read it and to note facts that need no lease.

    Args:
        ledger: The database.
        journal: The job.
        run: The id of its run.
        writer: Names who notes something.
        secrets: Texts that are never written in what people and providers say.
    """

    def __init__(
        self, ledger: Ledger, journal: str, run: str, writer: str, secrets: tuple[str, ...] = ()
    ) -> None:
        super().__init__(ledger, Shard(journal, EVERY, 0, writer), run, secrets)
        self._shards: dict[str, int] = {}
        self._only: Collection[str] | None = None

    @property
    def states(self) -> Mapping[str, InferenceState]:
        """What is known of each inference that it is about."""
        found = super().states
        if self._only is None:
            return found
        return {key: found[key] for key in self._only if key in found}

    def read(self) -> None:
        """Read all of it, where no event loop runs.

        Raises:
            StorageError: It cannot be read.
        """
        after = 0
        while (page := self._ledger.do(self._read_page(EVERY, after))) != []:
            after = self._take_page(page)

    async def load_only(self, places: Mapping[str, int]) -> None:
        """Read what is known of some inferences, to settle them, and be about no other.

        Args:
            places: Id to shard.

        Raises:
            StorageError: It cannot be read.
        """
        self._only = tuple(places)
        await self._ledger.ask(forget_counts(self.held.journal, set(places.values())))
        for shard in sorted(set(places.values())):
            await self._load(shard)

    def _place(self, inference: str | None, shard: int) -> None:
        if inference is not None:
            self._shards[inference] = shard

    def find_shard(self, inference: str | None) -> Shard:
        """Where an inference is; facts about the job as a whole are in none."""
        return self.held._replace(shard=self._shards.get(inference or "", 0))


def read_pages(ledger: Ledger, journal: str) -> Iterator[Any]:
    """Every event of a job that counts, and what was bought twice, by the database's order.

    Raises:
        StorageError: The database cannot be read.
    """
    after = 0
    while True:
        asked = {"journal": journal, "after": after, "most": PAGE}
        page = ledger.do(Work("reads", partial(_read_public, asked=asked)))
        if not page:
            return
        yield from page
        after = page[-1][0]


def _read_public(transaction: Transaction, *, asked: Mapping[str, object]) -> Sequence[Any]:
    return transaction.read(_READ_PUBLIC, asked)
