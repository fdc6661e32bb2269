"""A price that a person has read on a page, as one more row of a template.

The row before it is taken over with the one rate changed or added: its quantities, its other tiers
and surcharges hold on. No row is ever changed, so past runs keep their prices.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.models.discovery.billed_units import UNITS as BILLED
from vidi.inference.models.params.choices import match_choice
from vidi.inference.models.prices.conditions import COMPARISONS
from vidi.inference.models.prices.rates import UNITS
from vidi.inference.models.suggest import did_you_mean
from vidi.json_values import as_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.inference.models.price_rules import Condition, Expr, LineRule, PriceRow, RateRule
    from vidi.inference.models.template import ModelInfo

KEY = "usd_per_"
KEPT = ("where", "lines", "minimum_usd", "typical_usd", "round_total_up_to_usd")
"""What a row takes over from the one before it: not its source, its dates, nor its witness."""

_TEST = re.compile(r"(?P<name>[^<>=]+)(?P<sign><=|>=|<|>|=)(?P<value>.*)", re.DOTALL)
_SIGNS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


@dataclass(frozen=True, slots=True)
class PriceReading:
    """What somebody has read."""

    unit: str
    """Such as `second`; the key of its rate without `usd_per_`."""
    usd: Decimal
    when: Condition
    """The params that it holds for; empty where it holds for all."""
    source: str
    since: str
    """The first day, ISO 8601."""
    today: str
    """The day that it was read."""
    label: str = ""
    """The line that it is of, where several charge by this unit."""
    witness: str = ""
    """A second source that says the same."""

    @property
    def key(self) -> str:
        """The key of its rate."""
        return KEY + self.unit

    @property
    def rate(self) -> RateRule:
        """It alone, as a rate."""
        return {**({"when": self.when} if self.when else {}), self.key: self.usd}


def read_unit(text: str) -> str:
    """The unit of a rate: `second`, `usd_per_second` or `1k-characters`.

    Raises:
        UsageError: There is no such unit.
    """
    unit = text.strip().lower().removeprefix(KEY).replace("-", "_").replace(" ", "_")
    names = [key.removeprefix(KEY) for key in UNITS]
    for name in (unit, unit.removesuffix("s")):
        if name in names:
            return name
    hint = did_you_mean(unit, names) or f"Known: {', '.join(names)}."
    raise UsageError(f"nothing is sold by the '{text}'", hint=hint)


def read_condition(tests: Sequence[str], model: ModelInfo) -> Condition:
    """The params that a price holds for: `resolution=720p`, `duration<=5`, `image=present`.

    Raises:
        UsageError: It is no test, or the model has no such param, or the param no such value.
    """
    condition: dict[str, object] = {}
    for text in tests:
        found = _TEST.fullmatch(text.strip())
        if found is None:
            raise UsageError(
                f"'{text}' is no condition of a price",
                hint="Write --when resolution=720p, --when 'duration<=5' or --when image=present.",
            )
        name, sign, value = found["name"].strip(), found["sign"], found["value"].strip()
        schema = _schema_of(name, model)
        test = _read_value(name, value, schema) if sign == "=" else _read_bound(sign, value, text)
        before = condition.get(name)
        both = isinstance(before, dict) and isinstance(test, dict)
        condition[name] = {**before, **test} if both else test  # type: ignore[dict-item]  # both are mappings
    return condition


def make_row(model: ModelInfo, before: PriceRow | None, reading: PriceReading) -> PriceRow:
    """The row to append.

    Args:
        model: The model that it is of.
        before: The row that is in force before it; None where there is none.
        reading: What was read.

    Raises:
        UsageError: Nothing tells how many of the unit a run has, or which line is meant.
    """
    row: PriceRow = {
        "from": reading.since,
        "source": reading.source,
        "checked": reading.today,
        "confidence": "high" if _is_of_provider(reading.source) else "medium",
    }
    if reading.witness:
        row["witness"] = {
            "source": reading.witness, "as_of": reading.today, "says": dict(reading.rate),
        }  # fmt: skip
    kept = {key: before[key] for key in KEPT if before and key in before}  # type: ignore[literal-required]  # keys of a row
    row.update(kept)  # type: ignore[typeddict-item]  # so are these
    row["lines"] = _renew_lines(model, before.get("lines", []) if before else [], reading)
    return row


def sells_otherwise(before: PriceRow | None, reading: PriceReading) -> bool:
    """Whether the row before charges by other units alone, which the new one gives up."""
    lines = before.get("lines", []) if before else []
    return bool(lines) and not any(_has_rate(line, reading) for line in lines)


def _renew_lines(
    model: ModelInfo, lines: Sequence[LineRule], reading: PriceReading
) -> list[LineRule]:
    meant = [line for line in lines if _has_rate(line, reading)]
    if reading.label:
        meant = [line for line in meant if line["label"] == reading.label]
    if len(meant) > 1 or (reading.label and not meant):
        labels = ", ".join(repr(line["label"]) for line in lines if _has_rate(line, reading))
        raise UsageError(
            f"which price by the {reading.unit} is it: {labels or 'there is none yet'}?",
            hint="Say which with --label.",
        )
    if not meant:
        line: LineRule = {"label": f"{reading.unit}s", "quantity": _quantity(model, reading)}
        return [{**line, "rates": [reading.rate]}]
    renewed: LineRule = {**meant[0], "rates": _renew_rates(meant[0]["rates"], reading)}
    return [renewed if line is meant[0] else line for line in lines]


def _renew_rates(rates: Sequence[RateRule], reading: PriceReading) -> list[RateRule]:
    """The rates with this one: in place of the tiers within its own, and before the wider ones."""
    if not reading.when:
        return [*(rate for rate in rates if "when" in rate), reading.rate]
    within = [_is_within(rate, reading.when) for rate in rates]
    at = within.index(True) if True in within else 0
    kept = [rate for rate, hidden in zip(rates, within, strict=True) if not hidden]
    return [*kept[:at], reading.rate, *kept[at:]]


def _is_within(rate: RateRule, when: Condition) -> bool:
    """Whether a rate's condition says all of this one, so that it would never be reached."""
    narrow = as_object(rate.get("when"))
    return all(name in narrow and narrow[name] == test for name, test in when.items())


