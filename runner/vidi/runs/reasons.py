"""Why an inference would be bought, or need not be: the journal beside the disk."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.outputs.limits import KEPT_S
from vidi.inference.request import hash_file
from vidi.inference.tracking.journal import as_recorded

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.events import AssetRecord, InferenceState

MADE = frozenset({"succeeded"})


IN_DOUBT = "in doubt: the provider is asked first"


class Verdict(NamedTuple):
    """Whether an inference must run, and why."""

    reason: str
    """Empty where there is nothing to do."""
    free: bool = False
    """Whether running it buys nothing: it fetches what was bought before."""


def judge_open(request: InferenceRequest, state: InferenceState, *, keep: bool) -> Verdict:
    """Judge an inference whose last purchase is not settled: it is settled before anything else."""
    same = keep or state.fingerprint == request.fingerprint
    if state.doubtful:
        if same:
            return Verdict(IN_DOUBT, free=True)
        return Verdict(f"{IN_DOUBT}; then {explain_change(request, state)}")
    if same:
        done = "finished" if state.status == "completed" else "submitted"
        return Verdict(f"{done} before: fetch it", free=True)
    return Verdict(f"{explain_change(request, state)}; what was submitted before is fetched first")


def explain_purchase(
    request: InferenceRequest, state: InferenceState | None, folder: Path, *, keep: bool
) -> str:
    """Say why an inference must run, such as `new` or `params changed: prompt`; "" where not."""
    if state is None or not state.fingerprint:
        return "new"
    if state.status not in MADE:
        return "" if keep and _was_made(state) else _explain_status(state)
    if not keep and state.fingerprint != request.fingerprint:
        return explain_change(request, state)
    wrong = explain_assets(state, folder)
    return wrong and wrong + _tell_retention(state)


def explain_assets(state: InferenceState, folder: Path) -> str:
    """Say which asset of a finished inference is missing or differs; "" where all are there."""
    for asset in state.assets:
        path = folder / asset.path
        if not path.is_file():
            return f"asset missing: {asset.path}"
        if not _is_unchanged(path, asset):
            return f"asset differs: {asset.path}"
    return ""


def _explain_status(state: InferenceState) -> str:
    if state.status == "failed" and state.output is not None:
        gone = _tell_retention(state)
        return "failed before" + (gone or ": fetch it, or buy it again where it is gone")
    return f"{state.status} before"


def _tell_retention(state: InferenceState) -> str:
    """Say that the provider no longer has what it made; "" where it may have it still."""
    provider = state.model.partition("/")[0]
    if provider not in KEPT_S or state.completed_at is None:
        return ""
    age = (datetime.now(UTC) - state.completed_at).total_seconds()
    if age < KEPT_S[provider]:
        return ""
    return f", and {provider} kept it for {KEPT_S[provider] // 3600} h only"


def explain_change(request: InferenceRequest, state: InferenceState) -> str:
    """Say what makes an inference another one than the journal's."""
    changed_inputs = [
        name for name, digest in request.inputs.items() if state.inputs.get(name, digest) != digest
    ]
    if changed_inputs:
        return f"input changed: {', '.join(changed_inputs)}"
    if state.model != request.model.id:
        return f"model changed: was {state.model}"
    now, before = as_recorded(request.described_params()), state.params
    changed = [name for name in {**before, **now} if now.get(name) != before.get(name)]
    return f"params changed: {', '.join(changed)}" if changed else "model version changed"


def _was_made(state: InferenceState) -> bool:
    return bool(state.assets)


def _is_unchanged(path: Path, asset: AssetRecord) -> bool:
    facts = path.stat()
    if facts.st_size != asset.bytes:
        return False
    return facts.st_mtime_ns == asset.mtime_ns or hash_file(path) == asset.sha256
