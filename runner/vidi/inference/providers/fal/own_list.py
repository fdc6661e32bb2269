"""The account's own list of requests, over all endpoints: `GET rest.fal.ai/requests/`.

Documented nowhere; seven public programs read it with an ordinary key in 2026-08 and 2026-09, one
of which was refused later. So its word is taken where it gives it, and missed nowhere: both times
are required, a page holds 100 at most, `total` and `pages` are null, and it lists what still runs.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from vidi.inference.providers.fal.answers import derive_urls
from vidi.inference.providers.fal.request_time import read_request_time
from vidi.inference.providers.provider import Accepted
from vidi.inference.providers.same_json import is_same_json
from vidi.inference.providers.timestamps import read_moment
from vidi.inference.providers.transport.request_id import is_request_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vidi.inference.providers.provider import Submission
    from vidi.inference.providers.transport.answer import Fields

OWN_LIST = "https://rest.fal.ai/requests/"
PAGE_SIZE = 100
AROUND = timedelta(minutes=2)
"""How far the times of one request and of its id may be apart."""


def query_own(since: datetime, until: datetime, page: int) -> Mapping[str, str]:
    """Ask for a page of what was queued in a window; pages count from 1, up to a short one."""
    times = {"start_time": _stamp(since), "end_time": _stamp(until)}
    return {**times, "page": str(page), "size": str(PAGE_SIZE)}


def match_own(
    item: Fields, submission: Submission, since: datetime, until: datetime
) -> Accepted | None:
    """Recognise a submission by endpoint, time and exactly equal input."""
    request_id = item.get("request_id")
    if not is_request_id(request_id) or item.get("endpoint") != submission.model.name:
        return None
    queued = read_moment(item.get("queued_at")) or read_request_time(request_id)
    if queued is not None and not since <= queued <= until:
        return None
    if not is_same_json(item.get("json_input"), submission.params):
        return None
    return Accepted(request_id, derive_urls(submission.model.name, request_id))


def read_units(item: Fields) -> Decimal | None:
    """The units that an ended request is billed in; None where they are not known yet.

    A failed one carries none: not one of 31 failed requests that were read there did.
    """
    given, status = item.get("billable_units"), item.get("status_code")
    if isinstance(given, int | float) and not isinstance(given, bool):
        try:
            units = Decimal(str(given))
        except InvalidOperation:
            return None
        return units if units.is_finite() and units >= 0 else None
    failed = isinstance(status, int) and status >= 400
    return Decimal(0) if given is None and failed and item.get("ended_at") else None


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
