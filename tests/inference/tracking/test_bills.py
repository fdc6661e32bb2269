"""What past bills say of the next estimate: by how much it is scaled, and what is usual."""

import time
from dataclasses import replace
from decimal import Decimal

import pytest

from support.models.priced import model_with
from vidi.inference.models.prices.estimate import Estimate, RuleFigures
from vidi.inference.tracking.bills import Bill, PastBills, find_drift

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
