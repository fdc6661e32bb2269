"""Several manifests as one: what several runs made, for a page over all of them."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.runs.records.manifest.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vidi.runs.records.manifest.shape import (
        AssetShape,
        CostsShape,
        InferenceShape,
        Manifest,
        RunShape,
        TotalShape,
        TotalsShape,
        Usd,
    )

WORST_FIRST = ("interrupted", "failed", "partial", "succeeded")
"""Which status a whole has whose parts ended in different ways."""


def merge_manifests(parts: Sequence[tuple[str, Manifest]], name: str) -> Manifest:
    """One manifest of several, which are all real or all of the sandbox.

    Args:
        parts: Each with the path of its folder, relative to where the whole is to be.
        name: What to call the whole.
    """
    manifests = [manifest for _, manifest in parts]
    budgets = [manifest["budget_usd"] for manifest in manifests]
    return {
        "schema_version": SCHEMA_VERSION,
        "vidi_version": manifests[0]["vidi_version"],
        "sandbox": manifests[0]["sandbox"],
        "run": merge_runs([manifest["run"] for manifest in manifests], name),
        "budget_usd": None if None in budgets else _sum(budgets),
        "cost_usd": merge_costs([manifest["cost_usd"] for manifest in manifests]),
        "inferences": [
            _move(row, folder) for folder, manifest in parts for row in manifest["inferences"]
        ],
        "totals": _merge_totals([manifest["totals"] for manifest in manifests]),
    }


def merge_runs(runs: Sequence[RunShape], name: str) -> RunShape:
    """Facts of several runs together, under a name."""
    ends = [run["finished_at"] for run in runs]
    return {
        "id": f"{len(runs)} runs",
        "status": min((run["status"] for run in runs), key=WORST_FIRST.index),
        "exit_code": max(run["exit_code"] or 0 for run in runs),
        "started_at": min(run["started_at"] for run in runs),
        "finished_at": None if None in ends else max(end or "" for end in ends),
        "job_file": name,
        "job_sha256": "",
        "vars": {},
    }


def _merge_totals(totals: Sequence[TotalsShape]) -> TotalsShape:
    return {
        "by_status": dict(sum((Counter(each["by_status"]) for each in totals), Counter())),
        "by_model": _sum_totals(each["by_model"] for each in totals),
        "by_provider": _sum_totals(each["by_provider"] for each in totals),
    }


def _move(row: InferenceShape, folder: str) -> InferenceShape:
    """A row as it is seen from a folder above: its id and its files have the way to them."""
    assets: list[AssetShape] = [
        {
            **asset,
            "path": f"{folder}/{asset['path']}",
            "replaced": f"{folder}/{asset['replaced']}" if asset["replaced"] else None,
        }
        for asset in row["assets"]
    ]
    return {**row, "id": f"{folder}/{row['id']}", "assets": assets}


def merge_costs(costs: Sequence[CostsShape]) -> CostsShape:
    """The sums of several runs. USD."""
    highs = [each["estimated_high"] for each in costs]
    return {
        "estimated_low": _sum(each["estimated_low"] for each in costs),
        "estimated_high": None if None in highs else _sum(highs),
        "actual": _sum(each["actual"] for each in costs),
        "in_doubt": _sum(each["in_doubt"] for each in costs),
        "saved": _sum(each["saved"] for each in costs),
        "paid": _sum(each["paid"] for each in costs),
    }


def _sum_totals(tables: Iterable[Mapping[str, TotalShape]]) -> dict[str, TotalShape]:
    groups: dict[str, list[TotalShape]] = {}
    for table in tables:
        for name, total in table.items():
            groups.setdefault(name, []).append(total)
    return {
        name: {
            "inferences": sum(total["inferences"] for total in totals),
            "assets": sum(total["assets"] for total in totals),
            "actual_usd": _sum(total["actual_usd"] for total in totals),
            "in_doubt_usd": _sum(total["in_doubt_usd"] for total in totals),
        }
        for name, totals in groups.items()
    }


def _sum(amounts: Iterable[Usd | None]) -> Decimal:
    return sum((Decimal(str(amount or 0)) for amount in amounts), Decimal(0))
