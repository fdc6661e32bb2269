"""A template from what its provider says: a new one, or the old one brought up to date.

What people have written into a template stays: title, category, output, descriptions, marks, price
rows, sources. The provider has the last word on which params there are and what they take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.models.discovery.base_price import is_new_base, unpriced_row
from vidi.inference.models.discovery.difference import Change, compare_param, compare_params
from vidi.inference.models.discovery.kinds import USUAL_TIMEOUTS
from vidi.inference.models.loading import read_billing, read_call
from vidi.inference.models.template import BY_NAME, Call
from vidi.json_values import as_object

if TYPE_CHECKING:
    from vidi.inference.models.param_schema import ParamSchema
    from vidi.inference.models.price_rules import Pricing
    from vidi.inference.models.template import Billing, ModelInfo, TemplateFile
    from vidi.json_values import JsonMapping, JsonObject

    Draft = dict[str, object]
    from collections.abc import Iterable, Mapping

    from vidi.inference.models.discovery.discovery import BasePrice, Discovery


ORDER = (
    "$schema", "id", "title", "category", "output_type", "output", "call", "schema_version",
    "retired", "replaced_by", "aliases", "timeout_s", "params", "params_complete", "example",
    "pricing", "billing", "page", "sources", "as_of", "confidence", "notes",
)  # fmt: skip
"""The order in which a template's keys are written."""

ALWAYS = ("params", "params_complete", "example", "pricing")
"""Keys that are written even where they hold nothing or false."""

MARKS = (
    "x-file", "x-file-as", "x-file-or-id", "x-twin", "x-suggested", "x-secret", "x-refused",
    "x-enum-open", "x-complete", "title", "description",
)  # fmt: skip
"""What people have said of a param, and no provider says."""


def make_template(found: Discovery, today: str) -> Draft:
    """A template of a model that had none.

    Args:
        found: What the provider says.
        today: The date that it was read, as YYYY-MM-DD.
    """
    pricing: Pricing = {"rows": [unpriced_row(found, today)]}
    return _ordered(
        {
            "id": found.id,
            "title": found.title,
            "category": found.category,
            "output_type": found.output_type.value,
            "output": found.output,
            "call": call_of(found),
            "retired": found.retired,
            "timeout_s": USUAL_TIMEOUTS[found.output_type],
            "params": found.params,
            "example": found.example,
            "pricing": pricing,
            "billing": billing_of(found.price, today),
            "page": found.page,
            "sources": [_source(found, today)],
            "as_of": {"params": today, "pricing": today},
            "confidence": {"params": "high", "pricing": "low"},
        }
    )


def refresh_template(old: TemplateFile, found: Discovery, today: str) -> Draft:
    """The old template with the provider's params, way of being called and base price of today.

    Its price rows are kept: a base price says nothing about tiers and surcharges.

    Args:
        old: The template as its file holds it.
        found: What the provider says.
        today: The date that it was read, as YYYY-MM-DD.
    """
    params = merge_params(old["params"], found.params, today)
    renewed = is_new_base(read_billing(old), old["pricing"], found.price)
    return _ordered(
        {
            **old,
            "call": _renew_call(old, found),
            "retired": old.get("retired") or found.retired,
            "params": params,
            "example": _merge_example(old["example"], params, found.example),
            "billing": billing_of(found.price, today) if renewed else old.get("billing"),
            "sources": [*_other_sources(old, found), _source(found, today)],
            "as_of": {**old["as_of"], "params": today},
            "confidence": {**old["confidence"], "params": "high"},
        }
    )


def refresh_listing(old: TemplateFile, retired: str, price: BasePrice | None, today: str) -> Draft:
    """The old template with what fal's lists say of it, where its schema was not read again.

    Args:
        old: The template as its file holds it.
        retired: Why it is of the past; empty where it is not.
        price: fal's base price; None where it names none.
        today: The date that the lists were read, as YYYY-MM-DD.
    """
    renewed = is_new_base(read_billing(old), old["pricing"], price)
    billing = billing_of(price, today) if renewed else old.get("billing")
    return _ordered({**old, "retired": old.get("retired") or retired, "billing": billing})


def merge_params(old: ParamSchema, new: ParamSchema, today: str) -> Draft:
    """The new params with the old marks; what is gone is still accepted, warned of and dropped."""
    properties = {
        name: _merge_param(name, old["properties"].get(name), schema)
        for name, schema in new["properties"].items()
    }
    for name, schema in old["properties"].items():
        if name not in properties:
            properties[name] = dict(schema) if schema.get("x-legacy") else _legacy(schema, today)
    ordered = {
        name: {**schema, "x-order": at} for at, (name, schema) in enumerate(properties.items())
    }
    return {**new, "properties": ordered}


