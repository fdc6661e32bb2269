"""The parts of a row of a manifest: what one state of the journal says."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.params.addresses import hide_in
from vidi.inference.models.prices.money import json_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vidi.inference.tracking.journal.events import AssetRecord, InferenceState
    from vidi.runs.records.manifest.shape import AssetShape

LONGEST_SCALAR = 200
"""Characters of a text that is told beside the files; a longer one is a result of its own."""
_TOLD_ELSEWHERE = frozenset({"seed", "prompt", "text", "output"})


def read_seed(output: object, *asked: Mapping[str, object]) -> int | None:
    """The seed that the provider says it took, else the one that was asked for.

    Args:
        output: What was made, as the provider has said it.
        asked: Params; the first that have a seed count.
    """
    answer = output if isinstance(output, dict) else {}
    told = (each.get("seed") for each in (answer, *asked))
    return next((seed for seed in told if type(seed) is int), None)


def read_scalars(output: object) -> dict[str, object]:
    """What else the answer says in a word or a number, such as a score or the id of a voice."""
    answer = output if isinstance(output, dict) else {}
    return {name: _plain(value) for name, value in answer.items() if _is_told(name, value)}


def read_axes(given: Mapping[str, object]) -> dict[str, object]:
    """What a matrix gave an entry, as far as it is short: what tables of them are made by."""
    return {
        name: hide_in(value)
        for name, value in given.items()
        if not isinstance(value, dict | list) and len(str(value)) <= LONGEST_SCALAR
    }


def _is_told(name: str, value: object) -> bool:
    if name in _TOLD_ELSEWHERE:
        return False
    if isinstance(value, str):
        return 0 < len(value) <= LONGEST_SCALAR and "://" not in value and value[:5] != "data:"
    return isinstance(value, bool | int | float | Decimal)


def _plain(value: object) -> object:
    return json_number(value) if isinstance(value, Decimal) else value


def render_asset(asset: AssetRecord) -> AssetShape:
    """An asset as JSON values."""
    shown: AssetShape = {
        "path": asset.path,
        "sha256": asset.sha256,
        "bytes": asset.bytes,
        "content_type": asset.content_type,
        "width": asset.width,
        "height": asset.height,
        "duration_s": None if asset.duration_s is None else json_number(asset.duration_s),
        "replaced": asset.replaced,
    }
    if asset.original_sha256:
        shown["original_sha256"] = asset.original_sha256
    if asset.key:
        shown["key"] = asset.key
    if asset.warning:
        shown["warning"] = asset.warning
    return shown


def measure_duration(state: InferenceState) -> float | None:
    """Seconds from submit to result; None where that is not known."""
    if state.submitted_at is None or state.completed_at is None:
        return None
    seconds = (state.completed_at - state.submitted_at).total_seconds()
    return round(seconds, 3) if seconds >= 0 else None  # the clock was set back meanwhile


def write_usd(amount: Decimal | None) -> int | float | None:
    """An amount as a JSON number; null where nothing bounds it."""
    return None if amount is None else json_number(amount)


def write_time(moment: datetime | None) -> str | None:
    """A time as text; null where there is none."""
    return None if moment is None else write_moment(moment)


def write_moment(moment: datetime) -> str:
    """A time as ISO 8601, to the millisecond."""
    return moment.isoformat(timespec="milliseconds")
