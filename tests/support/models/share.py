"""Which templates an ordinary test run looks at closely: a share, drawn anew by its seed.

Eighteen hundred examples take minutes. With VIDI_ALL_TEMPLATES=1 (the scheduled job) all of them
are taken; without it one of each pricing shape and output kind, and a few more.
"""

import json
import os
import random
from decimal import Decimal
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
PATHS = sorted((ROOT / "templates").glob("*/*.json"))
SEED = int(os.environ.get("VIDI_TEMPLATE_SEED", "20261129"))
MORE = 20
"""How many are drawn beside those that stand for a shape."""


@cache
def templates():
    """Every shipped template by its file; numbers with a point are Decimal."""
    return {path: json.loads(path.read_text("utf-8"), parse_float=Decimal) for path in PATHS}


@cache
def share():
    """The templates of this run, as their files."""
    if os.environ.get("VIDI_ALL_TEMPLATES") == "1":
        return tuple(PATHS)
    draw = random.Random(SEED)
    drawn = draw.sample(PATHS, len(PATHS))
    of_each = {shape(templates()[path]): path for path in drawn}
    return tuple(sorted({*of_each.values(), *drawn[:MORE]}))


def shape(template):
    """What makes a price and an output of its own kind: units, forms and keys, not amounts."""
    row = template["pricing"]["rows"][-1]
    units = {key for rate in _parts(row, "rates") for key in rate if key.startswith("usd_per_")}
    forms = frozenset(key for part in _objects(row) for key in part if key in SHAPES)
    provider = template["id"].partition("/")[0]
    return provider, template["output_type"], frozenset(units), len(forms) > 3, "lines" in row


SHAPES = {
    "cases", "range", "up", "nearest", "minimum", "multipliers", "first", "where", "low",
    "minimum_usd", "round_total_up_to_usd", "length", "frames", "megapixels", "pages", "tokens",
}  # fmt: skip


def _parts(value, key):
    return (each for part in _objects(value) for each in part.get(key, ()))


def _objects(value):
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list):
            yield from _objects(item)
