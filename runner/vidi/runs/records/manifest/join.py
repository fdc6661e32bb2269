"""The manifests of several shards as that of their job: each inference once, in file order."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.prices.money import json_number
from vidi.runs.records.manifest.merge import merge_costs, merge_runs
from vidi.runs.records.manifest.schema import SCHEMA_VERSION
from vidi.runs.records.manifest.sums import add_up

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from vidi.runs.records.manifest.shape import InferenceShape, Manifest, RunShape


def join_manifests(parts: Sequence[tuple[Manifest, Collection[str]]]) -> Manifest:
    """One manifest of several over the same job, which are all real or all of the sandbox.

    Args:
        parts: Each with the ids that its folder has bought; a row comes from the folder that has.
    """
    manifests = [manifest for manifest, _ in parts]
    rows = _join_rows(parts)
    sums = add_up((row, Decimal(str(row["cost_usd"]["estimated_high"] or 0))) for row in rows)
    budgets = [manifest["budget_usd"] for manifest in manifests]
    costs = merge_costs([manifest["cost_usd"] for manifest in manifests])
    return {
        "schema_version": SCHEMA_VERSION,
        "vidi_version": manifests[-1]["vidi_version"],
        "sandbox": manifests[0]["sandbox"],
        "run": _join_runs([manifest["run"] for manifest in manifests]),
        "budget_usd": None
        if None in budgets
        else json_number(sum((Decimal(str(each)) for each in budgets), Decimal(0))),
        "cost_usd": {
            **costs,
            "in_doubt": json_number(sums.in_doubt),
            "paid": json_number(sums.paid),
        },
        "inferences": rows,
        "totals": sums.totals,
    }


def _join_rows(parts: Sequence[tuple[Manifest, Collection[str]]]) -> list[InferenceShape]:
    """Each id where it first stands; its row is that of who bought it, else one that was tried."""
    rows: dict[str, InferenceShape] = {}
    settled: set[str] = set()
    for manifest, bought in parts:
        for row in manifest["inferences"]:
            key = row["id"]
            if key in bought:
                rows[key] = row
                settled.add(key)
            elif key not in settled and (key not in rows or rows[key]["status"] == "skipped"):
                rows[key] = row
    return list(rows.values())


def _join_runs(runs: Sequence[RunShape]) -> RunShape:
    """The facts of the runs together; what they agree on is said."""
    first = runs[0]
    hashes = {run["job_sha256"] for run in runs}
    whole = merge_runs(runs, first["job_file"])
    return {
        **whole,
        "job_sha256": first["job_sha256"] if len(hashes) == 1 else "",
        "vars": first["vars"],
    }
