"""What the fields of an event are: a line of an older journal has no checksum to answer for it.

What is folded is shown, compared and added up far from here; so whatever is of another type is
refused where its line is still known. Amounts are not here: the fold makes them Decimals.
"""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vidi.inference.tracking.journal.event_types import Event

_TEXTS = (
    "basis", "content_type", "e_tag", "fingerprint", "id", "job_file", "job_sha256", "key",
    "message", "model", "moved_from", "original_sha256", "path", "priced_as_of", "purchase",
    "request_id", "sha256", "status", "vidi_version", "warning",
)  # fmt: skip
_NUMBERS = ("attempt", "bytes", "index", "mtime_ns", "number")
_TABLES = (
    "estimate_usd", "ids", "inputs", "metrics", "params", "prices", "recalled", "sent", "tags",
    "urls", "vars",
)  # fmt: skip
_Types = tuple[type, ...]
_FIELDS: dict[str, _Types] = {
    **dict.fromkeys(_TEXTS, (str,)),
    **dict.fromkeys(_NUMBERS, (int,)),
    **dict.fromkeys(_TABLES, (dict,)),
    **dict.fromkeys(("replaced", "paid_basis"), (str, NoneType)),
    **dict.fromkeys(("width", "height"), (int, NoneType)),
    **dict.fromkeys(("error", "rule_usd"), (dict, NoneType)),
    **dict.fromkeys(("breakdown", "assets"), (list,)),
    **dict.fromkeys(("adopted", "sandbox"), (bool,)),
}
_OF_TEXTS = ("error", "ids", "inputs", "urls")
"""Tables whose values are texts."""


def check_shape(event: Event) -> None:
    """Make sure that every known field of an event is what it should be.

    Raises:
        TypeError: One is not; names it.
    """
    for name, value in event.items():
        types = _FIELDS.get(name)
        if types is not None and not isinstance(value, types):
            raise TypeError(f"{name} is a {type(value).__name__}")
    for name in _OF_TEXTS:
        table = event.get(name)
        if isinstance(table, dict) and not all(isinstance(each, str) for each in table.values()):
            raise TypeError(f"{name} holds what is no text")
