"""What holds for the price of every model of the share, whatever it is asked for."""

from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from support.models.params import values_of
from support.models.share import share
from support.turns import examples
from vidi.inference.models.loading import load_template
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.facts import OUTPUT_COUNTS, number_in
from vidi.inference.models.prices.pricing import Metered, estimate, settle
from vidi.inference.models.registry import ModelRegistry

AFTER_ALL = date(2026, 12, 31)
LENGTHS = {"duration", "seconds", "seconds_total", "num_frames", "music_length_ms", "length"}
ANY = settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

MODELS = [load_template(path) for path in share()]
GROWING = [
    pytest.param(model, name, id=f"{model.id} {name}")
    for model in MODELS
    for name in sorted((OUTPUT_COUNTS | LENGTHS) & set(model.params["properties"]))
]


@cache
def params_of(model_id):
    """Params that a model takes: its example, some of them replaced, some added."""
    model = next(model for model in MODELS if model.id == model_id)
    allowed = {
        name: values_of(schema)
        for name, schema in model.params["properties"].items()
        if not schema.get("x-legacy")
    }
    return st.fixed_dictionaries({}, optional=allowed).map(lambda some: {**model.example, **some})


def checked_params(model, params):
    checked = check_params(model, params, base=Path("no such folder"))
    return None if checked.errors else checked


@ANY
@given(st.sampled_from(MODELS), st.data())
def test_a_price_is_never_negative_nor_upside_down_nor_without_its_reason(model, data):
    checked = checked_params(model, data.draw(params_of(model.id)))
    assume(checked is not None)
    price = estimate(model, checked, on=AFTER_ALL)
    assert price.low >= 0
    assert price.high is None or price.low <= price.high
    assert bool(price.reason) == (price.low != price.high)
    assert all(line.high is None or 0 <= line.low <= line.high for line in price.lines)


@ANY
@given(st.sampled_from(MODELS), st.data(), st.floats(1, 4000), st.floats(0, 500))
def test_no_float_is_anywhere_in_a_price(model, data, timeout_s, seconds):
    checked = checked_params(model, data.draw(params_of(model.id)))
    assume(checked is not None)
    price = estimate(model, checked, on=AFTER_ALL, timeout_s=timeout_s)
    metrics = {"predict_time": seconds, "compute_seconds": seconds, "token_input_count": 5}
    actual = settle(model, checked, Metered(metrics), on=AFTER_ALL)
    assert not [value for value in every_value((price, actual)) if isinstance(value, float)]


def every_value(value):
    if is_dataclass(value):
        value = [getattr(value, field.name) for field in fields(value)]
    if isinstance(value, list | tuple):
        for item in value:
            yield from every_value(item)
    else:
        yield value


@pytest.mark.parametrize(("model", "name"), GROWING)
def test_more_or_longer_is_never_cheaper(model, name):
    prices = [
        priced(model, {**model.example, name: value}) for value in values_upwards(model, name)
    ]
    known = [price for price in prices if price and not price.unpriced]
    assert [price.low for price in known] == sorted(price.low for price in known)
    assert [price.high for price in known] == sorted(price.high for price in known)


def priced(model, params):
    checked = checked_params(model, params)
    return checked and estimate(model, checked, on=AFTER_ALL)


def values_upwards(model, name):
    """Values of a param in the order of the numbers they hold."""
    schema = model.params["properties"][name]
    values = {number_in(value): value for value in schema.get("enum", ())}
    low, high = schema.get("minimum", 1), schema.get("maximum", 20)
    if not values and schema.get("type") != "string":
        steps = {low, low + 1, (low + high) // 2, high - 1, high, schema.get("default", low)}
        values = {number_in(value): value for value in steps}
    numbers = sorted(number for number in values if number is not None and number >= 1)
    return [values[number] for number in numbers]


def test_most_models_can_be_asked_for_more():
    assert len(GROWING) >= 35


@pytest.mark.parametrize("timeout_s", [450, 450.0, Decimal(450), 0.1])
def test_deadlines_of_every_type_are_taken_exactly(timeout_s):
    model = ModelRegistry().get_template("replicate/stability-ai/sdxl")
    checked = checked_params(model, model.example)
    high = estimate(model, checked, on=AFTER_ALL, timeout_s=timeout_s).high
    # 0.000975 USD a second; rounded up to a millionth
    assert high == {450: Decimal("0.43875"), 0.1: Decimal("0.000098")}[timeout_s]
