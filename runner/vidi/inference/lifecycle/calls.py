"""How a model is called, where its template turns out to be wrong about it.

Replicate refuses an official model by a version's hash and a community one by its name, both
unpaid. Its own document of the model says which it is; then it is called so, and that is remembered
in the journal until the template is mended.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.errors import CredentialsError, PollError
from vidi.inference.models.template import Call

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.models.template import ModelInfo
    from vidi.inference.providers.provider import Provider
    from vidi.inference.tracking.journal.events import InferenceState

KnownCalls = dict[tuple[str, Call | None], Call]
"""Model id and its template's call, to the call that was accepted instead."""


def remember_calls(states: Iterable[InferenceState]) -> KnownCalls:
    """What earlier runs found out."""
    known: KnownCalls = {}
    for state in states:
        if state.recalled is not None:
            known[state.model, _read(state.recalled.get("template"))] = _read(
                state.recalled.get("used")
            ) or Call(official=True)
    return known


def describe_call(template: ModelInfo, called: ModelInfo) -> dict[str, object]:
    """What an intent notes of a call that is not the template's; nothing where it is."""
    if called.call is None or called.call == template.call:
        return {}
    before = None if template.call is None else template.call.to_json()
    return {"recalled": {"template": before, "used": called.call.to_json()}}


def call_as_known(model: ModelInfo, runtime: Runtime) -> ModelInfo:
    """The model as it is to be called, by what was found out before."""
    call = runtime.calls.get((model.id, model.call))
    return model if call is None else replace(model, call=call)


async def find_other_call(
    inference: str, template: ModelInfo, refused: ModelInfo, provider: Provider, runtime: Runtime
) -> ModelInfo | None:
    """The model in the other form of its call; None where the provider knows no other.

    Args:
        inference: Whose submit was refused.
        template: The model as its template has it.
        refused: The model as it was called.
        provider: Whom to ask; it costs nothing.
        runtime: What the run works with.
    """
    known = call_as_known(template, runtime)
    if known != refused:
        return known  # another inference of it was quicker
    try:
        call = await provider.find_call(refused)
    except (PollError, CredentialsError):
        return None
    if call is None:
        return None
    runtime.calls[template.id, template.call] = call
    runtime.notify(inference, "recalled", message=describe_recall(template.id, call))
    return replace(template, call=call)


def tell_recalled(state: InferenceState) -> str:
    """What is to be said of how an inference's model was called; empty where by its template."""
    used = _read((state.recalled or {}).get("used"))
    return describe_recall(state.model, used) if used is not None else ""


def describe_recall(model_id: str, call: Call) -> str:
    """Say that a template is wrong about how its model is called, and what mends it."""
    now = "by its name" if call.official else f"by its version {call.version[:12]}"
    return f"{model_id} is now called {now}: `vidi models pull {model_id}` mends its template"


def _read(value: object) -> Call | None:
    if not isinstance(value, dict):
        return None
    return Call(official=bool(value.get("official")), version=str(value.get("version") or ""))
