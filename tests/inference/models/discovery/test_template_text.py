"""Templates as text."""

import json
from decimal import Decimal

from vidi.inference.models.discovery.template_text import render_template
from vidi.inference.models.registry import shipped_templates


def test_shipped_templates_are_written_as_they_are():
    paths = sorted(shipped_templates().glob("*/*.json"))
    texts = {path: path.read_text(encoding="utf-8") for path in paths}
    other = [
        path.name
        for path, text in texts.items()
        if render_template(json.loads(text, parse_float=Decimal)) != text
    ]
    assert len(texts) == 1886
    assert other == []


def test_long_lists_are_filled_and_empty_ones_stay_on_their_line():
    text = render_template({"a": ["x" * 30] * 5, "b": [], "c": [{"d": "y" * 100}]})
    assert json.loads(text) == {"a": ["x" * 30] * 5, "b": [], "c": [{"d": "y" * 100}]}
    assert max(map(len, text.splitlines())) < 120
