"""What a fleet costs, and what it survives: workers as processes, one PostgreSQL, the sandbox.

    python bench/fleet.py [--size smallest|ordinary|full] [--only cost rate] [--json]

`full` kills workers a thousand times over five thousand inferences and looks at a million rows: an
hour or two. The table of docs/figures.md is made of `--json --out docs/fleet-figures.json`.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "runner"), str(ROOT / "tests")]

import process  # noqa: E402
import psycopg  # noqa: E402
from figure import Figure  # noqa: E402
from round_trips import count_round_trips  # noqa: E402
from served import serve  # noqa: E402
from table import tell_figures  # noqa: E402

from support.servers.postgres import SKIPPED, find_binaries, serve_postgres  # noqa: E402

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from process import Spent
    from served import Served

VIDI = Path(sys.executable).with_name("vidi")
SIZES = ("smallest", "ordinary", "full")
COUNTS = {"smallest": (4, 8), "ordinary": (64, 256), "full": (256, 1024)}
"""Two sizes, so that what a worker costs once is apart."""
PLANNED = {"smallest": (20, 40), "ordinary": (12_000, 36_000), "full": (20_000, 200_000)}
"""Beyond the ten thousand of which a plan keeps what it lists."""
LOOKED_AT = {"smallest": 1000, "ordinary": 100_000, "full": 1_000_000}
KILLS = {"smallest": (1, 12), "ordinary": (20, 600), "full": (1000, 5000)}
"""Of workers, and the inferences meanwhile."""
PACED = {"smallest": (6000, 4), "ordinary": (300, 120), "full": (300, 600)}
"""Creates a minute, and inferences."""
MILLION, MIB = 1_000_000, 1 << 20
AT_ONCE, WORKERS = 64, 3
LEASE_S, SWEEP_S, SPARE_S = 4, 1, 5
WINDOW_S, BURST_S = 10, 6
"""What is looked through for the most creates, and how far ahead of its pace an account may be."""
LONGEST_S = 7200
OPEN = ("new", "refused", "intended", "submitted", "completed", "unfinished")


@dataclass
class Bench:
    """A database, a provider, and folders of their own for jobs."""

    database: str
    served: Served
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def plan(self, count: int, limits: str = "") -> tuple[Path, Spent]:
        """Plan a job of so many different inferences, alone in the database."""
        folder = self.folder / f"job-{next(self._numbers)}"
        folder.mkdir()
        rows = "".join(f"{{number: {n}}}\n" for n in range(count))
        (folder / "rows.jsonl").write_text(rows.replace("number", '"number"'))
        (folder / "job.yaml").write_text(
            "version: 1\nname: job\nbudget: 100000\ninferences:\n"
            '  - id: "a{{ item.number }}"\n    foreach: rows.jsonl\n'
            "    model: fal/fal-ai/flux/schnell\n"
            '    params: {prompt: "tree {{ item.number }}", image_size: {width: 64, height: 64}}\n'
            '    output: "{{ id }}.png"\n'
        )
        (folder / "vidi.toml").write_text(limits)
        self.change("DROP SCHEMA public CASCADE")
        self.change("CREATE SCHEMA public")
        command = [process.PROGRAM, "job.yaml", "--fleet", "--detach", "--no-input", "-q"]
        return folder, process.run(command, folder, self.settings())

    def settings(self, port: int | None = None) -> dict[str, str]:
        """The environment of every command; the database at another port where one is given."""
        url = urlsplit(self.database)
        if port is not None:
            url = url._replace(netloc=f"{url.username}@127.0.0.1:{port}")
        return {**self.served.environment, **self.environment, "VIDI_LEDGER": url.geturl()}

    def start(self, folder: Path, *options: str) -> subprocess.Popen[bytes]:
        """Start a worker."""
        return process.start([VIDI, "work", "-q", *options], folder, self.settings())

    def select(self, question: str, *values: object) -> list[tuple]:
        """Ask the database."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(question, values).fetchall()

    def change(self, statement: str) -> None:
        """Change something in it."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute("SET client_min_messages = warning")
            connection.execute(statement)

    def count_open(self) -> int:
        """How many rows have not ended."""
        question = "SELECT count(*) FROM vidi_rows WHERE status = ANY(%s)"
        return self.select(question, list(OPEN))[0][0]

    def list_lost(self) -> tuple[int, int]:
        """Purchases at the provider that no row has, and rows whose purchase it does not know."""
        bought = set(self.served.read_ends())
        known = {row[0] for row in self.select("SELECT request_id FROM vidi_rows") if row[0]}
        return len(bought - known), len(known - bought)


@contextlib.contextmanager
def open_bench(latency: float, **environment: str) -> Iterator[Bench]:
    """A bench whose inferences take so long."""
    binaries = find_binaries()
    if binaries is None:
        raise SystemExit(SKIPPED)
    with (
        serve_postgres(binaries) as database,
        serve(latency) as served,
        tempfile.TemporaryDirectory() as name,
    ):
        yield Bench(database, served, Path(name), environment)


def measure_cost(size: str) -> Iterator[Figure]:
    """What an inference of a second costs a worker: CPU, and waiting for the database."""
    few, many = COUNTS[size]
    spent, trips = [], []
    with open_bench(1.0) as bench:
        port = urlsplit(bench.database).port or 0
        for count in (few, many):
            folder, _ = bench.plan(count)
            with count_round_trips(port) as between:
                command = [VIDI, "work", "--run", "job", "-j", str(AT_ONCE), "-q"]
                spent.append(process.run(command, folder, bench.settings(between.port)))
                trips.append(between.count)
    cpu_s = (spent[1].cpu_s - spent[0].cpu_s) / (many - few)
    yield Figure("SQL round trips an inference", (trips[1] - trips[0]) / (many - few), "", target=8)
    yield Figure(
        f"inferences of 1 s a second a core, {AT_ONCE} at once", 1 / cpu_s, "", target=50,
        at_least=True,
    )  # fmt: skip
    yield Figure("memory of a worker", spent[1].peak_mib, "MiB")


def measure_plan(size: str) -> Iterator[Figure]:
    """What a million entries would cost the planner, from two sizes."""
    few, many = PLANNED[size]
    with open_bench(0) as bench:
        (_, one), (_, two) = bench.plan(few), bench.plan(many)
    each_s, each_mib = (
        (second - first) / (many - few)
        for first, second in ((one.cpu_s, two.cpu_s), (one.peak_mib, two.peak_mib))
    )
    told = f"from {few:,} and {many:,}"
    yield Figure(f"planning a million, {told}", each_s * MILLION, "s CPU", target=250)
    memory = one.peak_mib + each_mib * (MILLION - few)
    yield Figure(f"memory of planning a million, {told}", memory, "MiB", target=300)


def measure_status(size: str) -> Iterator[Figure]:
    """How long a look at a large job takes."""
    count = LOOKED_AT[size]
    with open_bench(0) as bench:
        folder, _ = bench.plan(10)
        bench.change(
            "INSERT INTO vidi_rows (journal, id, n, shard, queue, output, out_key, fingerprint, "
            "spec, low, reserve) SELECT journal, 'b' || g, 10 + g, 2 + g / 150, queue, output, "
            f"'b' || g, fingerprint, spec, low, reserve FROM vidi_rows, generate_series(1, {count})"
            " g WHERE n = 1"
        )
        bench.change(  # as many as workers are at now have no sums
            "INSERT INTO vidi_shards (journal, shard, counts) SELECT journal, shard, CASE WHEN "
            f"shard > {AT_ONCE} THEN json_build_object('new', count(*)) END "
            "FROM vidi_rows WHERE shard > 1 GROUP BY journal, shard"
        )
        bench.change(
            "INSERT INTO vidi_events (journal, id, shard, epoch, writer, attempt, run, event, body)"
            " SELECT journal, id, shard, 1, 'w', 1, 'r', 'settled', '{}' FROM vidi_rows"
        )
        bench.change("ANALYZE")
        command = [VIDI, "status", "job", "--fleet", "--json"]
        walls = [process.run(command, folder, bench.settings()).wall_s for _ in range(3)]
        (rows,) = bench.select("SELECT pg_total_relation_size('vidi_rows')")
    yield Figure(f"`vidi status --fleet` of {count:,} rows", min(walls), "s", target=1)
    yield Figure("database a row, with indexes", rows[0] / count / 1024, "KiB")


def measure_rate(size: str) -> Iterator[Figure]:
    """The most creates that three workers of one account make together."""
    a_minute, count = PACED[size]
    with open_bench(0) as bench:
        limits = f"[limits.fal]\ncreates_per_minute = {a_minute}\n"
        folder, _ = bench.plan(count, limits)
        workers = [bench.start(folder, "--run", "job", "-j", "16") for _ in range(WORKERS)]
        for worker in workers:
            worker.wait(LONGEST_S)
        times = sorted(bench.served.read_ends().values())
    most = max(
        sum(start <= other < start + WINDOW_S for other in times[n:])
        for n, start in enumerate(times)
    )
    allowed = a_minute * (WINDOW_S + BURST_S) / 60
    yield Figure(
        f"most creates in {WINDOW_S} s, {WORKERS} workers, {a_minute} a minute and a burst of "
        f"{BURST_S} s", most, "", target=allowed,
    )  # fmt: skip


def measure_end(size: str) -> Iterator[Figure]:
    """Workers that are killed, or told to end, one after the other."""
    kills, count = KILLS[size]
    yield from _break_off(kills, count, signal.SIGKILL)
    yield from _break_off(max(1, kills // 3), max(6, count // 3), signal.SIGTERM)


def _break_off(kills: int, count: int, how: signal.Signals) -> Iterator[Figure]:
    settings = {
        "VIDI_FLEET_LEASE": str(LEASE_S),
        "VIDI_FLEET_SWEEP": str(SWEEP_S),
        "VIDI_FLEET_SEND_BY": "2",
        "VIDI_FLEET_SETTLE": "5",
    }
    with open_bench(2.0, **settings) as bench:
        folder, _ = bench.plan(count)
        ended = _Ended(bench, folder, how)
        made = ended.carry_on(kills)
        strangers, unknown = bench.list_lost()
        statuses = Counter(dict(bench.select("SELECT status, count(*) FROM vidi_rows GROUP BY 1")))
        (over,) = bench.select(
            "SELECT coalesce(sum(greatest(p.reserved + p.spent - j.budget, 0)), 0) "
            "FROM vidi_periods p JOIN vidi_journals j ON p.label = j.run WHERE p.kind = 'run'"
        )
        takeovers = ended.find_takeovers() if how == signal.SIGKILL else []
    name = f"{made} {how.name} over {count} inferences, {WORKERS} workers"
    lost = count - statuses["succeeded"] - statuses["in_doubt"] + unknown
    yield Figure(f"bought twice: {name}", strangers, "", target=0)
    yield Figure(f"lost: {name}", lost, "", target=0)
    yield Figure(f"over budget: {name}", float(over[0]) / MILLION, "USD", target=0)
    target = 0.1 if how == signal.SIGKILL else 0
    yield Figure(f"left in doubt a {how.name}", statuses["in_doubt"] / made, "", target=target)
    if takeovers:
        most = LEASE_S + SWEEP_S + SPARE_S
        yield Figure("takeover of a shard, median", statistics.median(takeovers), "s")
        yield Figure("takeover of a shard, most", max(takeovers), "s", target=most)


class _Ended:
    """Workers of which one after the other is ended, and begun anew, until nothing is left."""

    def __init__(self, bench: Bench, folder: Path, how: signal.Signals) -> None:
        self._bench = bench
        self._folder = folder
        self._how = how
        self._chance = random.Random(1)
        self._held: list[tuple[float, str, int]] = []
        self._workers: list[subprocess.Popen[bytes]] = []

    def carry_on(self, kills: int) -> int:
        """End so many workers; returns how many it were when nothing was left."""
        self._workers = [self._start() for _ in range(WORKERS)]
        made, until = 0, time.monotonic() + LONGEST_S
        while self._bench.count_open() and time.monotonic() < until:
            time.sleep(self._chance.uniform(0.1, 1.0))
            made += made < kills and self._end_one()
        for worker in self._workers:
            worker.terminate()
            worker.wait()
        return made

    def _start(self) -> subprocess.Popen[bytes]:
        # Without the queue, whose own limit for a silent worker is a minute.
        return self._bench.start(self._folder, "--run", "job", "-j", "8")

    def _end_one(self) -> bool:
        """End one that is at work, and begin another in its place; False where few are at work.

        One that could take over is left alive: how long a process takes to begin is no takeover.
        """
        holds = self._bench.select(
            "SELECT holder, shard FROM vidi_shards WHERE until > clock_timestamp() ORDER BY shard"
        )
        at_work = [
            worker
            for worker in self._workers
            if any(f"-{worker.pid}-" in holder for holder, _ in holds)
        ]
        if len(at_work) < min(WORKERS - 1, len(holds)) or not at_work:
            return False
        worker = self._chance.choice(at_work)
        worker.send_signal(self._how)
        worker.wait()
        died = time.time()
        self._held += [
            (died, holder, shard) for holder, shard in holds if f"-{worker.pid}-" in holder
        ]
        self._workers[self._workers.index(worker)] = self._start()
        return True

    def find_takeovers(self) -> list[float]:
        """Seconds from each death to the next event of a shard that it held.

        Where another one that had taken it over died before any event, its death counts instead.
        """
        found = []
        for at, holder, shard in self._held:
            (next_at,) = self._bench.select(
                "SELECT extract(epoch FROM min(ts)) FROM vidi_events WHERE shard = %s "
                "AND writer <> %s AND ts > to_timestamp(%s)", shard, holder, at,
            )[0]  # fmt: skip
            later = [died for died, _, other in self._held if other == shard and died > at]
            if next_at is not None and not any(died < float(next_at) for died in later):
                found.append(float(next_at) - at)
        return found


MEASURES: dict[str, Callable[[str], Iterator[Figure]]] = {
    "cost": measure_cost,
    "plan": measure_plan,
    "status": measure_status,
    "rate": measure_rate,
    "end": measure_end,
}


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="ordinary")
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, metavar="PATH")
    tell_figures(MEASURES, parser.parse_args())


if __name__ == "__main__":
    main()
