"""JSON as texts that lose nothing: every digit of a decimal is kept, there and back."""

from __future__ import annotations

import json
from decimal import Decimal
from secrets import token_hex
from typing import Any

_EXACT = json.JSONDecoder(parse_float=Decimal)


class ExactWriter:
    """Writes JSON values with every digit of their decimals, which no JSON library does."""

    def __init__(self) -> None:
        self._mark = token_hex(16)
        """Stands around each number; nobody could have written it into a text."""
        self._encoder = json.JSONEncoder(
            separators=(",", ":"), default=lambda number: f"{self._mark}{number}{self._mark}"
        )

    def write(self, value: object) -> str:
        """A value as one line of ASCII."""
        text = self._encoder.encode(value)
        if self._mark in text:
            text = text.replace(f'"{self._mark}', "").replace(f'{self._mark}"', "")
        return text


def read_exactly(text: str) -> Any:
    """What `ExactWriter` has written.

    Raises:
        ValueError: It is no JSON.
    """
    return _EXACT.decode(text)
