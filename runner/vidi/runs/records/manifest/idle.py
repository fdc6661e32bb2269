"""A run that changes nothing: it leaves the manifest as it is, and tells of itself all the same.

The manifest on the disk says what the last run made and spent. A later run that finds everything in
place would only write over that with zeros, so it does not write at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from vidi.inference.tracking.redaction import look_for, redact_texts
from vidi.runs.records.json_text import render_json, split_row_by_row

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vidi.runs.records.manifest.shape import InferenceShape, Manifest

MADE = frozenset({"succeeded", "unchanged"})
LASTING = ("id", "model", "params", "fingerprint", "request_id", "tags", "seed", "assets")
"""What a later run that changes nothing finds just as it was."""
_PIECE = 1 << 16
"""Characters read at once."""


def holds_already(path: Path, manifest: Manifest, secrets: tuple[str, ...]) -> bool:
    """Whether the file holds all that a manifest says, but for the run that only looked.

    Args:
        path: The manifest on the disk.
        manifest: What the run would write; it has carried nothing out.
        secrets: What would be left out of it; where the file holds any, it has to be written anew.
    """
    may_hold = look_for(secrets)
    for read in (_read_row_by_row, _read_whole):
        try:
            return _holds(read(path), manifest, secrets, may_hold)
        except (OSError, LookupError, TypeError, AttributeError, RecursionError):
            return False
        except ValueError:  # another program has written it, or it is damaged
            continue
    return False


Parts = Iterator[tuple[str, Any]]
"""Each row of a manifest and then all but the rows: as JSON, and as the value that it is."""


def _read_row_by_row(path: Path) -> Parts:
    """As vidi writes it: of ten thousand it is 11 MB of text, and 40 MB once it is parsed."""
    with path.open(encoding="utf-8") as file:
        pieces = iter(partial(file.read, _PIECE), "")
        for text in split_row_by_row(pieces, "inferences"):
            yield text, json.loads(text)


def _read_whole(path: Path) -> Parts:
    found = json.loads(path.read_text(encoding="utf-8"))
    for part in (*found["inferences"], {**found, "inferences": []}):
        yield render_json(part, indented=False), part


def _holds(
    parts: Parts, manifest: Manifest, secrets: tuple[str, ...], may_hold: Callable[[str], bool]
) -> bool:
    def is_clean(text: str, part: object) -> bool:
        return not may_hold(text) or redact_texts(part, secrets) is part

    for new, (text, old) in zip(manifest["inferences"], parts, strict=False):
        if not (is_clean(text, old) and _agree(old, new, secrets)):
            return False
    nothing: tuple[str, Any] = ("", {})
    text, rest = next(parts, nothing)
    return is_clean(text, rest) and _name_job(rest) == _name_job(manifest)


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
