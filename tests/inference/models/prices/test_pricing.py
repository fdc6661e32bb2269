"""Estimates: rows by date, the breakdown, ranges with reasons, and what must always hold."""

import ast
import json
from dataclasses import astuple, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.models.priced import ON, checked, estimated, exact, model_with, span, usd
from vidi.dollars import format_usd
from vidi.inference.models import prices
from vidi.inference.models.prices.estimate import RuleFigures
from vidi.inference.models.prices.pricing import PriceLine, date_prices, estimate
from vidi.runs.records.json_text import render_json

D = Decimal

SOURCE = {"source": "https://example.com/prices"}
PER_SECOND = {"quantity": {"seconds": "duration"}, "rates": [{"usd_per_second": 0.05}]}


def priced_by(rows, day=ON):
    rows = [{**SOURCE, **exact(row)} for row in rows]
    model = replace(model_with(PER_SECOND), pricing={"rows": rows})
    return estimate(model, checked(model, {}), on=day)


def flat(price, **row):
    return {"from": "2026-05", **row, "lines": [{"label": "x", "rates": [{"usd_per_run": price}]}]}


class TestRows:
    def test_the_last_row_in_force_wins(self):
        rows = [flat(1), {**flat(2), "from": "2026-09-15"}, {**flat(3), "from": "2026-09-16"}]
        assert [priced_by(rows, ON.replace(day=day)).high for day in (14, 15, 16)] == [1, 2, 3]

    def test_a_month_begins_on_its_first_day(self):
        assert priced_by([flat(1)], date(2026, 5, 1)).high == 1
        before = priced_by([flat(1)], date(2026, 4, 30))
        assert (before.low, before.high) == (0, None)
        assert before.reason == "no price is known for 2026-04-30"

    def test_a_row_that_has_ended_leaves_no_price(self):
        price = priced_by([flat(1, until="2026-09-14")])
        assert (price.unpriced, price.reason) == (True, "no price is known for 2026-09-15")

    def test_no_rows(self):
        price = priced_by([])
        assert (price.unpriced, price.reason) == (True, "no price is known for this model")

    def test_today_unless_told_otherwise(self):
        model = replace(model_with(PER_SECOND), pricing={"rows": [{**SOURCE, **flat(D(1))}]})
        assert estimate(model, checked(model, {})).high == 1


class TestBreakdown:
    def test_a_line_says_quantity_rate_and_where_it_comes_from(self):
        line = {"label": "sound", "quantity": {"param": "s"}, "rates": [{"usd_per_minute": 0.06}],
                "round": {"mode": "up", "to": 30}, "multipliers": [{"factor": 2}]}  # fmt: skip
        price = estimated(line, {"s": 31})
        assert price.lines == (
            PriceLine("sound", D(1), D(1), "minute", D("0.12"), D("0.12"), D("0.12"),
                      "https://example.com/prices", "2026-05"),
        )  # fmt: skip

    def test_lines_that_do_not_count_are_left_out(self):
        lines = [{"label": "a", "rates": [{"usd_per_run": 1}]},
                 {"label": "b", "when": {"b": True}, "rates": [{"usd_per_run": 1}]}]  # fmt: skip
        assert [line.label for line in estimated(lines, {"b": False}).lines] == ["a"]

    def test_the_estimate_as_json_is_numbers_with_all_their_digits(self):
        told = json.loads(render_json(estimated(PER_SECOND, {"duration": "auto"}).to_json()))
        assert told == {
            "low": 0.2,
            "expected": 0.5,
            "high": 0.5,
            "unpriced": False,
            "reason": "'duration' is auto",
            "breakdown": [{
                "label": "line",
                "quantity": {"low": 4, "high": 10},
                "unit": "second",
                "rate_usd": 0.05,
                "usd": {"low": 0.2, "high": 0.5},
                "source": "https://example.com/prices",
                "since": "2026-05",
            }],
        }  # fmt: skip

    def test_an_estimate_is_rounded_up_once_at_the_end(self):
        third = {"quantity": {"quotient": [1, 3]}, "rates": [{"usd_per_run": 0.000001}]}
        assert usd(third) == D("0.000001")
        assert usd([third, third, third]) == D("0.000001")  # not three times rounded up
        assert usd({"quantity": {"product": [{"quotient": [2, 3]}, 3]},
                    "rates": [{"usd_per_run": 1}]}) == 2  # fmt: skip


