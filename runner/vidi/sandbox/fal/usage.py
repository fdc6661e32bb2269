"""`GET /v1/models/usage` and `/analytics`: what was billed, in buckets of a day or an hour."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.prices.money import json_number
from vidi.sandbox.answers.refusals import platform_error
from vidi.sandbox.call import Call, answer_json
from vidi.sandbox.facts.base_prices import find_base_price
from vidi.sandbox.fal.history import read_moment
from vidi.sandbox.fal.pages import page_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.responses import Response

    from vidi.sandbox.work import Work

_DAY_S, _HOUR_S = 86400, 3600
_MOST_BUCKETS = 100


async def get_usage(call: Call) -> Response:
    """USD and units by endpoint; buckets in which nothing was billed are there and empty."""
    return _answer(call, _bills)


async def get_analytics(call: Call) -> Response:
    """How many requests there were; without an endpoint it is refused."""
    if not call.request.query_params.getlist("endpoint_id"):
        return platform_error(400)
    return _answer(call, _counts)


def _answer(
    call: Call, tell: Callable[[Call, Iterable[Work]], list[dict[str, object]]]
) -> Response:
    query = call.request.query_params
    step = _DAY_S if query.get("timeframe") == "day" else _HOUR_S
    begin = int(read_moment(query.get("start"), call.now - _DAY_S) // step)
    last = int(min(read_moment(query.get("end"), call.now), call.now) // step)
    named = query.getlist("endpoint_id")
    found: defaultdict[int, list[Work]] = defaultdict(list)
    for work in call.sandbox.works.values():
        if work.model.provider == "fal" and (not named or work.model.name in named):
            found[int(work.created_at // step)].append(work)
    page = page_of(call.request, range(begin, last + 1), _MOST_BUCKETS)
    series = [
        {
            "bucket": datetime.fromtimestamp(number * step, UTC).isoformat(),
            "results": tell(call, found[number]),
        }
        for number in page.items
    ]
    return answer_json({**page.turn(), "time_series": series})


def _bills(call: Call, works: Iterable[Work]) -> list[dict[str, object]]:
    billed: defaultdict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    units: dict[str, tuple[str, float | int]] = {}
    for work in works:
        charge = call.sandbox.billing.find(work.id)
        if charge.usd:
            base = find_base_price(work.model)
            units[work.model.name] = (base.unit, json_number(base.usd)) if base else ("units", 0)
            billed[work.model.name][0] += charge.units or 0
            billed[work.model.name][1] += charge.usd
    return [
        {
            "endpoint_id": name,
            "unit": units[name][0],
            "quantity": json_number(quantity),
            "unit_price": units[name][1],
            "cost": json_number(usd),
            "currency": "USD",
        }
        for name, (quantity, usd) in billed.items()
    ]


def _counts(_call: Call, works: Iterable[Work]) -> list[dict[str, object]]:
    counted: defaultdict[str, int] = defaultdict(int)
    for work in works:
        counted[work.model.name] += 1
    return [{"endpoint_id": name, "request_count": count} for name, count in counted.items()]
