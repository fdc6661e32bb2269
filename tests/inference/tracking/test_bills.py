"""What past bills say of the next estimate: by how much it is scaled, and what is usual."""

import time
from dataclasses import replace
from decimal import Decimal

import pytest

from support.models.priced import model_with
from vidi.inference.models.prices.estimate import Estimate, RuleFigures
from vidi.inference.tracking.bills import Bill, PastBills, describe_drift, find_drift

D = Decimal
MODEL = model_with({"label": "images", "rates": [{"usd_per_image": 0.1}]})


def rule(high="0.10", low=None, scale=None):
    high = D(high)
    return RuleFigures(high if low is None else D(low), high, D(scale) if scale else high)


def bill(actual, figures=None, *, basis="metered", status="succeeded", as_of="2026-05"):
    return Bill(MODEL.id, figures or rule(), D(actual), basis, status, as_of)


def price(figures):
    return Estimate(figures.low, figures.high, rule=figures)


def adjusted(bills, figures=None):
    return PastBills(lambda _: bills).adjust(MODEL, price(figures or rule()))


@pytest.mark.parametrize(
    ("bills", "high"),
    [
        ([], "0.10"),
        ([bill("0.102")], "0.10"),  # two percent
        ([bill("0.103")], "0.103"),
        ([bill("0.15"), bill("0.20"), bill("0.12")], "0.20"),  # the most that was seen
        ([bill("0.20", basis="estimated")], "0.10"),  # our own figure
        ([bill("0.20", status="failed")], "0.20"),
        ([bill("0.20", as_of="2026-04")], "0.10"),  # the template is newer
        ([bill("0.20", as_of="2026-05-17")], "0.20"),
        ([bill("0.01")], "0.10"),  # below: nothing is scaled
    ],
)
def test_estimates_are_scaled_by_the_most_that_was_billed(bills, high):
    assert adjusted(bills).high == D(high)
    assert adjusted(bills).low == D("0.10")


def test_what_its_rule_calls_free_and_is_billed_is_reserved_as_billed():
    free = rule("0")
    assert adjusted([bill("0.03", free), bill("0.02", free)], free).high == D("0.03")


@pytest.mark.parametrize(
    ("actuals", "expected"),
    [
        ([1, 2, 3, 4], 100),  # too few: the high
        ([1, 2, 3, 4, 5], 5),
        ([1, 1, 1, 1, 1, 1, 1, 1, 1, 9], 1),  # the ninth of ten
        ([1, 1, 1, 1, 1, 1, 1, 1, 9, 9], 9),
        ([1, 2, 3, 4, None], 100),  # what nobody knows is no bill
    ],
)
def test_what_is_usual_is_the_ninth_tenth_of_at_least_five(actuals, expected):
    wide = rule("1.00", low="0")
    bills = [
        bill(D(each) / 100, wide) if each else bill("1.00", wide, basis="estimated")
        for each in actuals
    ]
    assert adjusted(bills, wide).expected == D(expected) / 100


def test_what_is_usual_is_scaled_by_the_rules_quantity():
    bills = [bill("0.02", rule("1.00", low="0", scale="0.50"))] * 5  # a 25th of its scale
    found = adjusted(bills, rule("9.00", low="0", scale="2.00"))
    assert found.expected == D("0.08")


def test_what_is_usual_stays_between_the_ends():
    bills = [bill("0.001", rule("1.00", low="0"))] * 5
    assert adjusted(bills, rule("1.00", low="0.05")).expected == D("0.05")


def test_a_run_learns_as_it_goes():
    past = PastBills()
    assert past.scale(MODEL, rule()) == D("0.10")
    past.add(bill("0.30"))
    past.add(bill("0.20"))
    assert past.scale(MODEL, rule("0.50")) == D("1.50")


