"""Estimates worked out once for all inferences that a price rule cannot tell apart.

Ten thousand prompts of one size have one price. Which params a rule looks at, only the rule knows:
so the params that it has read are noted, and what it made of them holds wherever they are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.models.prices.pricing import estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vidi.inference.models.params.checked import CheckedParams
    from vidi.inference.models.prices.estimate import Estimate
    from vidi.inference.models.template import ModelInfo

MOST_KEPT = 1000
"""Estimates of one model and one set of params; a price by the character of a prompt has no end."""


class ReadParams(dict[str, object]):
    """Params that note which of them are looked at."""

    def __init__(self, params: Mapping[str, object]) -> None:
        super().__init__(params)
        self.names: dict[str, None] = {}

    def get(self, name: str, default: object = None) -> object:
        """As any mapping; the one way in which price rules look at params."""
        self.names[name] = None
        return super().get(name, default)


class _Model(NamedTuple):
    """What is known of one model's prices at one deadline."""

    model: ModelInfo
    """Held, so that no other gets its identity."""
    found: dict[tuple[str, ...], dict[str, Estimate]]
    """By the names that were read, then by what was under them."""


class RememberedPrices:
    """The estimates of one plan.

    Args:
        adjust: What past bills make of an estimate; it looks at the model and the estimate only.
    """

    def __init__(self, adjust: Callable[[ModelInfo, Estimate], Estimate] | None = None) -> None:
        self._adjust = adjust
        self._models: dict[tuple[int, float], _Model] = {}

    def estimate(self, model: ModelInfo, checked: CheckedParams, timeout_s: float) -> Estimate:
        """What an inference will cost, by past bills too."""
        if checked.files:  # what is in them counts as well
            return self._work_out(model, checked, timeout_s)
        key = (id(model), timeout_s)
        known = self._models.get(key) or self._models.setdefault(key, _Model(model, {}))
        for names, prices in known.found.items():
            price = prices.get(_name_values(checked.effective, names))
            if price is not None:
                return price
        read = ReadParams(checked.effective)
        price = self._work_out(model, checked.seen_as(read), timeout_s)
        names = tuple(read.names)
        prices = known.found.setdefault(names, {})
        if len(prices) < MOST_KEPT:
            prices[_name_values(checked.effective, names)] = price
        return price

    def _work_out(self, model: ModelInfo, checked: CheckedParams, timeout_s: float) -> Estimate:
        price = estimate(model, checked, timeout_s=timeout_s)
        return price if self._adjust is None else self._adjust(model, price)


def _name_values(params: Mapping[str, object], names: tuple[str, ...]) -> str:
    """The values as text, which tells 1 from 1.0 and from true."""
    return repr([params.get(name) for name in names])
