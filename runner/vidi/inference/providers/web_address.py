"""Which of the values that a provider sends may be asked for as a URL."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeGuard
from urllib.parse import urlsplit

LONGEST = 65536
"""Characters that httpx takes as a URL."""


def is_web_address(value: object) -> TypeGuard[str]:
    """Whether a value is a whole http or https URL that no library stumbles over."""
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        return False
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises where it is not a number up to 65535
    except ValueError:
        return False
    whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in value
    return whole and len(value) <= LONGEST and _can_be_sent_to(f"{parts.scheme}://{parts.netloc}")


@lru_cache(maxsize=64)
def _can_be_sent_to(url: str) -> bool:
    """Whether the wire takes it: 01.0.0.1 and `xn--a` are hosts for urlsplit, and none for it."""
    from httpx import URL, InvalidURL

    try:
        return bool(URL(url).host)
    except (InvalidURL, UnicodeError):
        return False