DEAR = {"when": {"@output_megapixels": {"gt": 4}}, "usd_per_image": 0.3}


class TestRanges:
    def test_the_default_of_the_schema_is_what_is_paid_for(self):
        tiers = {"rates": [{"when": {"audio": True}, "usd_per_video": 4}, {"usd_per_video": 2}]}
        audio = {"audio": {"type": "boolean", "default": True}}
        assert usd(tiers, **audio) == 4
        assert usd(tiers, {"audio": False}, **audio) == 2

    def test_a_tier_that_is_not_known_yet_gives_both_prices(self):
        line = {"rates": [DEAR, {"usd_per_image": 0.1}]}
        assert span(line) == (D("0.1"), D("0.3"))
        assert usd(line, {"image_size": "square"}) == D("0.1")

    def test_a_tier_that_is_not_known_yet_and_no_last_rate(self):
        price = estimated({"rates": [DEAR]})
        assert price.high is None
        assert "no published price for these inputs" in price.reason

    def test_a_surcharge_that_is_not_known_yet(self):
        line = {"label": "large", "when": {"@output_megapixels": {"gt": 4}},
                "rates": [{"usd_per_image": 0.3}]}  # fmt: skip
        assert span(line) == (0, D("0.3"))
        assert estimated(line).reason == "whether 'large' counts is not known before the run"

    def test_a_factor_that_is_not_known_yet(self):
        when = {"@output_megapixels": {"gt": 4}}
        line = {"rates": [{"usd_per_image": 1}], "multipliers": [{"when": when, "factor": 0.5}]}
        assert span(line) == (D("0.5"), 1)

    def test_nothing_of_something_unbounded_is_free(self):
        line = {"quantity": {"product": [0, {"length": "video_url"}]},
                "rates": [{"usd_per_second": 1}]}  # fmt: skip
        assert usd(line, {"video_url": "https://example.com/a.mp4"}) == 0

    def test_divided_by_what_may_be_zero(self):
        line = {"quantity": {"quotient": [1, {"length": "video_url"}]},
                "rates": [{"usd_per_second": 1}]}  # fmt: skip
        assert span(line, {"video_url": "https://example.com/a.mp4"}) == (0, None)

    def test_a_derived_name_may_build_on_the_built_in_one(self):
        twice = {"product": [2, {"fact": "@output_megapixels"}]}
        row = {"where": {"@output_megapixels": twice}, "lines": [
            {"label": "x", "quantity": {"fact": "@output_megapixels"},
             "rates": [{"usd_per_megapixel": 1}]}]}  # fmt: skip
        assert usd(row, {"megapixels": 3}) == 6

    def test_a_derived_name_that_nobody_defines(self):
        line = {"quantity": {"fact": "@moon_phase"}, "rates": [{"usd_per_run": 1}]}
        assert estimated(line).reason == "moon_phase is not known before the run"

    @pytest.mark.parametrize(
        ("aspect", "low", "high"),
        [("16:9", "0.9216", "0.9216"), ("9:16", "0.9216", "0.9216"), ("1:1", "0.5184", "0.9216"),
         ("21:9", "0.9216", "1.2096"), ("auto", "0.5184", "0.9216"), ("0:1", "0.5184", "0.9216")],
    )  # fmt: skip
    def test_pixels_of_a_video_by_lines_and_aspect(self, aspect, low, high):
        pixels = {"output_megapixels": {}, "px": 1_000_000}
        line = {"quantity": pixels, "rates": [{"usd_per_megapixel": 1}]}
        price = estimated(line, {"resolution": "720p", "aspect_ratio": aspect})
        assert (price.low, price.high) == (D(low), D(high))


# --- what must hold for every rule ------------------------------------------------------------

