"""What was planned becomes rows that workers buy, once all of it was checked, priced and allowed.

A planner that dies leaves the job in `planning`, of which nothing is bought; the same command
begins it anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.tracking.fleet.rows import BATCH, enter_staged
from vidi.inference.tracking.fleet.states import begin_planning, begin_running

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.inference.tracking.ledger.connection import Ledger

MOST_ROWS, FEWEST_ROWS = 150, 10
"""Of a shard: a lease, a claim and a fold are then a hundredth of the work, and a worker that dies
leaves others little to look through."""
SHARDS_WANTED = 24
"""However few rows there are: so many workers find something to do."""


def hand_out(new: Destination, queues: Mapping[str, int], ledger: Ledger) -> None:
    """Enter what was put by for a job, and let workers begin.

    Args:
        new: The job, as it is from now on.
        queues: Account to how many rows were put by for it.
        ledger: The database, by the connection that they were put by with.

    Raises:
        FolderLockedError: Workers are still at it.
        StorageError: Nothing can be written; the job stays in `planning`.
    """
    highest = ledger.do(begin_planning(new))
    shards = share_out(queues, highest)
    for after in range(0, sum(queues.values()), BATCH):
        ledger.do(enter_staged(shards.first, shards.size, after, after + BATCH))
    ledger.do(begin_running(new, list(queues)))


class Shards(NamedTuple):
    """How rows are put into shards."""

    first: Mapping[str, int]
    """Account to its first shard: each is of one account."""
    size: int
    """Rows of a shard."""


def share_out(queues: Mapping[str, int], highest: int) -> Shards:
    """How rows of some accounts are put into shards, whose numbers go on from the highest."""
    size = max(FEWEST_ROWS, min(MOST_ROWS, -(-sum(queues.values()) // SHARDS_WANTED)))
    first: dict[str, int] = {}
    for queue, count in queues.items():
        first[queue] = highest + 1
        highest += -(-count // size)
    return Shards(first, size)
