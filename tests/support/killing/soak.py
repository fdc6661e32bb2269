"""Runs that are killed at random, again and again, while things go wrong at random.

Each round is a folder, a sandbox and a ledger of its own: a run of 12 inferences is killed a few
times, then run until it is done; then everything must be there, bought once, and every cent
accounted for. All chances of a round follow from its seed.
"""

import contextlib
import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from support.killing.killed_run import COUNT, PRICE, Killable, Start
from support.servers.postgres import find_binaries, serve_postgres
from support.servers.sandbox import serve_sandbox

FAULTS = {
    "upload": ("500", "503", "reset"),
    "submit": (
        "429", "429-body", "503-after", "500-after", "reset-after", "garbage-2xx", "missing-id",
        "nulls", "reset", "502-nginx",
    ),
    "poll": ("429", "500", "503", "reset", "html", "garbage-2xx", "unknown-status"),
    "result": ("500", "503", "reset"),
    "download": ("503", "reset", "truncated", "empty", "html", "corrupt", "wrong-type"),
    "list": ("429", "503", "reset", "unlisted"),
}  # fmt: skip
"""What goes wrong now and then, without a bill for it."""
MOST_KILLS = 16
FAULTS_AT_ONCE = (0, 0, 1, 2, 4)
MOST_AT_ONCE = 8
LAST_STEPS = (30, 120, 500)
"""Early kills, so that there are many; and later ones."""
Ledgers = Callable[[int], str]
"""The ledger of a round by its number; empty for an SQLite file of its own."""


@dataclass(frozen=True)
class Soaked:
    """What some rounds were made of."""

    rounds: int = 0
    kills: int = 0
    faults: int = 0
    adopted: int = 0
    """Inferences in doubt that a provider's list cleared up."""
    not_paid: int = 0
    """Inferences in doubt that had never left, as the user then said."""

    def __add__(self, other: "Soaked") -> "Soaked":
        return Soaked(*map(sum, zip(astuple(self), astuple(other), strict=True)))

    def __str__(self) -> str:
        return (
            f"{self.rounds} rounds of {COUNT} inferences, {self.kills} kills, {self.faults} faults,"
            f" {self.adopted} found in a list, {self.not_paid} never sent"
        )


def soak(
    base: Path, start: Start, seed: str, numbers: Iterator[int], ledgers: Ledgers, seconds: float
) -> Iterator[Soaked]:
    """Make one round after another until the time is up; yields each.

    Raises:
        AssertionError: Something was lost or bought twice; the folder of the round is kept.
    """
    until = time.monotonic() + seconds
    for number in numbers:
        if time.monotonic() > until:
            break
        folder = base / str(number)
        try:
            yield soak_round(folder, start, f"{seed}/{number}", ledgers(number))
        except AssertionError as error:
            error.add_note(f"in round {number} of seed {seed}; kept in {folder}")
            raise
        shutil.rmtree(folder)


def soak_round(folder: Path, start: Start, seed: str, ledger: str) -> Soaked:
    """Kill one job a few times, and bring it to its end."""
    chance = random.Random(seed)
    faults = [_draw_fault(chance) for _ in range(chance.choice(FAULTS_AT_ONCE))]
    with serve_sandbox(faults, latency=chance.choice([0.0, 0.0, 0.05, 0.2])) as served:
        killed = Killable(folder, served, start, ledger)
        killed.faults = len(faults)
        killed.day_budget = "" if faults else chance.choice(["", PRICE])
        kills = sum(_kill(killed, chance) for _ in range(chance.randint(1, MOST_KILLS)))
        killed.finish()
        killed.check()
    adopted = sum("adopted" in event for event in killed.account.events)
    return Soaked(1, kills, len(faults), adopted, len(killed.not_paid))


@contextlib.contextmanager
def keep_ledgers(*, postgres: bool) -> Iterator[Ledgers]:
    """Ledgers for many rounds; with `postgres`, every second one is a database of one server."""
    binaries = find_binaries() if postgres else None
    if binaries is None:
        yield lambda _number: ""
        return
    import psycopg

    def make(number: int) -> str:
        if number % 2:
            return ""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE round_{number}")
        return url.replace("/postgres", f"/round_{number}")

    with serve_postgres(binaries) as url:
        yield make


def _draw_fault(chance: random.Random) -> dict[str, object]:
    action = chance.choice(list(FAULTS))
    fault = {"on": action, "fault": chance.choice(FAULTS[action]), "nth": chance.randint(1, 12)}
    return {**fault, "retry_after": 0} if fault["fault"].startswith("429") else fault


def _kill(killed: Killable, chance: random.Random) -> bool:
    killed.at_once = chance.randint(1, MOST_AT_ONCE)
    die_at = f"{chance.randint(1, chance.choice(LAST_STEPS))} "
    if killed.account.events and chance.random() < 0.1:
        return killed.kill(f"{chance.randint(1, 20)} ", "reconcile", "job.yaml", program="vidi")
    return killed.kill(die_at)
