"""A second reading agrees within 2 %, or the row is a range that takes it in."""

import pytest

from vidi.inference.models.prices.witness import disagreement

BIG = {"size": "4K"}


def row(*rates, **says):
    witness = {"source": "a rate card", "as_of": "2026-05", "says": says}
    line = {"label": "images", "rates": list(rates)}
    return {"from": "2026-05", "source": "the page", "witness": witness, "lines": [line]}


@pytest.mark.parametrize(
    ("rates", "says"),
    [
        ([{"usd_per_image": 0.04}], {"usd_per_image": 0.04}),
        ([{"usd_per_image": 0.0395}], {"usd_per_image": 0.04}),
        ([{"usd_per_image": 0.1, "low": 0.05, "why": "x"}], {"usd_per_image": 0.05}),
        ([{"usd_per_second": 0.002}], {"usd_per_5_seconds": 0.01}),
        ([{"usd_per_minute": 0.6}], {"usd_per_second": 0.01}),
        ([{"when": BIG, "usd_per_image": 2}, {"usd_per_image": 1}], {"usd_per_image": 1}),
        ([{"when": BIG, "usd_per_image": 2}], {"when": BIG, "usd_per_image": 2}),
    ],
)
def test_they_agree(rates, says):
    assert disagreement(row(*rates, **says)) == ""


@pytest.mark.parametrize(
    ("rates", "says", "told"),
    [
        ([{"usd_per_image": 0.04}], {"usd_per_image": 0.05}, "usd_per_image 0.05, the row 0.04"),
        (
            [{"usd_per_image": 0.1, "low": 0.05, "why": "x"}],
            {"usd_per_image": 0.2},
            "usd_per_image 0.2, the row 0.05 to 0.1",
        ),
        (
            [{"usd_per_image": 0.04}],
            {"usd_per_second": 0.04},
            "usd_per_second 0.04, the row nothing of that unit",
        ),
        (
            [{"when": BIG, "usd_per_image": 2}, {"usd_per_image": 1}],
            {"when": BIG, "usd_per_image": 1},
            "usd_per_image 1, the row 2",
        ),
        (
            [{"usd_per_compute_second": 0.001}],
            {"usd_per_second": 0.001},
            "usd_per_second 0.001, the row nothing of that unit",
        ),
    ],
)
def test_they_do_not(rates, says, told):
    assert disagreement(row(*rates, **says)) == f"a rate card says {told}"


def test_one_reading_alone_disagrees_with_nobody():
    alone = row({"usd_per_image": 1}, usd_per_image=2)
    del alone["witness"]
    assert disagreement(alone) == ""
