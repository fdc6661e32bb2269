"""What a changed entry replaced, beside what it is now: from the journal's shelf and the disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidi.inference.outputs.keeping.asset_store import REPLACED
from vidi.runs.records.manifest.parts import render_asset
from vidi.runs.records.remote.address import read_address
from vidi.runs.records.report.present import format_param

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.runs.records.manifest.shape import AssetShape, InferenceShape, Manifest


@dataclass(frozen=True, slots=True)
class Change:
    """A param that differs, as text; empty where it was not given."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an inference was before it was changed."""

    assets: tuple[AssetShape, ...]
    """Where they are kept now."""
    changes: tuple[Change, ...]
    fingerprint: str = ""


def find_earlier(
    manifest: Manifest, shelf: Iterable[InferenceState], folder: Path
) -> dict[str, Earlier]:
    """Find, by id, the last purchase whose files are still kept under `.vidi/replaced/`.

    Args:
        manifest: What there is now.
        shelf: What was bought and has made way, oldest first.
        folder: The output folder.
    """
    rows = {row["id"]: row for row in manifest["inferences"] if row["assets"]}
    is_here = read_address(folder) is None  # of a bucket, the journal is believed
    found: dict[str, Earlier] = {}
    for state in shelf:
        row = rows.get(state.id)
        kept = tuple(
            render_asset(each)
            for each in state.assets
            if _is_kept(each.path, folder, is_here=is_here)
        )
        if row is not None and kept:
            found[state.id] = Earlier(kept, _compare(state, row), state.fingerprint)
    return found


def _is_kept(path: str, folder: Path, *, is_here: bool) -> bool:
    replaced = path.startswith(f"{REPLACED.as_posix()}/")
    return replaced and (not is_here or (folder / path).is_file())


def _compare(state: InferenceState, row: InferenceShape) -> tuple[Change, ...]:
    model = Change("model", state.model, row["model"])
    changes = list_changes(state.params, row["params"])
    return (model, *changes) if state.model != row["model"] else changes


def list_changes(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[Change, ...]:
    """Name the params that differ, in the order in which they are given."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return tuple(Change(name, _say(before, name), _say(after, name)) for name in names)


def _say(params: Mapping[str, object], name: str) -> str:
    return format_param(params[name]) if name in params else ""
