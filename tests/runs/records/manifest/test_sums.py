"""What rows add up to, against sums made another way: by status, model and provider."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from vidi.runs.records.manifest.sums import OPEN, Sums, add_up

STATUSES = ("succeeded", "unchanged", "failed", "in_doubt", "unfinished", "skipped")
MODELS = ("fal/a", "fal/b/c", "replicate/a/b", "odd")
AMOUNTS = st.integers(0, 10**9).map(lambda micro: Decimal(micro).scaleb(-6))


@st.composite
def rows(draw):
    """A row as it is made, or as it was read from a file, and the most that it was to cost."""
    amount = AMOUNTS if draw(st.booleans()) else AMOUNTS.map(float)
    row = {
        "status": draw(st.sampled_from(STATUSES)),
        "model": draw(st.sampled_from(MODELS)),
        "assets": [{}] * draw(st.integers(0, 3)),
        "cost_usd": {
            "estimated_low": draw(st.none() | amount),
            "actual": draw(st.none() | amount),
            "paid": draw(amount),
        },
    }
    return row, draw(AMOUNTS)


def usd(amount):
    return Decimal(str(amount or 0))


def total(pairs):
    return {
        "inferences": len(pairs),
        "assets": sum(len(row["assets"]) for row, _ in pairs),
        "actual_usd": float(sum(usd(row["cost_usd"]["actual"]) for row, _ in pairs)),
        "in_doubt_usd": float(sum(most for row, most in pairs if row["status"] in OPEN)),
    }


def in_order(values):
    return list(dict.fromkeys(values))


@given(st.lists(rows(), max_size=12))
def test_they_are_those_of_all_rows(pairs):
    sums = add_up(pairs)
    costs = [row["cost_usd"] for row, _ in pairs]
    assert sums.low == sum(usd(cost["estimated_low"]) for cost in costs)
    assert sums.actual == sum(usd(cost["actual"]) for cost in costs)
    assert sums.paid == sum(usd(cost["paid"]) for cost in costs)
    assert sums.reserved == sum(most for _, most in pairs)
    assert sums.in_doubt == sum(most for row, most in pairs if row["status"] in OPEN)
    assert sums.saved == sum(most for row, most in pairs if row["status"] == "unchanged")
    statuses = [row["status"] for row, _ in pairs]
    assert list(sums.totals["by_status"].items()) == [
        (status, statuses.count(status)) for status in in_order(statuses)
    ]
    for table, name_of in (
        ("by_model", lambda model: model),
        ("by_provider", lambda model: model.split("/")[0]),
    ):
        names = [name_of(row["model"]) for row, _ in pairs]
        expected = {
            name: total([pair for pair, each in zip(pairs, names, strict=True) if each == name])
            for name in in_order(names)
        }
        assert list(sums.totals[table].items()) == list(expected.items())


def test_no_rows_add_up_to_nothing():
    empty = {"by_status": {}, "by_model": {}, "by_provider": {}}
    assert (add_up([]), Sums().totals) == (Sums(), empty)
    assert {Sums().low, Sums().reserved, Sums().actual, Sums().saved} == {Decimal(0)}
