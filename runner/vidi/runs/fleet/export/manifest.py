"""The manifest of a fleet's job: one file, or of many rows a file that names its parts.

Nobody opens a gigabyte of JSON. Beyond `MOST_ROWS`, manifest.json holds the run, its costs and
totals, and `parts`: JSON lines, packed, of which any table tool reads all (`manifest/*.jsonl.gz`).
"""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING, cast

from vidi.inference.models.prices.money import json_number
from vidi.inference.tracking.journal.journal import dump_line
from vidi.runs.fleet.export.shown import Shown
from vidi.runs.records.atomic import replace_bytes, replace_text
from vidi.runs.records.folder import MANIFEST
from vidi.runs.records.json_text import render_json
from vidi.runs.records.manifest.parts import write_time
from vidi.runs.records.manifest.schema import SCHEMA_VERSION
from vidi.runs.records.manifest.sums import Sums

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal
    from pathlib import Path

    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.runs.records.manifest.shape import InferenceShape, Manifest, PartShape

MOST_ROWS = 50_000
"""Of a manifest in one file, and of each part of another."""
PARTS = "manifest"


def write_manifest(
    rows: Iterable[tuple[int, InferenceShape, Decimal]],
    destination: Destination,
    folder: Path,
    *,
    status: str,
    exit_code: int,
) -> tuple[Manifest, Manifest]:
    """Write manifest.json and its parts.

    Returns:
        What manifest.json holds, and the same with the rows that the page is to show.

    Raises:
        StorageError: It cannot be written.
    """
    sums, shown = Sums(), Shown()
    parts: list[PartShape] = []
    batch: list[tuple[int, InferenceShape]] = []
    for n, row, reserve in rows:
        if len(batch) == MOST_ROWS:
            parts.append(_end_part(batch, shown, folder, len(parts)))
            batch = []
        batch.append((n, row))
        sums.add(row, reserve)
    if parts:
        parts.append(_end_part(batch, shown, folder, len(parts)))
    else:
        batch.sort(key=lambda each: each[0])
    rows_shown = shown.rows if parts else [row for _, row in batch]
    page = _describe(destination, sums, rows_shown, status, exit_code)
    if parts:
        page["parts"] = parts
    whole = cast("Manifest", {**page, "inferences": []}) if parts else page
    replace_text(folder / MANIFEST, render_json(whole))
    return whole, page


def _end_part(
    batch: list[tuple[int, InferenceShape]], shown: Shown, folder: Path, number: int
) -> PartShape:
    rows = [row for _, row in batch]
    shown.choose(batch)
    path = folder / PARTS / f"{number:05}.jsonl.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{dump_line(row)}\n" for row in rows).encode()
    packed = gzip.compress(text, mtime=0)
    replace_bytes(path, packed)
    return {
        "path": f"{PARTS}/{path.name}",
        "sha256": hashlib.sha256(packed).hexdigest(),
        "inferences": len(rows),
    }


def _describe(
    destination: Destination,
    sums: Sums,
    rows: list[InferenceShape],
    status: str,
    exit_code: int,
) -> Manifest:
    return {
        "schema_version": SCHEMA_VERSION,
        "vidi_version": destination.vidi_version,
        "sandbox": False,
        "run": {
            "id": destination.run,
            "status": status,
            "exit_code": exit_code,
            "started_at": write_time(destination.created_at) or "",
            "finished_at": write_time(destination.ended_at),
            "job_file": destination.job,
            "job_sha256": destination.terms.job_sha256,
            "vars": {},
        },
        "budget_usd": None if destination.budget is None else json_number(destination.budget),
        "cost_usd": {
            "estimated_low": json_number(sums.low),
            "estimated_high": json_number(sums.reserved),
            "actual": json_number(sums.actual),
            "in_doubt": json_number(sums.in_doubt),
            "saved": 0,
            "paid": json_number(sums.paid),
        },
        "inferences": rows,
        "totals": sums.totals,
    }
