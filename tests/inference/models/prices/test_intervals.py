from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidi.inference.models.prices.intervals import (
    Interval,
    add,
    between,
    divide,
    exactly,
    hull,
    largest,
    least,
    multiply,
    rounded,
    subtract,
    unknown,
)

NUMBERS = st.integers(0, 50).map(Decimal)
OPERATIONS = {
    "add": (lambda a, b: add([a, b]), lambda x, y: x + y),
    "multiply": (lambda a, b: multiply([a, b]), lambda x, y: x * y),
    "subtract": (subtract, lambda x, y: max(x - y, Decimal(0))),
    "divide": (divide, lambda x, y: x / y if y else None),
    "largest": (lambda a, b: largest([a, b]), max),
    "least": (lambda a, b: least([a, b]), min),
    "hull, first": (lambda a, b: hull([a, b], "which"), lambda x, _: x),
    "hull, second": (lambda a, b: hull([a, b], "which"), lambda _, y: y),
}


def whole(low, high=None, why="why"):
    return Interval(Decimal(low), None if high is None else Decimal(high), (why,))


@st.composite
def intervals(draw):
    """An interval, and a number in it."""
    low, inside, high = sorted(draw(st.tuples(NUMBERS, NUMBERS, NUMBERS)))
    return between(low, draw(st.sampled_from([high, None])), "why"), inside


@pytest.mark.parametrize("name", OPERATIONS)
@given(first=intervals(), second=intervals())
def test_what_is_between_the_ends_stays_between_them(name, first, second):
    combine, exact = OPERATIONS[name]
    (a, x), (b, y) = first, second
    result, value = combine(a, b), exact(x, y)
    if value is not None:
        assert result.low <= value
        assert result.high is None or value <= result.high
    assert bool(result.why) == (not result.exact)


@pytest.mark.parametrize(
    ("mode", "number", "to", "expected"),
    [
        ("up", "2.1", 1, 3),
        ("up", "3", 1, 3),
        ("up", "11", 5, 15),
        ("nearest", "22.4", 15, 15),
        ("nearest", "22.5", 15, 30),
        ("down", "9.9", 5, 5),
        ("down", "0.5", 1, 0),
    ],
)
def test_rounding(mode, number, to, expected):
    assert rounded(exactly(Decimal(number)), mode, Decimal(to)) == exactly(expected)


def test_rounding_an_open_end_leaves_it_open():
    assert rounded(whole("1.5"), "up", Decimal(1)) == whole(2)


def test_nothing_of_an_unbounded_quantity_is_nothing():
    assert multiply([exactly(0), unknown("why")]) == exactly(0)


def test_a_divisor_that_may_be_zero_leaves_the_quotient_open():
    quotient = divide(exactly(6), whole(0, 3))
    assert quotient == Interval(Decimal(2), None, ("why", "it is divided by what may be zero"))


def test_a_reason_is_said_once():
    assert add([whole(1, 2), whole(1, 2)]).why == ("why",)


def test_the_reason_goes_where_the_difference_goes():
    assert largest([whole(1, 2), exactly(5)]).why == ()
