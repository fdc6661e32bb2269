"""A value as the member of an enum that it stands for, where nothing is lost."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?", re.ASCII)


def match_choice(value: object, choices: Sequence[object]) -> object:
    """The choice that `value` stands for: `5` for "5" and back; else `value` itself."""
    if isinstance(value, str) and value in choices:
        return value
    for choice in choices:
        if is_same(value, choice):
            return choice
    if isinstance(value, bool):
        text = str(value).lower()
        return text if text in choices else value
    close = _other_forms(value, choices)
    as_written = (choice for choice in close if str(choice) == str(value))
    return next(as_written, close[0] if len(close) == 1 else value)


def _other_forms(value: object, choices: Sequence[object]) -> list[object]:
    """The choices that are the number of the value in its other form, text or number."""
    number = number_in(value)
    if number is None:
        return []
    others = (each for each in choices if isinstance(each, str) != isinstance(value, str))
    return [choice for choice in others if number_in(choice) == number]


def is_same(value: object, choice: object) -> bool:
    """Whether two JSON values are equal: 1 and 1.0 are, 1 and true are not."""
    return isinstance(value, bool) == isinstance(choice, bool) and bool(value == choice)


def both_forms(choices: Sequence[object]) -> list[object]:
    """The choices, and after them as many: each in its other form, text or number."""
    return [*choices, *(_other_form(choice) for choice in choices)]


def number_in(value: object) -> Decimal | None:
    """The number that a value is or spells; None for others, for booleans too."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    return Decimal(str(value))


def plain_number(number: Decimal) -> int | float:
    """The number as JSON libraries write it; a whole one without a point."""
    return int(number) if number == number.to_integral_value() else float(number)


def _other_form(choice: object) -> object:
    number = number_in(choice)
    if number is None:
        return choice
    return plain_number(number) if isinstance(choice, str) else str(choice)
