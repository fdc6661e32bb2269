"""Prices that are worked out once are those that would be worked out each time."""

from pathlib import Path

from support.models.share import ROOT, share
from vidi.inference.models.loading import load_template
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.pricing import estimate
from vidi.inference.models.remembered_prices import RememberedPrices

TRIED = 6
"""Other values of a template: a hundred of one would take all the time."""


def variations(model):
    """The example with each param in turn as its schema allows."""
    for name, schema in model.params["properties"].items():
        others = [*schema.get("enum", ())[:3], *([1, 2, 7] if "maximum" in schema else ())]
        others += ["a longer prompt " * 9] if schema.get("type") == "string" else []
        others += [True, False] if schema.get("type") == "boolean" else []
        yield from ({**model.example, name: other} for other in others)


def test_a_remembered_price_is_the_price():
    for path in share():
        model = load_template(path)
        prices = RememberedPrices()
        tried = list(variations(model))[-TRIED:]
        for params in [model.example, *tried, *tried]:
            checked = check_params(model, params, base=Path())
            known = prices.estimate(model, checked, model.timeout_s)
            assert known == estimate(model, checked, timeout_s=model.timeout_s), (path, params)


def test_what_a_rule_does_not_read_is_not_priced_again():
    model = load_template(ROOT / "templates/fal/fal-ai-flux-dev.json")
    prices = RememberedPrices()
    first, second, other = (
        prices.estimate(model, check_params(model, params, base=Path()), model.timeout_s)
        for params in (
            {"prompt": "a"},
            {"prompt": "b"},
            {"prompt": "a", "num_images": 2},
        )
    )
    assert first is second
    assert other.high == 2 * first.high
