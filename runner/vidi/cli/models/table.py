"""Models as lines: what each makes, and what its example costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vidi.cli.display.columns import align, fit_terminal
from vidi.cli.display.console import Console
from vidi.runs.planning.example import price_example
from vidi.runs.records.figures import format_estimate
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from vidi.inference.models.template import ModelInfo


class PricedModel(NamedTuple):
    """A model with what its own example costs, in USD."""

    model: ModelInfo
    low: Decimal
    high: Decimal | None
    """None: nothing bounds it."""


def price_models(models: Iterable[ModelInfo]) -> list[PricedModel]:
    """Price the example of each."""
    prices = ((model, price_example(model)) for model in models)
    return [PricedModel(model, price.low, price.high) for model, price in prices]


def print_models(priced: Sequence[PricedModel], command: str, *, json_wanted: bool) -> int:
    """Print a line each, or one JSON object."""
    console = Console()
    if json_wanted:
        answer = {"schema_version": 1, "command": command, "ok": True, "exit_code": 0}
        rows = [_as_json(each) for each in priced]
        console.print_data(render_json({**answer, "models": rows}).rstrip("\n"))
        return 0
    if priced:
        rows_of_text = [_as_text(each) for each in priced]
        console.print_data("\n".join(align(fit_terminal(rows_of_text, middle=0, ends=(1, 2)))))
    console.say(f"{len(priced)} model{'' if len(priced) == 1 else 's'}")
    return 0


def _as_text(each: PricedModel) -> tuple[str, ...]:
    model = each.model
    price = format_estimate(each.low, each.high)
    mark = "retired" if model.retired else ""
    return (model.id, model.output_type.value, model.category, price, mark)


def _as_json(each: PricedModel) -> dict[str, object]:
    model = each.model
    return {
        "id": model.id,
        "title": model.title,
        "category": model.category,
        "output_type": model.output_type.value,
        "example_usd": {"low": each.low, "high": each.high},
        "retired": model.retired or None,
    }
