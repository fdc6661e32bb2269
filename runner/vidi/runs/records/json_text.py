"""JSON documents for people and programs: stable order, every script readable."""

from __future__ import annotations

from decimal import Decimal

from vidi.inference.models.prices.money import json_number
from vidi.strict_json import write_json


def render_json(value: object) -> str:
    """Write a value as indented JSON with a final line end; amounts are numbers."""
    return write_json(value, _plain, indent=2) + "\n"


def _plain(value: object) -> object:
    return json_number(value) if isinstance(value, Decimal) else str(value)