def list_changes(old: ModelInfo, found: Discovery) -> list[Change]:
    """Everything that a refresh changes, apart from dates and sources."""
    changes = compare_params(old.params, found.params)
    if old.provider == "replicate" and old.call != _call_in(found):
        told = f"{_tell_call(_call_in(found))} now, was {_tell_call(old.call)}"
        changes.append(Change("call", "", told))
    if not _places(found.output) <= _places(old.output):
        told = f"output: the schema reads as {found.output}; {old.output} is kept"
        changes.append(Change("output", "", told))
    return changes + list_listing_changes(old, found.retired, found.price)


def list_listing_changes(old: ModelInfo, retired: str, price: BasePrice | None) -> list[Change]:
    """What the lists of the provider change: whether it is served, and its base price."""
    changes = [Change("retired", "", retired)] if retired and not old.retired else []
    if is_new_base(old.billing, old.pricing, price):
        told = f"base price: {price} now, was {_tell_billing(old.billing)}"
        changes.append(Change("billing", "", f"{told}; the price rows are kept"))
    return changes


def _places(output: str) -> set[str]:
    """The places that an `output` names, without what it says of them."""
    return {part.partition(" ")[0] for part in output.split(", ")}


def _merge_param(name: str, old: ParamSchema | None, new: ParamSchema) -> Draft:
    if old is None or old.get("x-legacy"):
        return dict(new)
    if not compare_param(name, old, new):
        return dict(old)
    merged: Draft = {
        key: value for key, value in new.items() if key not in {"x-file", "description"}
    }
    if "items" in new and "items" in old:
        merged["items"] = _merge_param(name, old["items"], new["items"])
    if "properties" in new and "properties" in old:
        fields = old["properties"]
        merged["properties"] = {
            key: _merge_param(key, fields.get(key), each) for key, each in new["properties"].items()
        }
    marks = _pick(old, MARKS)
    if "description" in new:
        marks.setdefault("description", new["description"])
    if merged.get("type") != "string":
        marks.pop("x-file", None)
    return marks | merged


def _legacy(schema: ParamSchema, today: str) -> Draft:
    kept = _pick(schema, ("type", "x-secret"))
    return {"description": f"Gone since {today}", **kept, "deprecated": True, "x-legacy": True}


def _pick(schema: Mapping[str, object], keys: Iterable[str]) -> Draft:
    return {key: schema[key] for key in keys if key in schema}


def _merge_example(old: JsonMapping, params: Draft, new: JsonMapping) -> JsonObject:
    """The old example without what is gone, with what is required now."""
    fields = as_object(params["properties"])
    live = {name for name, each in fields.items() if not as_object(each).get("x-legacy")}
    return dict(new) | {name: value for name, value in old.items() if name in live}


def _source(found: Discovery, today: str) -> str:
    return f"{found.source} (the provider's schema, {today})"


def _other_sources(old: TemplateFile, found: Discovery) -> list[str]:
    return [each for each in old["sources"] if not each.startswith(f"{found.source} (")]


def call_of(found: Discovery) -> JsonObject:
    """How Replicate runs the model: as a deployment, by its version, or by its name."""
    if not found.id.startswith("replicate/"):
        return {}
    if found.deployment:
        return {"deployment": found.deployment}
    return {"version": found.version} if found.version else {"official": True}


def _renew_call(old: TemplateFile, found: Discovery) -> Mapping[str, object]:
    """The way of being called now, and all earlier ones: what was bought so is not bought again.

    Another version of a model that is run by its version is another model, and no earlier form.
    """
    was, now = read_call(old), call_of(found)
    if was is None or not now:
        return old.get("call", {})
    if was.version and found.version:
        before = was.before if was.version == found.version else ()
    else:
        former = was.version or (BY_NAME if was.official else "")
        before = tuple(dict.fromkeys((*was.before, *([former] if former else []))))
        before = tuple(each for each in before if each != (found.version or BY_NAME))
    return {**now, "before": list(before)} if before else now


def billing_of(price: BasePrice | None, today: str) -> Draft:
    """The base price of fal, in the units of which it bills."""
    if price is None or price.usd <= 0:
        return {}
    unit = price.unit or "units"
    return {"unit": unit, "unit_usd": price.usd, "as_of": today, "source": price.source}


def _call_in(found: Discovery) -> Call:
    """As `call_of`, as a template that is read has it."""
    if found.deployment:
        return Call(deployment=found.deployment)
    return Call(version=found.version) if found.version else Call(official=True)


def _tell_call(call: Call | None) -> str:
    if call is None or call.official:
        return "called by name"
    if call.deployment:
        return f"called as deployment {call.deployment}"
    return f"called by version {call.version[:12]}"


def _tell_billing(billing: Billing | None) -> str:
    return f"{billing.unit_usd.normalize():f} USD per {billing.unit}" if billing else "not known"


def _ordered(template: Mapping[str, object]) -> Draft:
    """The keys in the order of templates, without the empty ones that may be left out."""
    return _pick(template, (key for key in ORDER if key in ALWAYS or template.get(key)))
