"""Price rules tried on params of our choice, through the public functions."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import jsonschema_rs

from support.models.params import make_model
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.pricing import estimate, settle
from vidi.inference.models.prices.schema import price_definitions

PRICING = jsonschema_rs.Draft202012Validator(
    {"$ref": "#/$defs/pricing", "$defs": price_definitions()}
)
ON = date(2026, 9, 15)
IMAGE, VIDEO, SOUND = ({"type": "string", "x-file": kind} for kind in ("image", "video", "audio"))
PROPERTIES = {
    "image_url": IMAGE,
    "mask_url": IMAGE,
    "image_urls": {"type": "array", "items": IMAGE},
    "video_url": VIDEO,
    "audio_url": SOUND,
    "duration": {"type": "string", "enum": ["4", "5", "8", "8s", "10", "auto"], "default": "5"},
    "seconds": {"type": "integer", "minimum": 2, "maximum": 12},
    "num_images": {"type": "integer", "minimum": 1, "maximum": 8},
}
"""Params that mean something to a price rule; any other name takes any value."""


def parse(text):
    """JSON as templates are read: every fraction a decimal."""
    return json.loads(text, parse_float=Decimal)


def exact(value):
    """A Python literal as a template would hold it."""
    if isinstance(value, dict):
        return {key: exact(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [exact(each) for each in value]
    return Decimal(str(value)) if isinstance(value, float) else value


def model_with(row, params=(), **properties):
    """A model with one price row; `row` may be its lines alone, or one line."""
    row = {"lines": [row]} if "rates" in row or "label" in row else row
    row = {"lines": row} if isinstance(row, list) else row
    row = {"from": "2026-05", "source": "https://example.com/prices", **exact(row)}
    for line in row.get("lines", ()):
        line.setdefault("label", "line")
    assert [error.message for error in PRICING.iter_errors({"rows": [row]})] == []
    known = {**{name: {} for name in params}, **PROPERTIES, **properties}
    return replace(make_model(known), pricing={"rows": [row]})


def estimated(row, params=None, *, base=None, on=ON, timeout_s=None, **properties):
    """The estimate of one inference under one price row."""
    params = params or {}
    model = model_with(row, params, **properties)
    return estimate(model, checked(model, params, base), on=on, timeout_s=timeout_s)


def usd(row, params=None, **more):
    """The price where it follows from the params."""
    price = estimated(row, params, **more)
    assert price.low == price.high, price.reason
    assert price.reason == ""
    return price.low


def span(row, params=None, **more):
    """The least and the greatest price, where they differ."""
    price = estimated(row, params, **more)
    assert price.low != price.high
    assert price.reason
    return price.low, price.high


def settled(row, metered, params=None, *, base=None, billing=None, **properties):
    """What one inference cost under one price row, and how that is known."""
    params = params or {}
    model = replace(model_with(row, params, **properties), billing=billing)
    actual = settle(model, checked(model, params, base), metered, on=ON)
    return actual.usd, actual.basis


def checked(model, params, base=None):
    """The params after the check, which must find nothing."""
    after = check_params(model, params, base=base)
    assert [problem.message for problem in after.problems] == []
    return after
