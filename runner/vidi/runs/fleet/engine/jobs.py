"""One job a shard, in the queue of its account."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, cast

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Status
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from procrastinate.schema import SchemaManager

from vidi.errors import VidiError
from vidi.inference.tracking.ledger.work import Transaction, Work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from procrastinate.jobs import Job

    from vidi.inference.tracking.ledger.connection import Ledger

TASK = "vidi.shard"
STALLED_S = 60.0
"""A worker without a heartbeat for so long has gone. With 3 s, five live ones were taken for dead
in 37 s, and each died at its next fetch; with 20 s none was."""
TAKEN_OVER = 50
"""The priority of what a worker has left behind: else it waits behind all that is queued."""
LONGEST_REST_S = 60
CONNECTIONS = 4
LOGGERS = ("procrastinate", "psycopg")
_LOCK = 0x70726F63  # "proc": held while its tables are made
_IS_THERE = "SELECT to_regclass('procrastinate_jobs')"
_FREE = """
SELECT s.journal, s.shard, min(r.queue)
FROM vidi_shards s JOIN vidi_journals j ON j.journal = s.journal
    JOIN vidi_rows r ON r.journal = s.journal AND r.shard = s.shard
WHERE j.state = 'running' AND (:journal = '' OR s.journal = :journal)
    AND s.ended_at IS NULL AND s.until < clock_timestamp()
    AND r.status NOT IN ('succeeded', 'failed', 'moderated', 'rejected', 'in_doubt')
    AND NOT EXISTS (SELECT FROM procrastinate_jobs p WHERE p.task_name = 'vidi.shard'
        AND p.status IN ('todo', 'doing') AND p.args->>'journal' = s.journal
        AND CAST(p.args->>'shard' AS integer) = s.shard)
GROUP BY s.journal, s.shard ORDER BY s.journal, s.shard
"""


class RowsLeftError(VidiError):
    """Something of a shard is to be done yet: its job is to come again, later each time."""

    code = "rows-left"


class GrowingRest(BaseRetryStrategy):
    """1, 2, 4 … 60 seconds, without end: that a shard has ended is for its rows to say."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        """When the job of a shard comes again."""
        del exception
        rest_s = min(2 ** min(job.attempts, 10), LONGEST_REST_S)
        return RetryDecision(retry_in={"seconds": rest_s})


def make_app(
    address: str, run: Callable[[str, int], Awaitable[None]] | None = None
) -> procrastinate.App:
    """The application that knows the one task.

    Args:
        address: The postgresql:// URL of the fleet's database.
        run: Carries out a shard; None where jobs are only deferred.
    """
    for name in LOGGERS:  # of what they tell, a lost connection say, we tell in words what matters
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
    connector = procrastinate.PsycopgConnector(conninfo=address, min_size=1, max_size=CONNECTIONS)
    app = procrastinate.App(connector=connector)

    @app.task(name=TASK, retry=GrowingRest())
    async def carry_out(journal: str, shard: int) -> None:
        if run is not None:
            await run(journal, shard)

    del carry_out  # the application has it
    return app


class _ScriptTransaction(Transaction, Protocol):
    """A transaction of PostgreSQL."""

    def run_script(self, script: str) -> None:
        """Carry out statements as they are."""


def make_job_tables() -> Work[None]:
    """Make Procrastinate's tables where there are none.

    Raises:
        StorageError: They cannot be made.
    """

    def make(transaction: Transaction) -> None:
        transaction.read("SELECT pg_advisory_xact_lock(:lock)", {"lock": _LOCK})
        if transaction.read(_IS_THERE)[0][0] is None:
            scripting = cast("_ScriptTransaction", transaction)  # a fleet is in PostgreSQL
            scripting.run_script(SchemaManager.get_schema())

    return Work("writes", make)


def find_undispatched(journal: str = "") -> Work[Sequence[Any]]:
    """Shards in which something is to be done, that nobody holds and that have no job.

    Raises:
        StorageError: The database cannot be read.
    """
    return Work("reads", lambda found: found.read(_FREE, {"journal": journal}))


async def dispatch(app: procrastinate.App, shards: Iterable[tuple[str, int, str]]) -> int:
    """Defer a job for each shard; one that has a job already is left alone.

    Returns:
        How many were deferred.
    """
    count = 0
    for journal, shard, queue in shards:
        task = app.configure_task(TASK, queue=queue, queueing_lock=f"{journal}#{shard}")
        with suppress(AlreadyEnqueued):
            await task.defer_async(journal=journal, shard=shard)
            count += 1
    return count


def dispatch_now(address: str, ledger: Ledger, journal: str) -> int:
    """Defer the jobs of a job that was just planned.

    Raises:
        StorageError: The tables cannot be made or read.
    """
    ledger.do(make_job_tables())
    shards = [tuple(row) for row in ledger.do(find_undispatched(journal))]

    async def defer() -> int:
        app = make_app(address)
        async with app.open_async():
            return await dispatch(app, shards)

    return asyncio.run(defer())


async def bring_back(app: procrastinate.App) -> int:
    """Let others have the jobs of workers that have gone.

    Two that sweep at once both try: the second finds the job waiting already. Where another job of
    the shard waits by now, the one of the dead worker goes.

    Returns:
        How many came back.
    """
    count = 0
    stalled = await app.job_manager.get_stalled_jobs(
        task_name=TASK, seconds_since_heartbeat=STALLED_S
    )
    for job in stalled:
        with suppress(ConnectorException):
            try:
                await app.job_manager.retry_job(job, priority=TAKEN_OVER)
                count += 1
            except UniqueViolation:
                await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
    return count