NUMBERS = st.decimals("0", "1000", places=3)
LEAVES = NUMBERS | st.sampled_from(exact([
    {"param": "n"}, {"seconds": "duration"}, {"length": "video_url"}, {"output_megapixels": {}},
    {"metric": "predict_time", "high": "timeout"}, {"tokens": ["prompt"]},
    {"characters": "prompt"}, {"range": [1, 4], "why": "?"}, {"range": [1, None], "why": "?"},
]))  # fmt: skip
CONDITIONS = st.sampled_from(exact([
    {"n": {"gt": 3}}, {"@output_megapixels": {"lte": 2}}, {"prompt": "present"},
    {"@compare": {"of": {"length": "video_url"}, "gt": 5}}, {"duration": "auto"},
]))  # fmt: skip
GROWING = ("sum", "product", "max", "min")


def larger(inner):
    several = st.lists(inner, min_size=1, max_size=3)
    case = st.fixed_dictionaries({"when": CONDITIONS, "value": inner})
    return st.one_of(
        *(several.map(lambda terms, form=form: {form: terms}) for form in GROWING),
        *(inner.map(lambda one, form=form: {form: one}) for form in ("up", "nearest", "down")),
        *(st.tuples(inner, inner).map(lambda two, form=form: {form: list(two)})
          for form in ("quotient", "minus")),
        st.builds(lambda one, rest: {"cases": [one], "else": rest}, case, inner),
    )  # fmt: skip


QUANTITIES = st.recursive(LEAVES, larger, max_leaves=8)
RATES = st.builds(
    lambda price, first: {"usd_per_minute": price, **first},
    NUMBERS,
    st.just({}) | NUMBERS.map(lambda usd: {"first": usd}),
)
MODES = st.sampled_from(["up", "nearest", "down"])
LINES = st.fixed_dictionaries(
    {"label": st.just("x"), "quantity": QUANTITIES, "rates": RATES.map(lambda rate: [rate])},
    optional={
        "when": CONDITIONS,
        "round": st.builds(lambda mode, to: {"mode": mode, "to": to}, MODES, st.just(D(5))),
        "minimum": NUMBERS,
        "multipliers": st.lists(
            st.builds(lambda when, factor: {"when": when, "factor": factor}, CONDITIONS, NUMBERS),
            max_size=2,
        ),
    },
)  # fmt: skip
PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "n": st.integers(0, 50),
        "prompt": st.text(max_size=50),
        "duration": st.sampled_from(["5", "8s", "auto"]),
        "video_url": st.just("https://example.com/a.mp4"),
        "image_size": st.sampled_from(["square", "square_hd"]),
    },
)


@given(st.lists(LINES, min_size=1, max_size=3), PARAMS)
def test_no_price_is_negative_nor_upside_down_nor_a_float(lines, params):
    price = estimated(lines, params)
    for ends in (price, *price.lines):
        assert isinstance(ends.low, D)
        assert ends.low >= 0
        assert ends.high is None or (isinstance(ends.high, D) and ends.low <= ends.high)
    assert bool(price.reason) == (price.low != price.high)
    assert not any(isinstance(each, float) for line in price.lines for each in astuple(line))


ORDERED = st.lists(st.integers(0, 500), min_size=2, max_size=4, unique=True).map(sorted)
FACTORS = st.sampled_from(exact([[], [{"factor": 1.5}], [{"by": {"param": "n"}}]]))


@given(ORDERED, RATES, MODES, NUMBERS, FACTORS)
def test_more_is_never_cheaper(counts, rate, mode, minimum, factors):
    line = {"quantity": {"param": "n"}, "rates": [rate], "minimum": minimum,
            "round": {"mode": mode, "to": 7}, "multipliers": factors}  # fmt: skip
    prices = [usd(line, {"n": count}) for count in counts]
    assert all(less <= more for less, more in pairwise(prices))


@given(st.lists(st.integers(0, 500), min_size=2, max_size=4, unique=True).map(sorted), NUMBERS)
def test_longer_is_never_cheaper(seconds, price):
    line = {"quantity": {"seconds": "length"}, "rates": [{"usd_per_minute": price}]}
    prices = [usd(line, {"length": f"{each}s"}) for each in seconds]
    assert all(less <= more for less, more in pairwise(prices))


