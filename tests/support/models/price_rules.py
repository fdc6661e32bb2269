"""Price rules of our own choice, checked as a template's are, and what they make of params."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache

import jsonschema_rs

from support.models.params import make_model
from vidi.inference.models.params.checked import CheckedParams, InputFile
from vidi.inference.models.prices.facts import Facts
from vidi.inference.models.prices.pricing import estimate, settle
from vidi.inference.models.template_schema import TEMPLATE_SCHEMA

DAY = date(2026, 10, 1)
SOURCE = {"from": "2026-01", "source": "https://example.com/prices"}


@cache
def _validator():
    schema = {"$ref": "#/$defs/pricing", "$defs": TEMPLATE_SCHEMA["$defs"]}
    return jsonschema_rs.Draft202012Validator(schema)


def read(rule):
    """A rule as a template file gives it: every number that is not whole a Decimal."""
    return json.loads(json.dumps(rule), parse_float=Decimal)


def line(quantity=1, /, *rates, **others):
    """A line whose rates are numbers (USD a request) or objects."""
    every = [rate if isinstance(rate, dict) else {"usd_per_request": rate} for rate in rates]
    return {"label": "it", "quantity": quantity, "rates": every or [{"usd_per_request": 1}]} | (
        others
    )


def make_priced(rule, properties=None, provider="fal"):
    """A model with this price: a line, several lines, a row, or all rows."""
    if isinstance(rule, dict):
        rows = [rule if "from" in rule else SOURCE | {"lines": [rule]}]
    elif rule and "from" in rule[0]:
        rows = rule
    else:
        rows = [SOURCE | {"lines": rule}]
    pricing = read({"rows": rows})
    _validator().validate(pricing)
    return replace(make_model(properties or {}, provider=provider), pricing=pricing)


def checked_params(params=(), properties=None, files=None):
    """Params with the defaults of their schemas; `files` are the paths behind some names."""
    given = read(dict(params))
    defaults = {
        name: schema["default"]
        for name, schema in (properties or {}).items()
        if "default" in schema
    }
    found = [
        InputFile((param,), path, given[param], path.stat().st_size)
        for param, path in (files or {}).items()
    ]
    return CheckedParams(given, defaults | given, tuple(found))


def price(rule, params=(), *, properties=None, files=None, **options):
    """The estimate of a rule."""
    checked = checked_params(params, properties, files)
    return estimate(make_priced(rule, properties), checked, **{"on": DAY, **options})


def cost(rule, metered, params=(), *, properties=None, files=None):
    """The actual cost by a rule, after a run."""
    checked = checked_params(params, properties, files)
    return settle(make_priced(rule, properties), checked, metered, on=DAY)


def facts_of(params=(), *, properties=None, files=None, **others):
    """What a rule may look at."""
    checked = checked_params(params, properties, files)
    return Facts(
        **{
            "properties": properties or {},
            "effective": checked.effective,
            "files": checked.files,
            "timeout_s": Decimal(300),
            **others,
        }
    )
