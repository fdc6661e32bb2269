"""The price rules of a template, as price_schema.py has checked them; docs/prices.md explains."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, TypedDict

Amount = Decimal | int
"""A number of a price rule: exact, never a float."""

Condition = Mapping[str, object]
"""COND: what must hold of the params, by name; all its entries must."""

RateRule = Mapping[str, object]
"""RATE: a price under the key of its unit, with `when` and `first`."""

Mode = Literal["up", "nearest", "down"]
"""How a quantity is rounded."""

_Names = str | list[str]
_SizeNames = str | list[str] | dict[str, object]


class Case(TypedDict):
    """One of several quantities, and when it is the one."""

    when: Condition
    value: Expr


Form = TypedDict(
    "Form",
    {
        "param": str,
        "seconds": str,
        "outputs": "Expr",
        "count": _Names,
        "characters": _Names,
        "tokens": _Names,
        "length": _Names,
        "frames": _Names,
        "fps": _Names,
        "width": _Names,
        "height": _Names,
        "megapixels": _Names,
        "pages": _Names,
        "output_megapixels": _SizeNames,
        "output_width": _SizeNames,
        "output_height": _SizeNames,
        "metric": str,
        "fact": str,
        "cases": list[Case],
        "range": "list[Expr | None]",
        "sum": "list[Expr]",
        "product": "list[Expr]",
        "max": "list[Expr]",
        "min": "list[Expr]",
        "quotient": "list[Expr]",
        "minus": "list[Expr]",
        "up": "Expr",
        "nearest": "Expr",
        "down": "Expr",
        "else": "Expr",
        "to": Amount,
        "low": "Expr",
        "high": "Expr | Literal['timeout'] | None",
        "why": str,
        "px": Amount,
        "each": Literal["up"],
    },
    total=False,
)
"""A quantity that is worked out: the key of one form, and what belongs to it."""

Expr = Amount | Form
"""EXPR: a quantity, as a number or in one form."""


class Rounding(TypedDict, total=False):
    """How a line's quantity is rounded, and to multiples of what."""

    mode: Mode
    to: Amount


class FactorRule(TypedDict, total=False):
    """A factor of a line, or a quantity that is one."""

    when: Condition
    factor: Amount
    by: Expr


class LineRule(TypedDict, total=False):
    """LINE: a quantity at a rate, or the reason why it has no price."""

    label: str
    when: Condition
    quantity: Expr
    round: Rounding
    minimum: Amount
    rates: list[RateRule]
    multipliers: list[FactorRule]
    metered_by: str
    unpriced: str


class Witness(TypedDict):
    """WITNESS: a second reading of the price, by another source."""

    source: str
    as_of: str
    says: RateRule


PriceRow = TypedDict(
    "PriceRow",
    {
        "from": str,
        "until": str,
        "source": str,
        "checked": str,
        "via": str,
        "confidence": str,
        "witness": Witness,
        "where": dict[str, Expr],
        "lines": list[LineRule],
        "minimum_usd": Amount,
        "typical_usd": Amount,
        "round_total_up_to_usd": Amount,
        "unpriced": str,
    },
    total=False,
)
"""ROW: the prices from a day on, with their source."""


class Pricing(TypedDict, total=False):
    """Every price row of a model, the oldest first, and what there is to say of them."""

    rows: list[PriceRow]
    notes: str
