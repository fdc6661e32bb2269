"""Members of enums in another form."""

from decimal import Decimal

import pytest

from vidi.inference.models.params.choices import both_forms, is_same, match_choice, number_in


@pytest.mark.parametrize(
    ("value", "choices", "member"),
    [
        (5, ["5", "10"], "5"),
        ("5", [5, 10], 5),
        (1.0, [1, 2], 1),
        (1, ["1.0", "2.0"], "1.0"),
        (1, ["1", "1.0"], "1"),
        (1.0, ["1", "1.0"], "1.0"),
        (-0.5, ["-0.5"], "-0.5"),
        (True, ["true", 1], "true"),
        (False, ["false"], "false"),
    ],
)
def test_a_member_is_found_in_its_own_type(value, choices, member):
    found = match_choice(value, choices)
    assert (found, type(found)) == (member, type(member))


@pytest.mark.parametrize(
    ("value", "choices"),
    [
        ("05", ["5"]),
        ("5.0", ["5"]),
        ("5", [True]),
        ("true", [True]),
        (True, [1, "1"]),
        (1, [True]),
        (8, ["8s"]),
        (2, ["2.0", "2.00"]),
        ("1e1", [10]),
        ("٥", [5]),
        (None, ["null"]),
        ([5], ["5"]),
    ],
)
def test_what_may_mean_something_else_stays_as_it_is(value, choices):
    assert match_choice(value, choices) is value


def test_both_forms_are_as_many_again():
    assert both_forms(["1", "auto", 4, 0.5]) == ["1", "auto", 4, 0.5, 1, "auto", "4", "0.5"]


@pytest.mark.parametrize(
    ("one", "other", "same"), [(1, 1.0, True), (1, True, False), (0, False, False)]
)
def test_booleans_are_no_numbers(one, other, same):
    assert is_same(one, other) is same


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        (0.1, Decimal("0.1")),
        ("-1.50", Decimal("-1.5")),
        ("1.", None),
        (True, None),
        ("", None),
    ],
)
def test_numbers_are_read_as_they_are_written(value, number):
    assert number_in(value) == number
