"""What is to be said of one entry: each complaint and warning at the value that it is about."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from vidi.errors import Problem
from vidi.inference.models.prices.standing import price_standing
from vidi.runs.planning.cells import trace
from vidi.runs.planning.request import ASSUMED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from vidi.errors import UsageError
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.jobs.spec import InferenceSpec


def complain(spec: InferenceSpec, error: UsageError, key: str) -> Problem:
    """What is wrong with the value of a key; the error may know a better place."""
    place = error.place or spec.places.of_value(key)
    problem = Problem(
        error.code,
        error.message,
        place,
        error.hint,
        (spec.id,),
        excerpt=spec.places.excerpt(place),
    )
    return problem if error.place else trace(problem, spec, (key,))


def warn(
    spec: InferenceSpec, code: str, message: str, hint: str = "", *, key: str = "model"
) -> Problem:
    """What is odd about the value of a key, and stops nothing."""
    place = spec.places.of_value(key)
    excerpt = spec.places.excerpt(place)
    return Problem(code, message, place, hint, (spec.id,), severity="warning", excerpt=excerpt)


def warn_of_purchase(
    spec: InferenceSpec, request: InferenceRequest, today: date
) -> Iterator[Problem]:
    """What to think of before an entry is bought."""
    model = request.model
    if price_standing(model, today).low and request.estimate.reason != ASSUMED:
        yield warn(
            spec,
            "low-confidence",
            f"the price of {model.id} is of low confidence",
            "Compare it with the provider's page; `vidi models price` corrects it.",
        )
    seed = request.checked.params.get("seed")
    if request.again and seed is not None:
        yield warn(
            spec,
            "same-seed",
            f"{spec.id} has a fixed seed ({seed}), so buying it again may bring the same",
            hint="Change `seed`, or leave it out.",
            key="params",
        )


def warn_of_approved(
    spec: InferenceSpec,
    had: InferenceRequest | InferenceState | None,
    asked: InferenceRequest,
    *,
    left_out: bool,
) -> Iterator[Problem]:
    """Say where an approval stands against what the entry or the command asks for.

    Args:
        spec: The entry.
        had: What it has.
        asked: What it asks for now.
        left_out: Whether --rebuy names it.
    """
    changed = had is not None and had.fingerprint not in asked.fingerprints
    if spec.verdict != "approved" or (not changed and not left_out):
        return
    what = "its entry asks for something else now" if changed else "--rebuy leaves it out"
    yield Problem(
        "approved",
        f"{spec.id} is approved and stays as it is: {what}",
        spec.places.of_key(),
        hint=f"`vidi mark reset {quote(spec.id)}` lets it be bought again.",
        ids=(spec.id,),
        severity="warning",
    )
