"""What each provider is given at most, from all the places that may say so: the lowest holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class ProviderLimits(NamedTuple):
    """Provider to its limit; a provider that is not there has its documented one, or none."""

    creates: Mapping[str, int]
    """Creates a minute."""
    places: Mapping[str, int]
    """Inferences under way at once."""


def lower_limits(*given: Mapping[str, Mapping[str, int]]) -> ProviderLimits:
    """The lowest of the limits that are given, each as provider to name to number."""
    return ProviderLimits(_lowest("creates_per_minute", given), _lowest("concurrency", given))


def _lowest(name: str, given: tuple[Mapping[str, Mapping[str, int]], ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for limits in given:
        for provider, values in limits.items():
            if name in values:
                found[provider] = min(values[name], found.get(provider, values[name]))
    return found
