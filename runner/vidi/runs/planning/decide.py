"""What is to become of one inference: bought, brought home for nothing, or left as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.runs.planning.reasons import (
    Verdict,
    explain_change,
    explain_status,
    is_under_way,
    judge_finished,
    judge_open,
    tell_lost,
    was_finished,
    was_made,
)
from vidi.runs.planning.selection import matches_any

if TYPE_CHECKING:
    from vidi.inference.lifecycle.place import AssetPlaces
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.jobs.spec import InferenceSpec
    from vidi.runs.planning.plan import Action, Choices


def decide(
    spec: InferenceSpec,
    request: InferenceRequest,
    state: InferenceState | None,
    choices: Choices,
    places: AssetPlaces,
) -> tuple[Action, Verdict]:
    """Say what a run does with an inference, and why.

    Args:
        spec: The entry of the job file.
        request: What it asks for; what it has already where it keeps that.
        state: What the journal says of it.
        choices: What the command line says.
        places: The files of the output folder.
    """
    if choices.select and not matches_any(choices.select, spec, state):
        return "skip", Verdict("not selected")
    if matches_any(choices.exclude, spec, state):
        return "skip", Verdict("excluded")
    if matches_any(choices.rebuy, spec, state) and not is_under_way(request, state):
        return "run", Verdict("asked to buy again")
    if state is None or not state.fingerprint:
        return "run", Verdict("new")
    if state.unsettled:
        return "run", judge_open(request, state, keep=spec.keep)
    verdict = _judge_settled(request, state, places, keep=spec.keep)
    if verdict.reason:
        return "run", verdict
    return "unchanged", Verdict("kept" if spec.keep else "made before")


def _judge_settled(
    request: InferenceRequest, state: InferenceState, places: AssetPlaces, *, keep: bool
) -> Verdict:
    kept = keep and was_made(state)
    if not was_finished(state):
        return tell_lost(explain_status(request, state, kept=kept), kept=kept)
    if not kept and state.fingerprint != request.fingerprint:
        return Verdict(explain_change(request, state))
    return judge_finished(request, state, places, kept=kept)
