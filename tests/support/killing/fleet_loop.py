"""Workers of a fleet that are killed and frozen at random, over a database that crashes.

Whatever happened, in the end each inference was bought once and is there, and the database has the
provider's own sum. By hand, in tests/: `python -m support.killing.fleet_loop --kills 200`.
"""

import argparse
import collections
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import psycopg

from support.commands import installed
from support.servers.postgres import Server, find_binaries, run_postgres
from support.servers.sandbox import Served, serve_sandbox
from support.servers.warm_process import Started, start_warm

WORKERS = 3
LONGEST_S = 7200.0
TIMES = {"LEASE": "4", "SWEEP": "2", "SEND_BY": "3", "SETTLE": "8"}
FROZEN_S = 6.0
"""Longer than a lease and than a request may wait to be sent."""
JOB = """version: 1
budget: {budget}
concurrency: {at_once}
defaults: {{model: fal/fal-ai/flux/schnell}}
inferences:
  - id: "p-{{{{ item.n }}}}"
    foreach: rows.csv
    params: {{prompt: "tree {{{{ item.n }}}}", image_size: {{width: 64, height: 64}}}}
    output: "{{{{ id }}}}.png"
"""


@dataclass
class Loop:
    """One job, its workers, and what was done to them."""

    folder: Path
    server: Server
    served: Served
    count: int
    chance: random.Random
    at_once: int = 8
    pause: float = 5.0
    """Seconds between two strikes at most."""
    crashes_every: int = 40
    wiped: bool = False
    """Whether the queue of shards was emptied."""
    kills: int = 0
    stops: int = 0
    terms: int = 0
    crashes: int = 0
    doubts: int = 0
    """Doubts that were left when all workers had gone, and settled by the rule."""
    workers: list[Started] = field(default_factory=list)
    ending: set[int] = field(default_factory=set)
    """Who was told to end."""

    @property
    def environment(self) -> dict[str, str]:
        fleet = {f"VIDI_FLEET_{name}": value for name, value in TIMES.items()}
        own = {**self.served.environment, **fleet, "VIDI_LEDGER": self.server.url}
        return {**os.environ, **own, "VIDI_RECONCILE_SECONDS": "1"}

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [installed(program), *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def select(self, query: str) -> list[tuple]:
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            return connection.execute(query).fetchall()

    def statuses(self) -> dict[str, int]:
        return dict(self.select("SELECT status, count(*) FROM vidi_rows GROUP BY status"))

    def plan(self) -> None:
        price = Decimal("0.003")
        (self.folder / "job.yaml").write_text(
            JOB.format(budget=price * self.count, at_once=self.at_once), "utf-8"
        )
        rows = "\n".join(["n", *map(str, range(self.count))])
        (self.folder / "rows.csv").write_text(rows, "utf-8")
        planned = self.run("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input")
        assert planned.returncode == 0, planned.stderr

    def start(self, *more: str, alone: bool | None = None) -> Started:
        """A worker: one that looks for shards itself, or one that the queue gives them to."""
        by_itself = self.chance.random() < 0.5 if alone is None else alone
        words = ("work", *(("--run", "job") if by_itself else ()), *more)
        with (self.folder / "workers.log").open("ab") as log:
            return start_warm(  # a second of imports each would leave a worker no time to buy
                "vidi",
                *words,
                cwd=self.folder,
                env=self.environment,
                stdout=log.fileno(),
                stderr=log.fileno(),
                longest_s=LONGEST_S,
            )

    def disturb(self, most: int, seconds: float) -> None:
        """Kill, freeze and crash until all is done, so much was done or the time is up."""
        end = time.monotonic() + seconds
        self.workers = [self.start() for _ in range(WORKERS)]
        while self.kills + self.stops < most and time.monotonic() < end:
            time.sleep(self.chance.uniform(self.pause / 10, self.pause))
            for at, worker in enumerate(self.workers):
                if worker.poll() is not None:
                    self.workers[at] = self.start()
            self._strike()
            left = self.statuses()
            if not left.keys() - {"succeeded", "in_doubt"}:
                break
            if not self.wiped and left.get("succeeded", 0) > self.count / 2:
                self.wiped = True
                self.select("DELETE FROM procrastinate_jobs RETURNING id")
        self.end_all()

    def _strike(self) -> None:
        at = self.chance.randrange(WORKERS)
        worker, what = self.workers[at], self.chance.random()
        if what < 0.12:
            worker.send_signal(signal.SIGSTOP)
            time.sleep(FROZEN_S)
            worker.send_signal(signal.SIGCONT)
            self.stops += 1
        elif what < 0.17 and worker.pid not in self.ending:  # a second one would cancel purchases
            worker.send_signal(signal.SIGTERM)
            self.ending.add(worker.pid)
            self.terms += 1
        else:
            worker.kill()
            worker.wait()
            self.workers[at] = self.start()
            self.kills += 1
        if (self.kills + self.stops) % self.crashes_every == self.crashes_every - 1:
            self.server.crash()
            self.crashes += 1

    def end_all(self) -> None:
        for worker in self.workers:
            worker.send_signal(signal.SIGCONT)
            worker.kill()
            worker.wait()

    def finish(self) -> None:
        """Let workers do the rest; what stays in doubt is settled by the rule."""
        for _ in range(20):
            time.sleep(float(TIMES["LEASE"]) + 1)
            self.workers = [self.start("-j", "32", alone=True) for _ in range(WORKERS)]
            for worker in self.workers:
                worker.wait(600)
            left = self.statuses()
            if left == {"succeeded": self.count}:
                return
            self.doubts += left.get("in_doubt", 0)
            time.sleep(float(TIMES["SETTLE"]))
            rule = ("--absent-is-not-paid", "--older-than", f"{TIMES['SETTLE']}s")
            self.run("vidi", "reconcile", "job", "--fleet", *rule)
        raise AssertionError(f"it does not end: {self.statuses()}")

    def check(self) -> None:
        """Each once, all of them there, and the same sum everywhere."""
        sandbox = self.served.sandbox
        bought = collections.Counter(str(work.input["prompt"]) for work in sandbox.works.values())
        twice = {prompt: count for prompt, count in bought.items() if count > 1}
        assert not twice, f"bought twice: {twice}"
        assert len(bought) == self.count
        files = list((self.folder / "outputs/job").glob("p-*.png"))
        assert len(files) == self.count, "lost"
        assert not list((self.folder / "outputs").rglob(".vidi-tmp-*")), "left half written"
        ((spent, reserved),) = self.select(
            "SELECT sum(spent), sum(reserved) FROM vidi_periods WHERE kind = 'run'"
        )
        billed = sandbox.billing.total
        assert (Decimal(spent) / 1_000_000, reserved) == (billed, 0), (spent, reserved, billed)
        orphans = self.select("SELECT count(*) FROM vidi_events WHERE event = 'orphan'")
        assert orphans == [(0,)], orphans

    def __str__(self) -> str:
        fenced = self.select("SELECT count(*) FROM vidi_events WHERE fenced")[0][0]
        adopted = self.select(
            "SELECT count(*) FROM vidi_events WHERE event = 'submitted'"
            " AND CAST(body AS text) LIKE '%\"adopted\":true%' AND NOT fenced"
        )[0][0]
        return (
            f"{self.count} inferences, {self.kills} SIGKILL, {self.stops} SIGSTOP, "
            f"{self.terms} SIGTERM, {self.crashes} crashes of the database: "
            f"{adopted} adopted, {self.doubts} left in doubt, {fenced} late events fenced; "
            "0 twice, 0 lost, 0 over"
        )


def kill_workers(
    folder: Path,
    *,
    count: int,
    kills: int,
    seconds: float,
    seed: str,
    at_once: int = 8,
    latency: float = 0.3,
    pause: float = 5.0,
) -> str:
    """One round; returns what it was made of.

    Args:
        folder: Where its job and its outputs are.
        count: Inferences.
        kills: SIGKILLs and SIGSTOPs, unless all is done before.
        seconds: How long it is disturbed at most.
        seed: Of all that is random.
        at_once: Inferences of a shard that are under way at once.
        latency: Seconds that an inference takes.
        pause: Seconds between two strikes at most.

    Raises:
        AssertionError: Something was bought twice, lost or counted wrongly.
    """
    binaries = find_binaries()
    assert binaries is not None
    with run_postgres(binaries) as server, serve_sandbox(latency=latency) as served:
        loop = Loop(folder, server, served, count, random.Random(seed), at_once, pause)
        loop.plan()
        try:
            loop.disturb(kills, seconds)
        finally:
            loop.end_all()
        loop.finish()
        loop.check()
        return str(loop)


def main() -> None:
    """A round by hand."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--inferences", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--latency", type=float, default=0.3)
    parser.add_argument("--pause", type=float, default=5)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="vidi-fleet-"))
    told = kill_workers(
        folder,
        count=given.inferences,
        kills=given.kills,
        seconds=60 * given.minutes,
        seed=given.seed,
        at_once=given.at_once,
        latency=given.latency,
        pause=given.pause,
    )
    sys.stdout.write(f"{told} (seed {given.seed})\n")


if __name__ == "__main__":
    main()
