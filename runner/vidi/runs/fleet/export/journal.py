"""The journal of a job, out of its database and into log.jsonl: each event, numbered anew."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from secrets import token_hex
from typing import TYPE_CHECKING, Any, cast

from vidi.inference.outputs.keeping.staging import PREFIX
from vidi.inference.tracking.fleet.journal import read_pages
from vidi.inference.tracking.journal.checksum import add_checksum
from vidi.inference.tracking.journal.events import JOURNAL_SCHEMA
from vidi.inference.tracking.journal.journal import dump_line
from vidi.runs.records.folder import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.ledger.connection import Ledger


def write_journal(destination: Destination, ledger: Ledger, folder: Path) -> None:
    """Write log.jsonl, whole or not at all.

    Raises:
        StorageError: The database cannot be read.
        OSError: The file cannot be written.
    """
    partial = folder / f"{PREFIX}{token_hex(8)}"
    try:
        with partial.open("xb") as file:
            for place, event in enumerate(_list_events(destination, ledger)):
                text = dump_line(event).encode()
                file.write(add_checksum(text, place if event["seq"] == 1 else 0) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        partial.rename(folder / JOURNAL)
    finally:
        partial.unlink(missing_ok=True)


def _list_events(destination: Destination, ledger: Ledger) -> Iterator[Event]:
    """Each run's beginning, and what was put on record in it, by the order of the database."""
    counts: dict[str, int] = {}
    for n, ts, run, event, inference, body, _ in read_pages(ledger, destination.journal):
        del n
        if run not in counts:
            counts[run] = 1
            yield _begin(destination, run, ts.isoformat())
        counts[run] += 1
        yield _number(json.loads(body, parse_float=Decimal), ts, run, counts[run], event, inference)


def _begin(destination: Destination, run: str, ts: str) -> Event:
    latest = run == destination.run
    return {
        "ts": ts,
        "run": run,
        "seq": 1,
        "event": "run_started",
        "schema": JOURNAL_SCHEMA,
        "vidi_version": destination.vidi_version,
        "sandbox": False,
        "job_file": destination.job,
        "job_sha256": destination.terms.job_sha256 if latest else "",
        "vars": {},
        "budget_usd": destination.budget if latest else None,
    }


def _number(
    body: dict[str, Any], ts: Any, run: str, seq: int, event: str, inference: str | None
) -> Event:
    about = {"ts": ts.isoformat(), "run": run, "seq": seq, "event": event}
    if inference is not None:
        about["id"] = inference
    return cast("Event", about | body)
