"""Templates as text."""

import json
from decimal import Decimal

from support.models.share import share
from vidi.inference.models.discovery.template_text import render_template


def test_shipped_templates_are_written_as_they_are():
    texts = {path: path.read_text(encoding="utf-8") for path in share()}
    other = [
        path.name
        for path, text in texts.items()
        if render_template(json.loads(text, parse_float=Decimal)) != text
    ]
    assert other == []


def test_long_lists_are_filled_and_empty_ones_stay_on_their_line():
    text = render_template({"a": ["x" * 30] * 5, "b": [], "c": [{"d": "y" * 100}]})
    assert json.loads(text) == {"a": ["x" * 30] * 5, "b": [], "c": [{"d": "y" * 100}]}
    assert max(map(len, text.splitlines())) < 120
