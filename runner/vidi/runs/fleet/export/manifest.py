"""The manifest of a fleet's job: one file, or of many rows a file that names its parts.

Nobody opens a gigabyte of JSON. Beyond `MOST_ROWS`, manifest.json holds the run, its costs and
totals, and `parts`: JSON lines, packed, of which any table tool reads all (`manifest/*.jsonl.gz`).
"""

from __future__ import annotations

import gzip
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from vidi.inference.models.prices.money import json_number
from vidi.inference.tracking.journal.journal import dump_line
from vidi.runs.records.atomic import replace_text
from vidi.runs.records.folder import MANIFEST
from vidi.runs.records.json_text import render_json
from vidi.runs.records.manifest.parts import (
    OPEN,
    count_totals,
    sum_actual,
    sum_paid,
    sum_reserves,
    write_time,
)
from vidi.runs.records.manifest.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.runs.records.manifest.shape import (
        InferenceShape,
        Manifest,
        PartShape,
        TotalShape,
        TotalsShape,
    )

MOST_ROWS = 50_000
"""Of a manifest in one file, and of each part of another."""
PARTS = "manifest"
MOST_WRONG, SAMPLE = 2000, 500
"""Rows that the page shows of a manifest in parts: those that went wrong, and some that did not."""


@dataclass(slots=True)
class _Sums:
    """What rows add up to, part by part."""

    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)
    actual: Decimal = Decimal(0)
    in_doubt: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    statuses: Counter[str] = field(default_factory=Counter)
    models: dict[str, TotalShape] = field(default_factory=dict)
    providers: dict[str, TotalShape] = field(default_factory=dict)

    def add(self, rows: list[InferenceShape], reserves: dict[str, Decimal]) -> None:
        """Count some more rows."""
        self.low += sum(Decimal(str(row["cost_usd"]["estimated_low"])) for row in rows)
        self.high += sum(reserves.values(), Decimal(0))
        self.actual += sum_actual(rows)
        self.in_doubt += sum_reserves(rows, reserves, OPEN)
        self.paid += sum_paid(rows)
        totals = count_totals(rows, reserves)
        self.statuses.update(totals["by_status"])
        for mine, more in (
            (self.models, totals["by_model"]),
            (self.providers, totals["by_provider"]),
        ):
            for name, each in more.items():
                mine[name] = _add(mine[name], each) if name in mine else each

    @property
    def totals(self) -> TotalsShape:
        """Of all rows together."""
        return {
            "by_status": dict(self.statuses),
            "by_model": self.models,
            "by_provider": self.providers,
        }


def _add_all(sums: dict[str, TotalShape], more: dict[str, TotalShape]) -> None:
    for name, each in more.items():
        sums[name] = _add(sums[name], each) if name in sums else each


def _add(one: TotalShape, other: TotalShape) -> TotalShape:
    summed = {name: one[name] + other[name] for name in one}  # type: ignore[literal-required]  # its own keys
    return cast("TotalShape", {name: _plain(each) for name, each in summed.items()})


def _plain(value: object) -> object:
    return json_number(Decimal(str(value))) if isinstance(value, float) else value


@dataclass(slots=True)
class _Shown:
    """The rows of the page: all of a small job, else what went wrong and a sample."""

    rows: list[tuple[int, InferenceShape]] = field(default_factory=list)
    wrong: int = 0

    def choose(self, numbered: list[tuple[int, InferenceShape]], *, last: bool) -> None:
        """Take what is to be seen of some more rows."""
        if last and not self.rows:
            self.rows = numbered
            return
        for n, row in numbered:
            is_wrong = row["status"] not in {"succeeded", "unchanged"}
            if is_wrong and self.wrong < MOST_WRONG:
                self.wrong += 1
                self.rows.append((n, row))
            elif not is_wrong and _is_sampled(row["id"]):
                self.rows.append((n, row))


def _is_sampled(key: str) -> bool:
    """One of a hundred, by its id: the same each time."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[0] < 256 // 100


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
    sums, shown = _Sums(), _Shown()
    parts: list[PartShape] = []
    batch: list[tuple[int, InferenceShape]] = []
    reserves: dict[str, Decimal] = {}
    for n, row, reserve in rows:
        if len(batch) == MOST_ROWS:
            parts.append(_end_part(batch, reserves, sums, shown, folder, len(parts)))
            batch, reserves = [], {}
        batch.append((n, row))
        reserves[row["id"]] = reserve
    if parts:
        parts.append(_end_part(batch, reserves, sums, shown, folder, len(parts)))
    else:
        batch.sort(key=lambda each: each[0])
        sums.add([row for _, row in batch], reserves)
        shown.choose(batch, last=True)
    page = _describe(destination, sums, [row for _, row in shown.rows], status, exit_code)
    if parts:
        page["parts"] = parts
    whole = cast("Manifest", {**page, "inferences": []}) if parts else page
    replace_text(folder / MANIFEST, render_json(whole))
    return whole, page


def _end_part(
    batch: list[tuple[int, InferenceShape]],
    reserves: dict[str, Decimal],
    sums: _Sums,
    shown: _Shown,
    folder: Path,
    number: int,
) -> PartShape:
    rows = [row for _, row in batch]
    sums.add(rows, reserves)
    shown.choose(batch, last=False)
    path = folder / PARTS / f"{number:05}.jsonl.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{dump_line(row)}\n" for row in rows).encode()
    packed = gzip.compress(text, mtime=0)
    path.write_bytes(packed)
    return {
        "path": f"{PARTS}/{path.name}",
        "sha256": hashlib.sha256(packed).hexdigest(),
        "inferences": len(rows),
    }


def _describe(
    destination: Destination,
    sums: _Sums,
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
            "estimated_high": json_number(sums.high),
            "actual": json_number(sums.actual),
            "in_doubt": json_number(sums.in_doubt),
            "saved": 0,
            "paid": json_number(sums.paid),
        },
        "inferences": rows,
        "totals": sums.totals,
    }
