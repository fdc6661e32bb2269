"""A manifest read from its file, of this format or an older one that is brought forward."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.file_kinds import check_regular
from vidi.runs.records.manifest.schema import SCHEMA_VERSION
from vidi.strict_json import mend_texts

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.runs.records.manifest.shape import InferenceShape, Manifest


def read_manifest(path: Path) -> Manifest:
    """Read a manifest; amounts are Decimals.

    Raises:
        UsageError: It cannot be read, is no manifest, or a newer vidi has written it.
    """
    try:
        check_regular(path)
        text = path.read_text(encoding="utf-8")
        manifest = json.loads(text, parse_float=Decimal)
        if "\\ud" in text.lower():  # half a surrogate pair, which nothing that writes can take
            manifest = mend_texts(manifest)
        version = manifest["schema_version"]
        manifest = bring_forward(manifest)
    except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
        raise UsageError(
            f"cannot read {path} as a manifest of vidi",
            hint="Run the job first, or name its output folder.",
        ) from error
    if type(version) is int and version > SCHEMA_VERSION:
        raise UsageError(f"a newer vidi has written {path}", hint="Update vidi.")
    return manifest


def bring_forward(manifest: Manifest) -> Manifest:
    """Add to a manifest of format 1 what it lacks: what was paid is what its run has spent."""
    if manifest["schema_version"] != 1:
        return manifest
    rows = [_bring_row_forward(row) for row in manifest["inferences"]]
    paid = sum((Decimal(str(row["cost_usd"]["paid"])) for row in rows), Decimal(0))
    return {
        **manifest,
        "schema_version": SCHEMA_VERSION,
        "cost_usd": {**manifest["cost_usd"], "paid": paid},
        "inferences": rows,
    }


def _bring_row_forward(row: InferenceShape) -> InferenceShape:
    cost = row["cost_usd"]
    paid = cost["actual"] or 0
    basis = cost["basis"] if paid else None
    seed = row["params"].get("seed")
    return {
        **row,
        "cost_usd": {**cost, "paid": paid, "paid_basis": basis},
        "tags": [],
        "seed": seed if type(seed) is int else None,
    }
