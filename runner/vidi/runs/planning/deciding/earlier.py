"""What was bought under an id before its entry changed, as a request that can still be settled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from vidi.errors import Place, Problem
from vidi.inference.models.params.checked import CheckedParams
from vidi.inference.models.prices.estimate import Estimate
from vidi.inference.outputs.keeping.asset_store import REPLACED
from vidi.inference.request import InferenceRequest

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping
    from pathlib import Path

    from vidi.inference.models.registry import ModelRegistry
    from vidi.inference.models.template import ModelInfo
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.jobs.spec import InferenceSpec

LEFT_BEHIND = {
    True: "Ask the provider with `vidi reconcile`, or put {id} back into the file.",
    False: "Put {id} back into the file and run it to fetch what it made.",
}

MARK_LENGTH = 8
"""Characters of the fingerprint that tell one replaced asset from another."""


def has_its_own(spec: InferenceSpec, request: InferenceRequest, state: InferenceState) -> bool:
    """Whether an id asks for what it has, or keeps it whatever it asks for."""
    return state.fingerprint == request.fingerprint or bool(spec.kept_as and state.was_made)


def take_up(
    spec: InferenceSpec,
    request: InferenceRequest,
    state: InferenceState,
    registry: ModelRegistry,
    *,
    again: bool,
) -> InferenceRequest:
    """The request for what was bought under an id before, where that is to be brought home.

    Args:
        spec: The entry.
        request: What it asks for.
        state: What was bought.
        registry: The models.
        again: Whether it is to be bought again.

    Raises:
        UsageError: The model that it was bought from is not known any more.
    """
    changed = state.fingerprint != request.fingerprint
    keeps = spec.kept_as and not again and (state.unsettled or state.was_made)
    settles = state.unsettled and (changed or again)
    if not (keeps or settles):
        return request
    model = registry.get_template(state.model) if changed else request.model
    return (_keep_made if keeps else _settle_first)(request, state, model)


def _settle_first(
    request: InferenceRequest, state: InferenceState, model: ModelInfo
) -> InferenceRequest:
    """Have an earlier purchase that is not settled brought home before this one is bought.

    Args:
        request: What the entry asks for now.
        state: What was bought under its id before.
        model: The model that that was sent to.
    """
    kept = name_replaced(request.output, state)
    return replace(request, earlier=rebuild_request(state, model, kept))


def _keep_made(
    request: InferenceRequest, state: InferenceState, model: ModelInfo
) -> InferenceRequest:
    """Ask for what was made before, and for nothing else, whatever the entry asks for now."""
    if state.fingerprint == request.fingerprint:
        return replace(request, kept=True)
    return replace(rebuild_request(state, model, request.output), kept=True)


def find_strays(
    job_file: Path, named: Container[str], states: Mapping[str, InferenceState]
) -> Iterator[Problem]:
    """Warn of every id that has left the job file and may still be billed."""
    for state in states.values():
        if state.id in named or not state.unsettled:
            continue
        what = "is in doubt" if state.doubtful else f"was submitted as {state.request_id}"
        yield Problem(
            "left-behind",
            f"{state.id} is no longer in this file, but it {what} and may be billed",
            Place(str(job_file)),
            LEFT_BEHIND[state.doubtful].format(id=state.id),
            (state.id,),
            severity="warning",
        )


def rebuild_request(state: InferenceState, model: ModelInfo, output: str) -> InferenceRequest:
    """The request that a state of the journal came from, as far as settling it needs.

    Args:
        state: What the journal says of it.
        model: The model that it was sent to.
        output: Where its assets are to go.
    """
    params = {name: _name_file(value) for name, value in state.params.items()}
    schemas = model.params["properties"].items()
    defaults = {name: schema["default"] for name, schema in schemas if "default" in schema}
    return InferenceRequest(
        id=state.id,
        model=model,
        checked=CheckedParams(params=params, effective={**defaults, **params}),
        estimate=Estimate(
            state.estimated_low,
            state.estimated_high,
            rule=state.charges[-1].rule if state.charges else None,
        ),
        reserve=state.reserved,
        fingerprint=state.fingerprint,
        output=output,
        timeout_s=model.timeout_s,
        attempts=1,
        inputs=state.inputs,
    )


def name_replaced(output: str, state: InferenceState) -> str:
    """Where the asset of an earlier purchase goes, as it is paid for but no longer asked for."""
    path = PurePosixPath(output)
    name = f"{path.stem}-{state.fingerprint[:MARK_LENGTH]}{path.suffix}"
    return (PurePosixPath(REPLACED.as_posix()) / path.parent / name).as_posix()


def _name_file(value: object) -> object:
    """A file's descriptor becomes its name again, as prices look at it."""
    if isinstance(value, dict):
        if value.keys() == {"file", "bytes", "sha256"}:
            return value["file"]
        return {name: _name_file(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_name_file(each) for each in value]
    return value
