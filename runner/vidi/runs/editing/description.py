"""What an editor shows of a model: what it makes, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.dollars import format_usd
from vidi.runs.planning.example import price_example
from vidi.runs.records.figures import format_estimate

if TYPE_CHECKING:
    from vidi.inference.models.template import ModelInfo


def describe_briefly(model: ModelInfo) -> str:
    """One line, for a list of models."""
    price = price_example(model)
    retired = f"RETIRED: {model.retired} " if model.retired else ""
    return f"{retired}{model.title}: {model.category}, {format_estimate(price.low, price.high)}"


def describe_model(model: ModelInfo) -> str:
    """What it makes and what its example costs, line by line of its price."""
    price = price_example(model)
    lines = [
        f"{model.category}, makes {model.output_type}.",
        *([f"RETIRED: {model.retired}"] if model.retired else []),
        f"Its example costs {format_estimate(price.low, price.high)}.",
        *(f"{line.label}: {format_usd(line.rate)} per {line.unit}." for line in price.lines),
        *([price.reason] if price.reason else []),
        *([model.pricing["notes"]] if model.pricing.get("notes") else []),
        model.page,
    ]
    return "\n\n".join(lines)
