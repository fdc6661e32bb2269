"""The provider's own figures of what it bills, and how far they are believed.

They count also where they are far from what was expected; but only a figure of another kind, such
as pixels for megapixels, or a mistake, is orders away. Such a figure is passed over.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.prices.facts import as_decimal
from vidi.inference.models.prices.intervals import Interval, exactly

if TYPE_CHECKING:
    from collections.abc import Callable

    from vidi.inference.models.prices.facts import Facts

_MOST = Decimal(64)
"""How far a figure may be from the quantity that we expect, as a factor."""
_OWN_TOKENS = Decimal(1000)
"""What a model may put before a prompt by itself; who expects one token can get as many."""


_NAMES = {
    "compute_seconds": ("inference_time", "predict_time"),
    "image_output_count": ("image_count",),
    "token_input_count": ("input_token_count",),
    "token_output_count": ("output_token_count",),
}
"""What else a figure is called: fal's name of it, or Replicate's of other years, as recorded."""
_TIMES = frozenset({"compute_seconds", "predict_time"})
"""How long a model worked; what the time costs is known from our price rule alone."""


def is_near(figure: Decimal, expected: Interval) -> bool:
    """Whether a figure can measure what was expected, by its size."""
    most = None if expected.high is None else expected.high * _MOST
    return figure * _MOST >= expected.low and (most is None or figure <= most)


def read_metric(name: str, expect: Callable[[Facts], Interval], facts: Facts) -> Interval | None:
    """The quantity that Replicate reports under the name of a metric.

    Args:
        name: The metric.
        expect: The quantity as it was foreseen, from facts of before the run.
        facts: What is known after the run.

    Returns:
        None before the run, and where the metric is absent, is no number or cannot be believed.
    """
    figure = find_figure(name, facts)
    if figure is None or figure < 0 or (_is_count(name) and figure % 1):
        return None
    made_nothing = figure == 0 and not facts.assets
    if not made_nothing and not is_near(figure, _expected(name, expect, facts)):
        return None
    facts.used.add("derived" if name in _TIMES else "metered")
    return exactly(figure)


def find_figure(name: str, facts: Facts) -> Decimal | None:
    """The number that stands under a metric's name, or another name of it; None before the run."""
    if facts.metered is None:
        return None
    figures = (
        as_decimal(facts.metered.metrics.get(each)) for each in (name, *_NAMES.get(name, ()))
    )
    return next((figure for figure in figures if figure is not None), None)


def _expected(name: str, expect: Callable[[Facts], Interval], facts: Facts) -> Interval:
    foreseen = expect(replace(facts, metered=None))
    if name.startswith("token_") and foreseen.high is not None:
        return Interval(foreseen.low, max(foreseen.high, _OWN_TOKENS))
    return foreseen


def _is_count(name: str) -> bool:
    """Whether a metric counts what only comes whole."""
    return name.endswith("_count")
