"""A fleet for the tests: a database, a served sandbox, and short words for what is in them."""

import contextlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import psycopg

from support.commands import Here
from support.servers.sandbox import Served
from vidi.errors import RefusedError
from vidi.inference.tracking.caps import Cap
from vidi.inference.tracking.fleet.destinations import Destination, list_destinations
from vidi.inference.tracking.fleet.figures import read_figures
from vidi.inference.tracking.fleet.intent import begin_in_shard
from vidi.inference.tracking.fleet.rows import begin_staging, enter_staged, stage_rows
from vidi.inference.tracking.fleet.shards import claim_shard
from vidi.inference.tracking.fleet.states import begin_planning, begin_running
from vidi.inference.tracking.journal.charges import Charge, ChargeKey
from vidi.inference.tracking.ledger.connection import open_ledger

JOB = """version: 1
budget: {budget}
concurrency: 4
defaults: {{model: fal/fal-ai/flux/schnell}}
inferences:
  - id: "p-{{{{ n }}}}"
    matrix: {{n: [{numbers}]}}
    params: {{prompt: "árbol {{{{ n }}}}", image_size: {{width: 64, height: 64}}}}
    output: "{{{{ id }}}}.png"
"""


@dataclass(frozen=True)
class Fleet:
    """A folder with a job, a database and a provider."""

    here: Here
    database: str
    served: Served

    def write_job(self, count: int, budget: str = "1.00", name: str = "job.yaml") -> None:
        numbers = ", ".join(map(str, range(1, count + 1)))
        self.here.write(name, JOB.format(budget=budget, numbers=numbers))

    def select(self, query: str, *values: object) -> list[tuple]:
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(query, values).fetchall()

    def change(self, statement: str, *values: object) -> None:
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute(statement, values)

    def statuses(self) -> dict[str, int]:
        """How many rows stand how, of the one job; `vidi status` has summed it up alike."""
        counts = dict(self.select("SELECT status, count(*) FROM vidi_rows GROUP BY status"))
        with contextlib.closing(open_ledger(self.database)) as ledger:
            (destination,) = ledger.do(list_destinations())
            assert ledger.do(read_figures(destination)).counts == counts
        return counts

    def state(self) -> str:
        return self.select("SELECT state FROM vidi_journals")[0][0]


def enter(ledger, journal: str, rows, *, run: str = "run-1", budget: Decimal | None = None) -> None:
    """Enter a job with these rows, and let workers have it."""
    new = Destination(journal, "job.yaml", "1.0", budget, run)
    ledger.do(begin_planning(new))
    add_rows(ledger, journal, rows)
    ledger.do(begin_running(new, []))


def add_rows(ledger, journal: str, rows) -> None:
    """Enter rows, each in the shard that it says."""
    ledger.do(begin_staging())
    ledger.do(stage_rows(journal, [replace(row, n=n) for n, row in enumerate(rows, start=1)]))
    ledger.do(enter_staged({row.queue: 0 for row in rows}, 1, 0, len(rows)))


def buy_all(database: str, journal: str, run: str, count: int, budget: Decimal, shard: int) -> int:
    """Begin every purchase of a shard that there is room for; how many were granted."""
    granted = 0
    caps = [Cap("run", budget, "budget"), Cap("day", Decimal(100), "VIDI_BUDGET_DAY")]
    price = Decimal("0.003")
    intent = {
        "attempt": 1,
        "model": "fal/fal-ai/flux/dev",
        "fingerprint": "f",
        "params": {},
        "reserved_usd": price,
        "estimate_usd": {"low": price, "high": price},
    }
    with contextlib.closing(open_ledger(database)) as ledger:
        held = ledger.do(claim_shard(journal, shard, f"w{shard}"))
        assert held is not None
        for n in range(count):
            key = ChargeKey(run, f"r{shard}-{n}", 1)
            charge = Charge(key, "fal/fal-ai/flux/dev", price, datetime.now(UTC))
            with contextlib.suppress(RefusedError):
                ledger.do(begin_in_shard(held, charge, caps, intent))
                granted += 1
    return granted