def _has_rate(line: LineRule, reading: PriceReading) -> bool:
    return any(reading.key in rate for rate in line.get("rates", ()))


def _quantity(model: ModelInfo, reading: PriceReading) -> Expr:
    properties = model.params["properties"]
    for unit in BILLED.values():
        if unit.key == reading.key and unit.size == UNITS[reading.key]:
            quantity = unit.quantity(properties, model)
            if quantity is not None:
                return quantity
    raise UsageError(
        f"nothing among the params of {model.id} tells how many {reading.unit}s a run has",
        hint=f"Write the row into the template by hand: docs/prices.md. The page: {model.page}",
    )


def _schema_of(name: str, model: ModelInfo) -> ParamSchema:
    properties = model.params["properties"]
    if name in properties:
        return properties[name]
    if name.startswith("@"):
        return {}
    hint = did_you_mean(name, properties) or f"Its params: {', '.join(properties)}."
    raise UsageError(f"{model.id} has no param '{name}'", hint=hint)


def _read_value(name: str, text: str, schema: ParamSchema) -> object:
    if text == "present":
        return text
    if text in {"null", "none", ""}:
        return None
    choices = list(_choices(schema))
    if not choices:
        return _plain(text)
    values = [match_choice(part.strip(), choices) for part in text.split(",")]
    values = [match_choice(_plain(str(v)), choices) if v not in choices else v for v in values]
    for value in values:
        if value not in choices and not str(value).endswith("*"):
            hint = did_you_mean(str(value), map(str, choices))
            raise UsageError(
                f"'{name}' is never '{value}'",
                hint=hint or f"It is {', '.join(map(str, choices))}.",
            )
    return values[0] if len(values) == 1 else values


def _choices(schema: ParamSchema) -> list[object]:
    found: list[object] = list(schema.get("enum", ()))
    for each in schema.get("anyOf", ()):
        found += _choices(each)
    return found or ([True, False] if schema.get("type") == "boolean" else [])


def _plain(text: str) -> object:
    if text in {"true", "false"}:
        return text == "true"
    number = _number(text)
    return text if number is None else number


def _read_bound(sign: str, value: str, text: str) -> Mapping[str, object]:
    number = _number(value)
    if number is None:
        raise UsageError(f"'{text}' compares with no number", hint="Write --when 'duration<=5'.")
    operator = _SIGNS[sign]
    assert operator in COMPARISONS  # noqa: S101  both tables name the same operators
    return {operator: number}


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _is_of_provider(source: str) -> bool:
    """Whether a price was read where it is made."""
    return re.match(r"https://([\w-]+\.)*(replicate\.com|fal\.ai)(/|$)", source) is not None
