"""A fleet for the tests: a database, a served sandbox, and short words for what is in them."""

from dataclasses import dataclass
from decimal import Decimal

import psycopg

from support.commands import Here
from support.servers.sandbox import Served
from vidi.inference.tracking.fleet.destinations import Destination
from vidi.inference.tracking.fleet.rows import enter_rows
from vidi.inference.tracking.fleet.states import begin_planning, begin_running

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
        return dict(self.select("SELECT status, count(*) FROM vidi_rows GROUP BY status"))

    def state(self) -> str:
        return self.select("SELECT state FROM vidi_journals")[0][0]


def enter(ledger, journal: str, rows, *, run: str = "run-1", budget: Decimal | None = None) -> None:
    """Enter a job with these rows, and let workers have it."""
    new = Destination(journal, "job.yaml", "1.0", budget, run)
    ledger.do(begin_planning(new))
    ledger.do(enter_rows(journal, rows))
    ledger.do(begin_running(new, {}))
