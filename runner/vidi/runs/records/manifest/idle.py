"""A run that changes nothing: it leaves the manifest as it is, and tells of itself all the same.

The manifest on the disk says what the last run made and spent. A later run that finds everything in
place would only write over that with zeros, so it does not write at all.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.runs.records.manifest.shape import InferenceShape, Manifest

MADE = frozenset({"succeeded", "unchanged"})
LASTING = ("id", "model", "params", "fingerprint", "request_id", "tags", "seed", "assets")
"""What a later run that changes nothing finds just as it was."""


def holds_already(path: Path, rendered: str) -> bool:
    """Whether the file holds all that a manifest says, but for the run that only looked.

    Args:
        path: The manifest on the disk.
        rendered: What the run would write, as JSON; it has carried nothing out.
    """
    try:
        before = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        now = json.loads(rendered, parse_float=Decimal)
        return _list_lasting(before) == _list_lasting(now) and _agree(before, now)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False


def _list_lasting(manifest: Manifest) -> object:
    run = manifest["run"]
    return (
        manifest["schema_version"],
        manifest["sandbox"],
        (run["job_file"], run["job_sha256"]),
        [_keep_lasting(row) for row in manifest["inferences"]],
    )


def _keep_lasting(row: InferenceShape) -> object:
    cost = row["cost_usd"]
    return [*(row.get(name) for name in LASTING), cost["paid"], cost["paid_basis"]]


def _agree(before: Manifest, now: Manifest) -> bool:
    """Whether each inference stands as it did; one that was left out says nothing."""
    pairs = zip(before["inferences"], now["inferences"], strict=True)
    return all(
        new["status"] == "skipped" or _stands(old["status"]) == _stands(new["status"])
        for old, new in pairs
    )


def _stands(status: str) -> str:
    return "made" if status in MADE else status


def tell_of_idle_run(found: Manifest, kept: Manifest) -> Manifest:
    """What a run that changed nothing has to say: its own sums over what is on the disk.

    Args:
        found: Its manifest, without its inferences.
        kept: The manifest that it left as it is; everything in it was made.
    """
    return {**found, "inferences": [_rest(row) for row in kept["inferences"]]}


def _rest(row: InferenceShape) -> InferenceShape:
    nothing = {"estimated_low": 0, "estimated_high": 0, "actual": 0, "basis": "none"}
    return {
        **row,
        "status": "unchanged",
        "reason": "made before",
        "cost_usd": {**row["cost_usd"], **nothing},  # type: ignore[typeddict-item]  # its own keys
        "error": None,
    }