def test_ten_thousand_bills_are_learnt_from_in_no_time():
    past = PastBills()
    past.scale(MODEL, rule())
    began = time.perf_counter()
    for _ in range(10_000):
        past.add(bill("0.10"))
        past.scale(MODEL, rule())
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    ("actual", "basis", "status", "drift"),
    [
        ("0.10", "metered", "succeeded", None),
        ("0.1021", "derived", "succeeded", "above"),
        ("0.1021", "estimated", "succeeded", None),
        ("0.1021", "metered", "failed", "above"),
        ("0.0979", "metered", "succeeded", "below"),
        ("0.0979", "metered", "failed", None),
        ("0", "none", "succeeded", None),
    ],
)
def test_drift_is_more_than_two_percent_beyond_the_estimate(actual, basis, status, drift):
    assert find_drift(price(rule()), D(actual), basis, status) == drift


def test_an_assumed_price_drifts_too_and_teaches_nothing():
    assumed = replace(price(rule()), rule=None)
    assert find_drift(assumed, D("0.20"), "metered", "succeeded") == "above"
    assert PastBills(lambda _: [bill("0.20")]).adjust(MODEL, assumed) == assumed


@pytest.mark.parametrize(
    ("actual", "of", "drift"),
    [
        ("0.102", "0.10", None), ("0.102001", "0.10", "above"), ("0.098", "0.10", None),
        ("0.097999", "0.10", "below"), ("0.000011", "0.00001", None),
        ("0.000012", "0.00001", "above"), ("0.000009", "0.00001", None),
        ("0.000008", "0.00001", "below"), ("0", "0.000001", None), ("0", "0.0000011", "below"),
        ("0.000001", "0", None), ("0.0000011", "0", "above"),
    ],
)  # fmt: skip
def test_drift_is_more_than_two_percent_and_more_than_a_micro_dollar(actual, of, drift):
    assert find_drift(price(rule(of)), D(actual), "metered", "succeeded") == drift


@pytest.mark.parametrize(
    ("estimate", "actual", "told"),
    [
        (price(rule(low="0.05")), "0.04",
         "fal billed $0.04, less than the $0.05 of its price rule"),
        (price(rule()), "0.25", "fal billed $0.25, more than the $0.10 that was expected: 2.50 "
         "times its price rule, and so much is set aside for each from now on"),
        (price(rule("0")), "0.25", "fal billed $0.25, more than the $0.00 that was expected"),
        (replace(price(rule()), rule=None), "0.25",
         "fal billed $0.25, more than the $0.10 that was expected"),
    ],
)  # fmt: skip
def test_drift_is_told_with_what_comes_of_it(estimate, actual, told):
    assert describe_drift("fal", estimate, D(actual)) == told


def test_an_estimate_says_why_it_is_scaled_and_what_is_usual_with_it():
    unusual = replace(price(rule()), reason="by its length", usual=D("0.05"))
    scaled = PastBills(lambda _: [bill("0.1234")]).adjust(MODEL, unusual)
    assert (scaled.high, scaled.usual) == (D("0.1234"), D("0.0617"))
    why = "fal has billed 1.23 times what this price rule says"
    assert scaled.reason == f"by its length; {why}"
    assert adjusted([bill("0.1234")]).reason == why
    free = adjusted([bill("0.03", rule("0"))], rule("0"))
    assert free.reason == "fal has billed $0.03 where this price rule says"
    assert PastBills().adjust(MODEL, unusual) == unusual
    half = adjusted([bill("0.05")] * 5)
    assert (half.high, half.usual, half.reason) == (D("0.10"), D("0.05"), "")


def test_what_a_run_learns_is_beside_what_earlier_ones_say():
    asked = []

    def load(model):
        asked.append(model)
        return [bill("0.15")]

    past = PastBills(load)
    assert not past.knows(MODEL.id)
    past.prepare(MODEL)
    assert past.knows(MODEL.id)
    past.add(bill("0.10"))
    assert past.scale(MODEL, rule()) == D("0.15")
    past.recall([bill("0.90")])  # the ledger has them
    assert (past.scale(MODEL, rule()), asked) == (D("0.15"), [MODEL.id])
    past.add(bill("0.04", rule("0")))
    assert past.scale(MODEL, rule("0")) == D("0.04")
    alone = PastBills()
    alone.recall([bill("0.90")])
    assert (alone.scale(MODEL, rule()), alone.scale(MODEL, rule("0"))) == (D("0.90"), 0)
