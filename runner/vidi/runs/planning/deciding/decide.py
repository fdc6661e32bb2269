"""What is to become of one inference: bought, brought home for nothing, or left as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.runs.planning.deciding.reasons import (
    EARLIER_FIRST,
    Decision,
    explain_change,
    explain_status,
    is_under_way,
    judge_finished,
    judge_open,
    judge_restored,
    tell_lost,
    was_finished,
)
from vidi.runs.planning.selection import matches_any

if TYPE_CHECKING:
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.jobs.spec import InferenceSpec
    from vidi.runs.planning.deciding.sources import Sources
    from vidi.runs.planning.plan import Choices

ELSEWHERE = "in another shard"
REFUSED = "moderated before: change its params, or buy it again with --rebuy"


def decide(
    spec: InferenceSpec,
    request: InferenceRequest,
    state: InferenceState | None,
    choices: Choices,
    sources: Sources,
    judged: Decision | None = None,
) -> Decision:
    """Say what a run does with an inference, and why; what it takes from a source is claimed.

    Args:
        spec: The entry of the job file.
        request: What it asks for; what it has already where it keeps that.
        state: What the journal says of it.
        choices: What the command line says.
        sources: Where it may come from for nothing.
        judged: What `judge` says of it, where that is known.
    """
    decision = judged or judge(spec, request, state, choices, sources)
    asked = is_asked_again(spec, state, choices)
    if wants_another(decision) and not asked and not _is_open(request, state):
        decision = _take_for_nothing(request, state, decision, sources)
    if choices.restore and decision.action == "run":
        return Decision("skip", f"{decision.reason}, and --restore buys nothing")
    return decision


def judge(
    spec: InferenceSpec,
    request: InferenceRequest,
    state: InferenceState | None,
    choices: Choices,
    sources: Sources,
) -> Decision:
    """Say what the journal's own entry of an id leads to, wherever else it may be had."""
    if (skipped := skip_unselected(spec, state, choices)) is not None:
        return skipped
    if is_asked_again(spec, state, choices) and not is_under_way(request, state):
        return Decision("run", "asked to buy again")
    if state is None or not state.fingerprint:
        return Decision("run", "new")
    if state.unsettled:
        return judge_open(request, state, keep=bool(spec.kept_as))
    return _judge_settled(spec, request, state, choices, sources)


def skip_unselected(
    spec: InferenceSpec, state: InferenceState | None, choices: Choices
) -> Decision | None:
    """Leave out what the command line leaves out; None where it may run."""
    if choices.select and not matches_any(choices.select, spec, state):
        return Decision("skip", "not selected")
    if matches_any(choices.exclude, spec, state):
        return Decision("skip", "excluded")
    if choices.shard is not None and not choices.shard.has(spec.id):
        return Decision("skip", ELSEWHERE)
    return None


def is_asked_again(spec: InferenceSpec, state: InferenceState | None, choices: Choices) -> bool:
    """Whether it is to be bought although it was before: by name, or as people rejected it."""
    if spec.verdict == "approved":
        return False
    return spec.verdict == "rejected" or matches_any(choices.rebuy, spec, state)


def _judge_settled(
    spec: InferenceSpec,
    request: InferenceRequest,
    state: InferenceState,
    choices: Choices,
    sources: Sources,
) -> Decision:
    kept = spec.kept_as if state.was_made else ""
    same = bool(kept) or state.fingerprint == request.fingerprint
    if state.status == "moderated" and same:
        return Decision("skip", REFUSED, stays="moderated")
    if not was_finished(state):
        return tell_lost(explain_status(request, state, kept=kept), kept=kept)
    if not same:
        return Decision("run", explain_change(request, state))
    if matches_any(choices.restore, spec, state):
        restored = judge_restored(request, state, sources.places, sources.bought)
        if restored is not None:
            return restored
    return judge_finished(request, state, sources.places, kept=kept)


def _is_open(request: InferenceRequest, state: InferenceState | None) -> bool:
    """Whether the very same may still be billed: then it is settled, and nothing is put over it."""
    return state is not None and state.unsettled and state.fingerprint == request.fingerprint


def wants_another(decision: Decision) -> bool:
    """Whether it is to be bought, asked for or done without, so that any other way is better."""
    if decision.stays is not None or decision.action == "run":
        return True
    return decision.action in {"fetch", "restore"} and not decision.local


def _take_for_nothing(
    request: InferenceRequest, state: InferenceState | None, decision: Decision, sources: Sources
) -> Decision:
    """Have it from where it was bought before, if anywhere; no provider need be asked for that."""
    if not sources.knows(request.fingerprint):
        return decision
    found = sources.find(request, state)
    unsettled = state is not None and state.unsettled
    if found is not None:
        if unsettled:
            return found._replace(reason=found.reason + EARLIER_FIRST, local=False)
        return found
    if decision.action != "run":
        return decision
    if not unsettled and (refused := sources.find_refused(request, state)):
        return Decision("skip", REFUSED, restores=refused, stays="moderated")
    return decision._replace(restores=sources.find_lost(request, state))
