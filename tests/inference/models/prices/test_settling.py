"""What an inference has cost, and how that is known."""

from decimal import Decimal
from typing import NamedTuple

import pytest

from support.models.priced import model_with, settled
from vidi.inference.models.params.checked import CheckedParams
from vidi.inference.models.prices.pricing import Actual, Metered, settle

D = Decimal


class Asset(NamedTuple):
    width: int | None = None
    height: int | None = None
    duration_s: D | None = None


def images(count, width=1000, height=1000):
    return Metered(assets=(Asset(width, height),) * count)


def units(number):
    return Metered(billable_units=D(number))


PER_IMAGE = {
    "quantity": {"param": "num_images", "else": 1},
    "rates": [{"usd_per_image": 0.04}],
    "metered_by": "image_output_count",
}
PER_SECOND = {
    "quantity": {"seconds": "duration"},
    "rates": [{"usd_per_second": 0.05}],
    "metered_by": "video_output_duration_seconds",
}
PER_MEGAPIXEL = {
    "quantity": {"product": [{"param": "num_images", "else": 1},
                             {"output_megapixels": {}, "each": "up"}]},
    "rates": [{"usd_per_megapixel": 0.025}],
}  # fmt: skip
PER_MINUTE = {"quantity": {"length": "audio_url"}, "rates": [{"usd_per_minute": 0.6}]}
REMOTE = {"audio_url": "https://example.com/a.mp3"}


class TestMeteredByReplicate:
    def test_the_metric_takes_the_place_of_the_quantity(self):
        came = Metered(metrics={"image_output_count": 3, "predict_time": 9.5})
        assert settled(PER_IMAGE, came, {"num_images": 4}) == (D("0.12"), "metered")  # 3 x 0.04

    def test_rounding_and_minimum_stay(self):
        line = {**PER_SECOND, "round": {"mode": "up", "to": 1}, "minimum": 4}
        came = Metered(metrics={"video_output_duration_seconds": 5.04})
        assert settled(line, came) == (D("0.3"), "metered")  # 6 x 0.05
        came = Metered(metrics={"video_output_duration_seconds": 2})
        assert settled(line, came) == (D("0.2"), "metered")  # 4 x 0.05

    def test_tokens(self):
        lines = [{"label": name, "quantity": {"tokens": "prompt"}, "metered_by": meter,
                  "rates": [{"usd_per_1m_tokens": price}]}
                 for name, meter, price in (("in", "token_input_count", 2),
                                            ("out", "token_output_count", 12))]  # fmt: skip
        came = Metered(metrics={"token_input_count": 1000, "token_output_count": 500})
        # 1000 x 2 / 1e6 + 500 x 12 / 1e6
        assert settled(lines, came, {"prompt": "hi"}) == (D("0.008"), "metered")

    @pytest.mark.parametrize("figure", ["3", None, True, -1, float("nan"), 1e300, [3]])
    def test_a_metric_that_is_no_quantity_is_passed_over_or_read(self, figure):
        usd, _ = settled(PER_IMAGE, Metered(metrics={"image_output_count": figure}), {})
        assert usd in {D("0.04"), D("0.12")}


class TestMeteredByFal:
    def test_units_at_the_one_rate(self):
        hd = {"image_size": "square_hd"}
        assert settled(PER_MEGAPIXEL, units("1.048576"), hd) == (D("0.026214"), "metered")
        assert settled(PER_MINUTE, units("2.5"), REMOTE) == (D("1.5"), "metered")  # 2.5 x 0.6

    @pytest.mark.parametrize("number", ["0.01", "0", "1048576"])
    def test_units_that_cannot_be_what_is_priced_are_not_believed(self, number):
        hd = {"image_size": "square_hd"}  # 2 MP are expected
        assert settled(PER_MEGAPIXEL, units(number), hd) == (D("0.05"), "estimated")

    @pytest.mark.parametrize(
        "change",
        [
            {"rates": [{"usd_per_second": 0.05, "first": 0.1}]},
            {"multipliers": [{"factor": 2}]},
            {"rates": [{"when": {"@output_fps": {"gt": 30}}, "usd_per_second": 1},
                       {"usd_per_second": 2}]},
        ],
    )  # fmt: skip
    def test_units_do_not_say_enough_where_the_rate_is_not_plain(self, change):
        _, basis = settled({**PER_SECOND, **change}, units(6))
        assert basis == "estimated"

    def test_units_do_not_say_enough_for_two_lines(self):
        lines = [{**PER_SECOND, "label": "a"}, {**PER_SECOND, "label": "b"}]
        assert settled(lines, units(5)) == (D("0.5"), "estimated")  # 2 x 5 x 0.05

    def test_the_minimum_of_the_row_stays(self):
        row = {"minimum_usd": 0.4, "lines": [{**PER_SECOND, "label": "a"}]}
        assert settled(row, units(5)) == (D("0.4"), "metered")  # 5 x 0.05 is less


class TestDerived:
    @pytest.mark.parametrize("asked", [1, 2, 4])
    def test_the_assets_are_counted(self, asked):
        assert settled(PER_IMAGE, images(2), {"num_images": asked}) == (D("0.08"), "derived")

    def test_the_assets_are_measured_each_rounded_up(self):
        came = Metered(assets=(Asset(1000, 1000), Asset(1500, 1000)))
        assert settled(PER_MEGAPIXEL, came) == (D("0.075"), "derived")  # (1 + 2) x 0.025

    def test_the_assets_are_as_long_as_they_are(self):
        came = Metered(assets=(Asset(duration_s=D("7.5")),))
        assert settled(PER_SECOND, came, {"duration": "auto"}) == (D("0.375"), "derived")
        assert settled(PER_MINUTE, came, REMOTE) == (D("0.075"), "derived")  # 7.5 / 60 x 0.6

    def test_the_lengths_of_several_are_added_up(self):
        came = Metered(assets=(Asset(duration_s=D(2)), Asset(duration_s=D(3))))
        assert settled(PER_SECOND, came) == (D("0.25"), "derived")  # (2 + 3) x 0.05

    def test_outputs_are_counted_where_the_rule_says_so(self):
        line = {"quantity": {"outputs": {"param": "batch"}}, "rates": [{"usd_per_song": 0.1}]}
        assert settled(line, images(3), {"batch": 2}) == (D("0.3"), "derived")
        assert settled(line, Metered(), {"batch": 2}) == (D("0.2"), "estimated")


class TestEstimated:
    def test_what_followed_from_the_inputs(self):
        assert settled(PER_IMAGE, Metered(), {"num_images": 3}) == (D("0.12"), "estimated")

    def test_the_greatest_value_of_a_range(self):
        line = {"quantity": {"seconds": "duration"}, "rates": [{"usd_per_second": 0.05}]}
        assert settled(line, Metered(), {"duration": "auto"}) == (D("0.5"), "estimated")

    def test_nothing_bounds_it(self):
        assert settled(PER_MINUTE, Metered(), REMOTE) == (None, "estimated")
        assert settled({"unpriced": "nobody knows"}, Metered()) == (None, "estimated")

    def test_no_price_row(self):
        model = model_with({"from": "2099-01", "unpriced": "x"})
        assert settle(model, CheckedParams({}, {}), Metered()) == Actual(None, "estimated")

    def test_an_actual_cost_is_rounded_to_even(self):
        line = {"quantity": {"metric": "t"}, "rates": [{"usd_per_compute_second": 0.000001}]}
        for seconds, usd in ((0.5, 0), (1.5, "0.000002"), (2.5, "0.000002")):
            assert settled(line, Metered(metrics={"t": seconds})) == (D(usd), "metered")
