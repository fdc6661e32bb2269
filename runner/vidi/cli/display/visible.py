"""Text as it may be shown: what would steer a terminal is made visible, and no secret is shown.

Providers' errors, job files and data files hold any character. C0 and C1 controls move the cursor,
set titles and clear lines; bidirectional overrides make text read as what it is not
(https://trojansource.codes). All of it is shown as its number; line ends and tabs stay.
"""

from __future__ import annotations

import re

from vidi.known_secrets import hide_secrets

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def make_visible(text: str) -> str:
    """The text without known secrets, each character that would steer a terminal as its number."""
    return _STEERING.sub(_number, hide_secrets(text))


def escape_json(text: str) -> str:
    """JSON of the same value in which no character steers a terminal: all of it stays JSON."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _number(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"
