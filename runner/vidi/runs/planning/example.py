"""What a model's own example costs: the figure that lists of models show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.pricing import estimate

if TYPE_CHECKING:
    from vidi.inference.models.prices.estimate import Estimate
    from vidi.inference.models.template import ModelInfo


def price_example(model: ModelInfo) -> Estimate:
    """What the model's own example costs, in USD."""
    return estimate(model, check_params(model, model.example, base=None))
