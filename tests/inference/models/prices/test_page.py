"""docs/prices.md: each of its examples, and that it leaves nothing out."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from support.models.priced import estimated, parse
from vidi.inference.models.prices.conditions import COMPARISONS
from vidi.inference.models.prices.quantities.quantity import BUILT_IN, FORMS
from vidi.inference.models.prices.rates import UNITS
from vidi.inference.models.prices.schema import line_schema, row_schema

PAGE = (Path(__file__).parents[4] / "docs" / "prices.md").read_text("utf-8")
ROW = re.compile(r"^\| (.+?) \| `(.+)` \| `(.+)` \| (.+) \|$", re.MULTILINE)
IN_WORDS = {"yes": ("1", "1"), "no": ("0", "0"), "unknown": ("0", "1")}


def section(title):
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def examples(title):
    return [pytest.param(*row, id=f"{row[1]} {row[2]}") for row in ROW.findall(section(title))]


def said(low, high, reason):
    """An interval as the page writes it."""
    if low == high:
        return f"{low.normalize():f}"
    top = "?" if high is None else f"{high.normalize():f}"
    return f"{low.normalize():f} .. {top}: {reason}"


def counted(quantity, params, media):
    """A quantity, seen through a price of one dollar each."""
    price = estimated({"quantity": quantity, "rates": [{"usd_per_second": 1}]}, params, base=media)
    return price.low, price.high, price.reason


@pytest.mark.parametrize(("form", "quantity", "params", "says"), examples("Quantities"))
def test_quantities(form, quantity, params, says, media):
    assert said(*counted(parse(quantity), parse(params), media)) == says
    assert form == "a number" or form.strip("`") in parse(quantity)


@pytest.mark.parametrize(("_test", "condition", "params", "holds"), examples("Conditions"))
def test_conditions(_test, condition, params, holds, media):
    line = {"when": parse(condition), "rates": [{"usd_per_request": 1}]}
    price = estimated(line, parse(params), base=media)
    assert (price.low, price.high) == tuple(map(Decimal, IN_WORDS[holds]))


@pytest.mark.parametrize(("_key", "line", "params", "usd"), examples("Lines"))
def test_lines(_key, line, params, usd):
    price = estimated(parse(line), parse(params))
    if usd.startswith("unpriced: "):
        assert (price.high, price.reason) == (None, usd.removeprefix("unpriced: "))
    else:
        assert said(price.low, price.high, price.reason) == usd


def test_the_first_example():
    pricing = parse(re.search(r"```json\n(.+?)```", PAGE, re.DOTALL)[1])
    params = {"image_size": "landscape_4_3", "num_images": 2}
    assert estimated(pricing["rows"][0], params).high == Decimal("0.05")


def test_every_form_stands_on_the_page():
    shown = {form.strip("`") for form, *_ in ROW.findall(section("Quantities"))}
    assert shown == {"a number", *FORMS}


def test_every_unit_stands_on_the_page_with_its_size():
    rows = re.findall(r"(?m)^\| (\d+) \| (.+) \|$", section("Rates"))
    shown = {f"usd_per_{name}": Decimal(size) for size, names in rows for name in names.split(", ")}
    assert shown == UNITS


def test_every_key_of_a_row_and_of_a_line_stands_on_the_page():
    for title, schema in (("Rows", row_schema()), ("Lines", line_schema())):
        missing = [key for key in schema["properties"] if f"| `{key}` |" not in section(title)]
        assert missing == []


def test_every_derived_name_and_comparison_stands_on_the_page():
    for name in (*BUILT_IN, *COMPARISONS):
        assert f"`{name}`" in PAGE
