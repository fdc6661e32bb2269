"""Why an inference must run, or need not: the journal beside the disk."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.outputs.limits import KEPT_S
from vidi.inference.tracking.journal.journal import as_recorded

if TYPE_CHECKING:
    from vidi.inference.lifecycle.place import AssetPlaces
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import InferenceState

IN_DOUBT = "in doubt: the provider is asked first"
OR_BUY = ", or buy it again where it is gone"


class Verdict(NamedTuple):
    """Whether an inference must run, and why."""

    reason: str
    """Empty where there is nothing to do."""
    free: bool = False
    """Whether running it buys nothing: it fetches what was bought before."""
    local: bool = False
    """Whether not even a provider is asked: what was bought before is only moved."""


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


def is_under_way(request: InferenceRequest, state: InferenceState | None) -> bool:
    """Whether this very purchase is not settled yet: even who wants it anew has it brought home.

    So a command that buys again, cut off and repeated, does not buy twice.
    """
    if state is None or state.lost or not state.unsettled:
        return False
    return state.fingerprint == request.fingerprint


def was_made(state: InferenceState) -> bool:
    """Whether something was made under this id, and paid for."""
    return state.output is not None or bool(state.assets)


def was_finished(state: InferenceState) -> bool:
    """Whether all that it made was brought home; a refusal to fetch it again changes nothing."""
    return state.status == "succeeded" or (state.status == "refused" and was_made(state))


def judge_finished(
    request: InferenceRequest, state: InferenceState, places: AssetPlaces, *, kept: bool
) -> Verdict:
    """Judge an inference that was brought home by where its assets belong and where they are."""
    moved, missing = [], []
    for made, home, at in places.look_for(request, state.assets):
        if at is None:
            there = places.has_file(made.path)
            lost = f"asset {'differs' if there else 'missing'}: {made.path}"
            return tell_lost(lost + _tell_retention(state), kept=kept)
        if made.path != home:
            moved.append(made.path)
        elif at != home:
            missing.append(f"{home}, which is kept as {at}")
    told = [
        f"{what}: {', '.join(paths)}"
        for what, paths in (("output moved", moved), ("asset missing", missing))
        if paths
    ]
    return Verdict("; ".join(told), free=bool(told), local=bool(told))


def tell_lost(reason: str, *, kept: bool) -> Verdict:
    """Judge what was made and is not here: where it is kept, it is fetched or not had at all."""
    if not kept:
        return Verdict(reason)
    return Verdict(f"{reason.removesuffix(OR_BUY)}; kept, so never bought again", free=True)


def explain_status(request: InferenceRequest, state: InferenceState, *, kept: bool) -> str:
    """Say how an inference ended that was not brought home."""
    same = kept or state.fingerprint == request.fingerprint
    if state.status == "failed" and state.output is not None and same:
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
