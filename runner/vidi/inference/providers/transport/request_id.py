"""Which of the values that a provider sends may be the id of a request, and go into URLs and files.

Replicate's are 26 small letters and digits, fal's are UUIDs. What a URL or a path would read as
something else, such as `..`, is no id: the receipt that holds it cannot be read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeGuard

from vidi.errors import UsageError

if TYPE_CHECKING:
    from vidi.inference.providers.account import Account

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._~:=-]{0,199}")


def is_request_id(value: object) -> TypeGuard[str]:
    """Whether a value is one word of letters, digits and a few marks, of at most 200 characters."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def check_request_id(text: str, account: Account) -> str:
    """Take an id from the user.

    Raises:
        UsageError: No provider has such ids.
    """
    if is_request_id(text):
        return text
    raise UsageError(
        f"{text[:80]!r} cannot be the id of a request",
        hint=f"Copy the id from {account.title}'s own list of requests.",
    )
