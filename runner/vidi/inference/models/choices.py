"""A value as the member of an enum that it stands for, where nothing is lost."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?", re.ASCII)


def match_choice(value: Any, choices: Sequence[Any]) -> Any:
    """The choice that `value` stands for: `5` for "5" and back; else `value` itself."""
    if isinstance(value, str) and value in choices:
        return value
    for choice in choices:
        if is_same(value, choice):
            return choice
    if isinstance(value, bool):
        text = str(value).lower()
        return text if text in choices else value
    number = number_in(value)
    close = [
        choice
        for choice in choices
        if number is not None
        and isinstance(choice, str) != isinstance(value, str)
        and number_in(choice) == number
    ]
    as_written = [choice for choice in close if str(choice) == str(value)]
    if as_written:
        return as_written[0]
    return close[0] if len(close) == 1 else value


def is_same(value: Any, choice: Any) -> bool:
    """Whether two JSON values are equal: 1 and 1.0 are, 1 and true are not."""
    return isinstance(value, bool) == isinstance(choice, bool) and bool(value == choice)


def both_forms(choices: Sequence[Any]) -> list[Any]:
    """The choices, and after them as many: each in its other form, text or number."""
    return [*choices, *(_other_form(choice) for choice in choices)]


def number_in(value: Any) -> Decimal | None:
    """The number that a value is or spells; None for others, for booleans too."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    return Decimal(str(value))


def plain_number(number: Decimal) -> int | float:
    """The number as JSON libraries write it; a whole one without a point."""
    return int(number) if number == number.to_integral_value() else float(number)


def _other_form(choice: Any) -> Any:
    number = number_in(choice)
    if number is None:
        return choice
    return plain_number(number) if isinstance(choice, str) else str(choice)
