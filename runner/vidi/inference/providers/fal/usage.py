"""fal's usage API: what it has billed by endpoint, for accounts whose key may read that.

https://fal.ai/docs/platform-apis/v1/models/usage, checked 2026-11-29: an admin key; buckets of
`{endpoint_id, unit, quantity, unit_price, cost, currency}`; `limit` counts buckets (recorded).
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.json_values import as_list, as_object

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from vidi.json_values import Json

USAGE = "https://api.fal.ai/v1/models/usage"


def query_usage(since: date, until: date, cursor: str | None) -> list[tuple[str, str]]:
    """Ask for the days of a span, both included, in UTC."""
    asked = [
        ("expand", "time_series"),
        ("timeframe", "day"),
        ("timezone", "UTC"),
        ("start", f"{since.isoformat()}T00:00:00Z"),
        ("end", f"{until.isoformat()}T23:59:59Z"),
    ]
    return [*asked, ("cursor", cursor)] if cursor else asked


def read_usage(page: Json) -> dict[str, Decimal]:
    """USD by endpoint in one page."""
    billed: defaultdict[str, Decimal] = defaultdict(Decimal)
    for bucket in map(as_object, as_list(as_object(page).get("time_series"))):
        for row in map(as_object, as_list(bucket.get("results"))):
            usd = _read_cost(row)
            if usd is not None:
                billed[str(row.get("endpoint_id"))] += usd
    return dict(billed)


def _read_cost(row: Mapping[str, Json]) -> Decimal | None:
    """The row's own cost, else its quantity times its unit price."""
    if row.get("currency", "USD") != "USD":
        return None
    cost, quantity, price = (_number(row.get(name)) for name in ("cost", "quantity", "unit_price"))
    if cost is not None:
        return cost
    return None if quantity is None or price is None else quantity * price


def _number(value: Json) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value)
