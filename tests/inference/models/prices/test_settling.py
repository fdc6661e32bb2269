"""What an inference has cost, and how that is known."""

from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

import pytest

from support.models.priced import ON, checked, model_with, settled
from vidi.inference.models.params.checked import CheckedParams
from vidi.inference.models.prices.pricing import Actual, Metered, settle
from vidi.inference.models.template import Billing

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


def billing(unit, usd):
    return Billing(unit, D(usd), "2026-05-17", "https://example.com/prices")


SILENT = {"quantity": {"seconds": "duration"}, "rates": [{"usd_per_second": 0.2}]}
COMPUTING = {
    "quantity": {"metric": "compute_seconds", "low": 0, "high": "timeout"},
    "rates": [{"usd_per_compute_second": 0.00125}],
}


class TestBilledByFal:
    @pytest.mark.parametrize(
        ("rule", "count", "base", "usd"),
        [
            (SILENT, "2.0", ("seconds", "0.40"), "0.80"),  # veo3.1, silent, 4 s: recorded
            (PER_IMAGE, "1.025", ("images", "0.08"), "0.082"),  # nano-banana-2, thinking
            (PER_IMAGE, "0.02", ("units", "1"), "0.02"),  # gpt-image-1.5: the unit is a dollar
            (PER_IMAGE, "54.0", ("units", "0.01"), "0.54"),  # ltx-2.5: it is a cent
            (PER_SECOND, "8.439999999999998", ("seconds", "0.05"), "0.422"),  # grok-imagine-video
            (PER_IMAGE, "1000000", ("images", "0.04"), "40000"),  # however far from the estimate
            (PER_IMAGE, "0", ("images", "0.04"), "0"),
            (COMPUTING, "12.5", ("compute seconds", "0.00125"), "0.015625"),
            ([PER_IMAGE | {"label": "a"}, PER_SECOND | {"label": "b"}], "3", ("units", "2"), "6"),
            ({"unpriced": "nobody knows"}, "3", ("images", "0.04"), "0.12"),
        ],
    )
    def test_units_times_the_base_price(self, rule, count, base, usd):
        assert settled(rule, units(count), billing=billing(*base)) == (D(usd), "metered")

    def test_what_is_booked_is_never_less_than_the_figure(self):
        base = billing("images", "0.0000012")
        assert settled(PER_IMAGE, units(2), billing=base) == (D("0.000003"), "metered")

    @pytest.mark.parametrize(
        "base",
        [
            pytest.param(billing("compute seconds", "0.00167"), id="a placeholder"),
            pytest.param(billing("images", "0"), id="no price"),
            pytest.param(None, id="nothing known"),
        ],
    )
    @pytest.mark.parametrize(
        ("rule", "count", "asked", "usd"),
        [
            (PER_IMAGE, "1", 3, "0.12"),  # the estimate
            (PER_IMAGE, "5", 3, "0.20"),  # the units at the page's rate
            (PER_IMAGE, "1.7", 3, "0.12"),  # images do not come in parts
            (PER_IMAGE, "-5", 3, "0.12"),
            ([PER_IMAGE | {"label": "a"}, PER_SECOND | {"label": "b"}], "9", 3, "0.37"),
        ],
    )
    def test_without_a_base_price_the_greatest_figure_counts(self, rule, count, asked, usd, base):
        found = settled(rule, units(count), {"num_images": asked}, billing=base)
        assert found == (D(usd), "estimated")

    def test_the_rule_on_what_came_may_be_the_greatest_figure(self):
        came = Metered(billable_units=D(1), assets=(Asset(1000, 1000),) * 4)
        assert settled(PER_IMAGE, came, {"num_images": 2}) == (D("0.16"), "estimated")

    @pytest.mark.parametrize("count", [None, "1"])
    def test_computing_time_is_priced_by_how_long_it_took(self, count):
        came = Metered({"inference_time": 1.0}, None if count is None else D(count))
        assert settled(COMPUTING, came) == (D("0.00125"), "derived")  # not 300 s of it

    def test_what_was_asked_goes_before_what_is_kept(self):
        model = replace(model_with(PER_IMAGE), billing=billing("images", "0.04"))
        asked = billing("images", "0.05")
        actual = settle(model, checked(model, {}), units(2), on=ON, base=asked)
        assert actual == Actual(D("0.10"), "metered")


