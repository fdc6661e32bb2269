"""Why an inference must run, or need not: the journal beside the disk."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from vidi.inference.outputs.limits import KEPT_S
from vidi.inference.tracking.journal.journal import as_recorded

if TYPE_CHECKING:
    from vidi.inference.lifecycle.assets.place import AssetPlaces, PlacedAsset
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.runs.planning.plan import Action

IN_DOUBT = "in doubt: the provider is asked first"
OR_BUY = ", or buy it again where it is gone"
EARLIER_FIRST = "; what was submitted before is fetched first"


Kept = Literal["", "kept", "approved"]
"""Why what was made is never bought again; empty where it may be."""


class Decision(NamedTuple):
    """What is to become of an inference, and why."""

    action: Action
    reason: str
    local: bool = False
    """Whether no provider is asked: files are moved, or come out of the store."""
    restores: str = ""
    """The shelved purchase that it takes back, by its name in the journal."""
    stored: int = 0
    """The number of the purchase in the store that it takes; 0 where it takes none."""
    stays: Literal["moderated"] | None = None
    """The status that it keeps, where it is skipped for it."""


def judge_open(request: InferenceRequest, state: InferenceState, *, keep: bool) -> Decision:
    """Judge an inference whose last purchase is not settled: it is settled before anything else."""
    same = keep or state.fingerprint == request.fingerprint
    if state.doubtful:
        if same:
            return Decision("fetch", IN_DOUBT)
        return Decision("run", f"{IN_DOUBT}; then {explain_change(request, state)}")
    if same:
        done = "finished" if state.status == "completed" else "submitted"
        return Decision("fetch", f"{done} before: fetch it")
    return Decision("run", explain_change(request, state) + EARLIER_FIRST)


def is_under_way(request: InferenceRequest, state: InferenceState | None) -> bool:
    """Whether this very purchase is not settled yet: even who wants it anew has it brought home.

    So a command that buys again, cut off and repeated, does not buy twice.
    """
    if state is None or state.lost or not state.unsettled:
        return False
    return state.fingerprint == request.fingerprint


def was_finished(state: InferenceState) -> bool:
    """Whether all that it made was brought home; a refusal to fetch it again changes nothing."""
    return state.status == "succeeded" or (state.status == "refused" and state.was_made)


def judge_finished(
    request: InferenceRequest, state: InferenceState, places: AssetPlaces, *, kept: Kept
) -> Decision:
    """Judge an inference that was brought home by where its assets belong and where they are."""
    placed = places.look_for(request, state.assets)
    lost = next((each.made.path for each in placed if each.at is None), None)
    if lost is not None:
        what = "differs" if places.has_file(lost) else "missing"
        return tell_lost(f"asset {what}: {lost}{_tell_retention(state)}", kept=kept)
    moved = [each.made.path for each in placed if each.made.path != each.home]
    kept_as = [f"{each.home}, which is kept as {each.at}" for each in placed if _is_away(each)]
    told = [
        f"{what}: {', '.join(paths)}"
        for what, paths in (("output moved", moved), ("asset missing", kept_as))
        if paths
    ]
    if told:
        return Decision("move" if moved else "restore", "; ".join(told), local=True)
    if any(each.edited for each in placed):
        return Decision("unchanged", "edited")
    return Decision("unchanged", kept or "made before")


def _is_away(placed: PlacedAsset) -> bool:
    return placed.made.path == placed.home != placed.at


def judge_restored(
    request: InferenceRequest, state: InferenceState, edited: AssetPlaces, bought: AssetPlaces
) -> Decision | None:
    """Judge one whose bought files are to come back; None where none of them was edited."""
    paths = [each.home for each in edited.look_for(request, state.assets) if each.edited]
    if not paths:
        return None
    local = all(each.at is not None for each in bought.look_for(request, state.assets))
    return Decision("restore", f"edited, and restored as asked: {', '.join(paths)}", local=local)


def tell_lost(reason: str, *, kept: Kept) -> Decision:
    """Judge what was made and is not here: where it is kept, it is fetched or not had at all."""
    if not kept:
        return Decision("run", reason)
    return Decision("fetch", f"{reason.removesuffix(OR_BUY)}; {kept}, so never bought again")


def explain_status(request: InferenceRequest, state: InferenceState, *, kept: Kept) -> str:
    """Say how an inference ended that was not brought home."""
    same = kept or state.fingerprint == request.fingerprint
    if state.status == "failed" and state.answer is not None and same:
        return "failed before" + (_tell_retention(state) or f": fetch it{OR_BUY}")
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
