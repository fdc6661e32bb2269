"""Rows of the ledger, as another program or a flipped bit may leave them."""

import json
import os
import shutil
import sqlite3
from functools import cache
from pathlib import Path
from random import Random

from fuzz.inputs import LEAVES, as_json
from fuzz.room import empty_room, home, run
from fuzz.target import Target

JOB = b"""version: 1
budget: 1
inferences:
  - {id: a, model: fal/fal-ai/flux/dev, params: {prompt: x}, output: a.png}
"""
COMMANDS = (
    ("vidi", "costs", "--json"),
    ("vidi", "costs", "--by", "tag"),
    ("vidi", "costs", "--drift"),
    ("vidi", "history"),
    ("vidi-run", "job.yaml", "--estimate", "--json"),
)
_GOOD = {
    "vidi_runs": ("r", "job.yaml", "outputs/x", "2026-11-29T00:00:00+00:00"),
    "vidi_charges": ("r", "a", 1, "fal/fal-ai/flux/dev", "fal", 25000, 25000, "2026-11-29",
    "2026-W48",
                     "2026-11", "2026-11-29T00:00:00+00:00", "2026-11-29T00:00:01+00:00"),
    "vidi_periods": ("day", "2026-11-29", 25000, 0),
    "vidi_bills": ("r", "a", 1, "fal/fal-ai/flux/dev", 25000, 25000, 25000, 50000, "metered",
                   "succeeded", "2026-05-01", "2026-11-29T00:00:00+00:00"),
    "vidi_tags": ("r", "a", "x"),
    "vidi_about": ("schema", 1),
}  # fmt: skip


@cache
def empty_ledger() -> Path:
    """A ledger as a first run leaves it."""
    from vidi.inference.tracking.ledger.connection import open_ledger

    path = home() / "empty.sqlite3"
    open_ledger(str(path)).close()
    return path


def make(chance: Random) -> bytes:
    rows = []
    for _ in range(chance.randint(1, 6)):
        table = chance.choice([*_GOOD])
        cells = [each if chance.randrange(6) else chance.choice(LEAVES) for each in _GOOD[table]]
        rows.append([table, *cells])
    return as_json(rows)


def check(data: bytes) -> str:
    with empty_room() as room:
        path = room / "ledger.sqlite3"
        shutil.copy(empty_ledger(), path)
        _fill(path, json.loads(data))
        (room / "job.yaml").write_bytes(JOB)
        saved = {name: os.environ.get(name) for name in ("VIDI_LEDGER", "VIDI_COSTS")}
        os.environ |= {"VIDI_LEDGER": str(path), "VIDI_COSTS": "on"}
        try:
            codes = [run(*command) for command in COMMANDS]
        finally:
            _restore(saved)
    assert set(codes) <= {"0", "1", "2", "3"}, codes
    return " ".join(codes)


def _restore(saved: dict[str, str | None]) -> None:
    for name, value in saved.items():
        if value is None:
            os.environ.pop(name)
        else:
            os.environ[name] = value


def _fill(path: Path, rows: list[list[object]]) -> None:
    connection = sqlite3.connect(path)
    for table, *row in rows:
        marks = ", ".join("?" * len(row))
        try:
            connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", row)
        except (sqlite3.Error, OverflowError, UnicodeError):
            continue  # SQLite itself refuses it
    connection.commit()
    connection.close()


TARGET = Target(make, check)
