"""A run that changes nothing: it leaves the manifest as it is, and tells of itself all the same.

The manifest on the disk says what the last run made and spent. A later run that finds everything in
place would only write over that with zeros, so it does not write at all.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vidi.inference.tracking.redaction import may_hold, redact_texts
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.runs.records.manifest.shape import InferenceShape, Manifest

MADE = frozenset({"succeeded", "unchanged"})
LASTING = ("id", "model", "params", "fingerprint", "request_id", "tags", "seed", "assets")
"""What a later run that changes nothing finds just as it was."""


def holds_already(path: Path, manifest: Manifest, secrets: tuple[str, ...]) -> bool:
    """Whether the file holds all that a manifest says, but for the run that only looked.

    Args:
        path: The manifest on the disk.
        manifest: What the run would write; it has carried nothing out.
        secrets: What would be left out of it; where the file holds any, it has to be written anew.
    """
    try:
        text = path.read_text(encoding="utf-8")
        before: Manifest = json.loads(text)
        if may_hold(text, secrets) and redact_texts(before, secrets) is not before:
            return False
        pairs = zip(before["inferences"], manifest["inferences"], strict=True)
        return _name_job(before) == _name_job(manifest) and all(
            _agree(old, new, secrets) for old, new in pairs
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False


def _name_job(manifest: Manifest) -> object:
    run = manifest["run"]
    return manifest["schema_version"], manifest["sandbox"], run["job_file"], run["job_sha256"]


def _agree(old: InferenceShape, new: InferenceShape, secrets: tuple[str, ...]) -> bool:
    """Whether an inference stands as it did; one that was left out says nothing of that."""
    if new["status"] != "skipped" and _stands(old["status"]) != _stands(new["status"]):
        return False
    was, now = _keep_lasting(old), _keep_lasting(new)
    # Nearly all are equal as they are: what is written is made of those alone that are not.
    return was == now or was == json.loads(render_json(redact_texts(now, secrets), indented=False))


def _keep_lasting(row: InferenceShape) -> object:
    cost = row["cost_usd"]
    return [*map(row.get, LASTING), cost["paid"], cost["paid_basis"]]


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
