"""One model as text: parameters, price with a worked example, sources, an entry to paste."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vidi.dollars import DASH, format_usd
from vidi.inference.models.default_format import default_extension
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.money import json_number
from vidi.inference.models.prices.standing import price_standing
from vidi.runs.planning.example import price_example
from vidi.runs.records.figures import format_estimate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.inference.models.prices.estimate import PriceLine
    from vidi.inference.models.template import Billing, ModelInfo

SHOWN_VALUES = 8


def describe_model(model: ModelInfo) -> str:
    """The page of a model."""
    price = price_example(model)
    low_trust = [name for name, level in model.confidence.items() if level == "low"]
    lines = [
        f"{model.id}  {model.title}",
        f"{model.category}, makes {model.output_type}, up to {model.timeout_s} s",
        *([f"RETIRED: {model.retired}"] if model.retired else []),
        *([f"use instead: {', '.join(model.replaced_by)}"] if model.replaced_by else []),
        *([f"also known as: {', '.join(model.aliases)}"] if model.aliases else []),
        *([f"LOW CONFIDENCE: {', '.join(low_trust)}; see {model.page}"] if low_trust else []),
        "",
        "parameters",
        *_describe_params(model),
        "",
        f"price of the example below: {format_estimate(price.low, price.high)}",
        *(f"  {_work_out(line)}" for line in price.lines),
        *([f"  {price.reason}"] if price.reason else []),
        *([f"  {model.pricing['notes']}"] if model.pricing.get("notes") else []),
        *(_describe_billing(model.billing) if model.billing else []),
        "",
        f"as of: params {model.as_of.get('params', '?')}, prices {model.as_of.get('pricing', '?')}"
        f"  (confidence {model.confidence.get('params', '?')}, "
        f"{model.confidence.get('pricing', '?')})",
        *(f"  {source}" for source in model.sources),
        "",
        "a job file with it:",
        "",
        *_snippet(model),
    ]
    return "\n".join(lines)


def model_as_json(model: ModelInfo) -> dict[str, object]:
    """The same for programs."""
    return {
        "schema_version": 1,
        "command": "models show",
        "ok": True,
        "exit_code": 0,
        "id": model.id,
        "title": model.title,
        "category": model.category,
        "output_type": str(model.output_type),
        "params": model.params,
        "pricing": model.pricing,
        "example": model.example,
        "example_estimate_usd": price_example(model).to_json(),
        "timeout_s": model.timeout_s,
        "sources": list(model.sources),
        "as_of": model.as_of,
        "confidence": model.confidence,
        "low_confidence": [name for name, level in model.confidence.items() if level == "low"],
        "page": model.page,
        "job_file": "\n".join(_snippet(model)) + "\n",
        "retired": model.retired or None,
        "replaced_by": list(model.replaced_by),
        "aliases": list(model.aliases),
        "call": asdict(model.call) if model.call else None,
        "billing": asdict(model.billing) if model.billing else None,
        "price": price_standing(model, datetime.now(UTC).date()).to_json(),
    }


def _describe_billing(billing: Billing) -> list[str]:
    usd = format_usd(billing.unit_usd)
    return [f"  fal bills in {billing.unit} of {usd} each ({billing.as_of}, {billing.source})"]


def _describe_params(model: ModelInfo) -> list[str]:
    lines = []
    for name, schema in model.params["properties"].items():
        if schema.get("x-legacy"):
            continue
        facts = [_describe_type(schema)]
        if name in model.required_params:
            facts.append("required")
        if "default" in schema:
            facts.append(f"default {_plain(schema['default'])}")
        facts += _describe_bounds(schema)
        lines.append(f"  {name}: {', '.join(facts)}")
        if schema.get("description"):
            lines.append(f"      {schema['description']}")
    return lines


def _describe_type(schema: ParamSchema) -> str:
    if "x-file" in schema:
        return f"{schema['x-file']} file"
    if "anyOf" in schema:
        return " or ".join(_describe_type(each) for each in schema["anyOf"])
    kind = schema.get("type", "anything")
    return "/".join(kind) if isinstance(kind, list) else str(kind)


def _describe_bounds(schema: ParamSchema) -> list[str]:
    bounds = []
    if "enum" in schema:
        shown = [_plain(value) for value in schema["enum"][:SHOWN_VALUES]]
        more = len(schema["enum"]) - len(shown)
        bounds.append(" | ".join(shown) + (f" | … {more} more" if more else ""))
    limits: Mapping[str, object] = schema
    for word, sign in (("minimum", "≥"), ("maximum", "≤"), ("maxLength", "length ≤")):
        if word in limits:
            bounds.append(f"{sign} {_plain(limits[word])}")
    return bounds


def _work_out(line: PriceLine) -> str:
    """One line of a price, such as `images: 4 × $0.003 per image = $0.012`, and its source."""
    quantity = _quantity(line.quantity_low, line.quantity_high)
    amount = format_estimate(line.low, line.high)
    sum_of_line = f"{quantity} × {format_usd(line.rate)} per {line.unit} = {amount}"
    return f"{line.label}: {sum_of_line}  (since {line.since}, {line.source})"


def _snippet(model: ModelInfo) -> list[str]:
    name = model.name.rsplit("/", 1)[-1]
    effective = check_params(model, model.example, base=None).effective
    extension = default_extension(model, effective)
    params = json.dumps(model.example, ensure_ascii=False, default=json_number)
    return [
        "version: 1",
        f"name: {_yaml_text(name)}",
        "budget: 1.00",
        "inferences:",
        f"  - id: {_yaml_text(name)}",
        f"    model: {model.id}",
        f"    params: {params}",
        f"    output: {_yaml_text(f'{name}.{extension}' if extension else name)}",
    ]


def _yaml_text(text: str) -> str:
    """A name that YAML does not take for a number, such as 3.2."""
    return text if text[:1].isalpha() else json.dumps(text)


def _quantity(low: Decimal, high: Decimal | None) -> str:
    first = f"{low.normalize():f}"
    if high is None:
        return f"{first} or more"
    return first if low == high else f"{first}{DASH}{high.normalize():f}"


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str).strip('"')