class TestMetersOfReplicate:
    """Metrics as they were recorded, for lines that name none."""

    FLUX = (
        {"label": "run", "rates": [{"usd_per_request": 0.015}]},
        {"label": "out", "quantity": {"range": [0.25, 4], "why": "auto"},
         "rates": [{"usd_per_megapixel": 0.015}]},
        {"label": "in", "quantity": {"megapixels": "image_urls", "low": 0, "high": 9},
         "rates": [{"usd_per_megapixel": 0.015}]},
    )  # fmt: skip

    def test_megapixels_of_inputs_and_outputs(self):
        metrics = {"image_input_megapixel_count": 2, "image_output_megapixel_count": 1,
                   "image_output_count": 1, "predict_time": 8.74}  # fmt: skip
        urls = {"image_urls": ["https://example.com/a.png"]}
        # 0.015 + 1 x 0.015 + 2 x 0.015
        assert settled(list(self.FLUX), Metered(metrics), urls) == (D("0.06"), "metered")

    @pytest.mark.parametrize("name", ["image_output_count", "image_count"])
    def test_images_by_either_name(self, name):
        line = {"quantity": {"param": "num_images"}, "rates": [{"usd_per_image": 0.04}]}
        assert settled(line, Metered({name: 3}), {"num_images": 4}) == (D("0.12"), "metered")

    def test_runs(self):
        line = {"rates": [{"usd_per_run": 0.04}]}
        assert settled(line, Metered({"run_count": 2})) == (D("0.08"), "metered")

    @pytest.mark.parametrize("side", ["input", "output"])
    def test_tokens_by_either_name(self, side):
        line = {"quantity": {"tokens": "prompt"}, "metered_by": f"token_{side}_count",
                "rates": [{"usd_per_1k_tokens": 1}]}  # fmt: skip
        for name in (f"token_{side}_count", f"{side}_token_count"):
            assert settled(line, Metered({name: 17}), {"prompt": "x"}) == (D("0.017"), "metered")

    def test_computing_time_is_priced_by_us(self):
        line = {"quantity": {"metric": "predict_time"}, "metered_by": "predict_time",
                "rates": [{"usd_per_compute_second": 0.001}]}  # fmt: skip
        assert settled(line, Metered({"predict_time": 3.5})) == (D("0.0035"), "derived")


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


COUNT = {"param": "num_images", "else": 1}
INPUT, OUTPUT = "image_input_megapixel_count", "image_output_megapixel_count"


class TestMetricsThatALineImplies:
    """Where it names none, by what it prices and what it counts."""

    @pytest.mark.parametrize(
        ("unit", "quantity", "metric", "implied"),
        [
            ("usd_per_run", 1, "run_count", True),
            ("usd_per_request", 1, "run_count", True),
            ("usd_per_run", COUNT, "run_count", False),
            ("usd_per_image", 1, "run_count", False),
            ("usd_per_image", 1, "image_output_count", True),
            ("usd_per_image", COUNT, "image_output_count", True),
            ("usd_per_image", {"outputs": COUNT}, "image_output_count", True),
            ("usd_per_image", {"count": "image_urls"}, "image_output_count", False),
            ("usd_per_song", 1, "image_output_count", False),
            ("usd_per_megapixel", {"output_megapixels": {}}, OUTPUT, True),
            ("usd_per_megapixel", {"output_megapixels": {}}, INPUT, False),
            ("usd_per_megapixel", {"megapixels": "image_url"}, INPUT, True),
            ("usd_per_megapixel", {"megapixels": "image_url"}, OUTPUT, False),
            ("usd_per_megapixel", {"sum": [{"output_megapixels": {}}, COUNT]}, OUTPUT, False),
            ("usd_per_megapixel", {"product": [{"output_megapixels": {}}, COUNT]}, OUTPUT, False),
        ],
    )
    def test_the_figure_is_believed_where_it_counts_the_same(self, unit, quantity, metric, implied):
        line = {"quantity": quantity, "rates": [{unit: 0.5}]}
        params = {"num_images": 2, "image_urls": [], "image_url": "https://example.com/a.png"}
        usd, basis = settled(line, Metered(metrics={metric: 3}), params)
        assert ((usd, basis) == (D("1.5"), "metered")) == implied

    def test_a_count_comes_whole_and_tokens_by_the_thousand_at_most(self):
        line = {"quantity": COUNT, "rates": [{"usd_per_image": 0.5}]}
        assert settled(line, Metered(metrics={"image_output_count": 1.5}))[1] != "metered"
        tokens = {"quantity": {"tokens": "prompt"}, "metered_by": "token_input_count",
                  "rates": [{"usd_per_1k_tokens": 1}]}  # fmt: skip
        for count, believed in ((64_000, True), (64_001, False)):
            came = Metered(metrics={"token_input_count": count})
            assert (settled(tokens, came, {"prompt": "hi"})[1] == "metered") == believed

    @pytest.mark.parametrize(
        ("asked", "figure", "came", "usd", "basis"),
        [
            (1, 64, 0, 64, "metered"),
            (1, 65, 0, 1, "estimated"),
            (64, 1, 0, 1, "metered"),
            (65, 1, 0, 65, "estimated"),
            (2, 1, 0, 1, "metered"),
            (2, 0, 0, 0, "metered"),  # nothing was made
            (2, 0, 2, 2, "derived"),
            (2, -1, 2, 2, "derived"),
            (2, 1.5, 3, 3, "derived"),
        ],
    )
    def test_a_figure_is_believed_within_64_times_what_was_asked(
        self, asked, figure, came, usd, basis
    ):
        line = {"quantity": {"outputs": {"param": "batch"}}, "metered_by": "image_output_count",
                "rates": [{"usd_per_image": 1}]}  # fmt: skip
        ended = replace(images(came), metrics={"image_output_count": figure})
        assert settled(line, ended, {"batch": asked}) == (usd, basis)
