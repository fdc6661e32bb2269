"""JSON documents for people and programs: stable order, every script readable."""

from __future__ import annotations

import json
from decimal import Decimal

from vidi.inference.models.money import json_number


def render_json(value: object) -> str:
    """Write a value as indented JSON with a final line end; amounts are numbers."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=_plain) + "\n"


def _plain(value: object) -> object:
    return json_number(value) if isinstance(value, Decimal) else str(value)
