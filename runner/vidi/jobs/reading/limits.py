"""`limits`: how many inferences a provider is given at once, and how many a minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.jobs.mistakes import MistakeError, describe, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST = {"concurrency": 256, "creates_per_minute": 100_000}
HINT = "Write `limits: {replicate: {concurrency: 4, creates_per_minute: 60}}`."


def limit_mistakes(limits: Mapping[str, object]) -> Iterator[MistakeError]:
    """Everything that is wrong in `limits`, but for providers that do not exist."""
    for provider, values in limits.items():
        if not isinstance(values, dict):
            message = f"the limits of {provider!r} must be a mapping, not {describe(values)}"
            yield MistakeError(message, kind="wrong-type", hint=HINT, path=(provider,))
            continue
        for name, value in values.items():
            if (mistake := _find_mistake(name, value)) is not None:
                mistake.path = (provider, name)
                yield mistake


def keep_limits(limits: Mapping[str, object]) -> dict[str, dict[str, int]]:
    """The limits that can be kept: provider, name, number."""
    return {
        provider: {
            name: value for name, value in values.items() if _find_mistake(name, value) is None
        }
        for provider, values in limits.items()
        if isinstance(values, dict)
    }


def _find_mistake(name: str, value: object) -> MistakeError | None:
    if name not in MOST:
        hint = did_you_mean(name, MOST, otherwise=HINT)
        return MistakeError(f"unknown key {name!r} in 'limits'", kind="unknown-key", hint=hint)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST[name]:
        message = f"{name!r} must be a whole number from 1 to {MOST[name]}, not {describe(value)}"
        return MistakeError(message, kind="wrong-type", hint=HINT)
    return None