def test_no_float_is_written_in_the_price_modules():
    found = []
    for path in sorted(Path(prices.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
            called = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "float"
            if literal or called:
                found.append(f"{path.stem}:{ast.unparse(node)}")
    assert found == ["money:float(number)"]  # json_number: on its way out


BY_TIME = {
    "lines": [
        {
            "quantity": {"metric": "predict_time", "high": "timeout"},
            "rates": [{"usd_per_compute_second": 0.001}],
        }
    ],
    "typical_usd": 0.0150001,
}


def test_an_estimate_keeps_what_the_rule_says_and_what_bills_are_compared_with():
    price = estimated({"rates": [{"usd_per_image": 0.02}]}, timeout_s=7)
    assert (price.rule, price.usual) == (RuleFigures(D("0.02"), D("0.02"), D("0.02")), None)
    own = estimated(BY_TIME)
    scale = own.high
    assert own.rule == RuleFigures(D(0), scale, scale)
    assert (own.usual, own.expected) == (D("0.015001"), D("0.015001"))
    longer = estimated(BY_TIME, timeout_s=2 * scale * 1000)
    assert longer.rule == RuleFigures(D(0), 2 * scale, scale)
    assert repr(own) == f"<Estimate $0.00 to {format_usd(scale)}>"
    assert repr(price) == "<Estimate $0.02>"
    unpriced = estimated({"unpriced": "nobody knows"})
    assert (unpriced.rule, repr(unpriced)) == (None, "<Estimate $0.00 or more: nobody knows>")


def test_an_estimate_shows_each_line_at_its_dearest_and_all_reasons():
    maybe = {"@seen": {"gt": 1}}
    where = {"@seen": {"range": [0, 2], "why": "the page is silent"}}
    lines = [
        {"label": "minutes", "quantity": 90, "multipliers": [{"factor": 2}],
         "rates": [{"when": maybe, "usd_per_minute": 0.5}, {"usd_per_minute": 0.6}]},
        {"label": "extra", "when": maybe, "quantity": {"range": [1, 2], "why": "by its length"},
         "rates": [{"usd_per_image": 1}]},
        {"label": "open", "unpriced": "no page says"},
    ]  # fmt: skip
    priced = estimated({"lines": lines[:2], "where": where})
    assert [line.to_json() for line in priced.lines] == [
        {"label": "minutes", "quantity": {"low": D("1.5"), "high": D("1.5")}, "unit": "minute",
         "rate_usd": D("1.2"), "usd": {"low": D("1.5"), "high": D("1.8")},
         "source": "https://example.com/prices", "since": "2026-05"},
        {"label": "extra", "quantity": {"low": 1, "high": 2}, "unit": "image", "rate_usd": 1,
         "usd": {"low": 0, "high": 2}, "source": "https://example.com/prices", "since": "2026-05"},
    ]  # fmt: skip
    assert priced.reason.split("; ") == [
        "which rate applies is not known before the run",
        "by its length",
        "whether 'extra' counts is not known before the run",
    ]
    (line,) = estimated({"lines": lines[2:]}).lines
    assert (line.rate, line.unit, line.quantity_high, line.high) == (0, "", 1, None)


@pytest.mark.parametrize(
    ("rows", "as_of", "date"),
    [
        ([], {}, ""),
        ([], {"pricing": "2026-04-01"}, "2026-04-01"),
        ([{"from": "2026-05"}], {}, "2026-05"),
        ([{"from": "2026-05"}], {"pricing": "2026-04-01"}, "2026-05"),
        ([{"from": "2026-05", "checked": "2026-07-01"}], {"pricing": "2026-06-01"}, "2026-07-01"),
        ([{"from": "2026-05", "checked": "2026-07-01"}], {"pricing": "2026-08-01"}, "2026-08-01"),
        # What was read before the row that holds is no newer than it.
        ([{"from": "2026-09"}, {"from": "2026-05"}], {}, "2026-05"),
        ([{"from": "2026-08-02", "checked": "2026-07-01"}], {}, "2026-08-02"),
    ],
)
def test_prices_are_as_old_as_their_latest_word(rows, as_of, date):
    model = replace(model_with({"unpriced": "x"}), pricing={"rows": rows}, as_of=as_of)
    assert date_prices(model) == date
