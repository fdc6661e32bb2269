"""Every form in which a provider says how long to wait."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vidi.inference.providers.transport.answer import Answer
from vidi.inference.providers.transport.retry_after import read_retry_after

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
TOLD = b'{"detail": "Request was throttled. Your rate limit resets in ~5s.", "retry_after": 7}'


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({"retry-after": "3"}, TOLD, 3),
        ({"retry-after": "0"}, TOLD, 0),
        ({"retry-after": "1.5"}, b"", 1.5),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT"}, TOLD, 30),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:30"}, b"", 30),
        ({"retry-after": "Mon, 23 Nov 2026 11:00:00 GMT"}, b"", 0),
        ({"retry-after": "-4"}, b"", 0),
        ({"retry-after": "86400"}, b"", 300),
        ({"retry-after": "inf"}, b"", 300),
        ({"retry-after": "nan"}, b"", None),
        ({"retry-after": "soon"}, TOLD, 7),
        ({}, TOLD, 7),
        ({"ratelimit-reset": "9"}, b'{"detail": "resets in ~30s."}', 30),
        ({"ratelimit-reset": "9"}, b'{"retry_after": true}', 9),
        ({"ratelimit-reset": "9"}, b"<html>", 9),
        ({}, b'{"detail": "slow down"}', None),
        ({}, b"", None),
    ],
)
def test_a_wait_is_read_from_every_form(headers, body, wait):
    assert read_retry_after(Answer(429, headers, body), now=NOW) == wait
