"""Every pricing shape that was found in the two catalogues, one test each, in their order.

Shape 47 (who pays for failures) is not in the price language: the caller of `settle` decides it;
its test says what the language leaves alone.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from support.models.priced import ON, checked, estimated, exact, model_with, settled, span, usd
from vidi.inference.models.prices.pricing import Metered, estimate

D = Decimal

PROMO = {"from": "2026-09-01", "until": "2026-09-30"}
NOT_A_PICTURE = "https://example.com/a.mp4"


def per(unit, price, quantity=1, **more):
    return {"quantity": quantity, "rates": [{f"usd_per_{unit}": price}], **more}


def table(quantity, unit, *rows):
    """Rates by condition: (condition, price)."""
    rates = [{"when": when, f"usd_per_{unit}": price} for when, price in rows if when]
    return {
        "quantity": quantity,
        "rates": [*rates, *({f"usd_per_{unit}": p} for w, p in rows if not w)],
    }


class TestPerOutputImage:
    @pytest.mark.parametrize("count", ["num_outputs", "num_images", "n", "max_images"])
    def test_01_flat_times_the_number_of_images(self, count):
        line = per("image", 0.003, {"param": count, "else": 1})
        assert usd(line, {count: 4}) == D("0.012")  # 4 x 0.003
        assert usd(line) == D("0.003")  # 1 x 0.003

    def test_02_published_per_thousand_or_million(self):
        assert usd(per("1k_images", 3, {"param": "n"}), {"n": 4}) == D("0.012")  # 4 x 3 / 1000
        assert usd(per("1k_seconds", 2, 30)) == D("0.06")  # 30 x 2 / 1000
        assert usd(per("1k_requests", 2)) == D("0.002")  # 2 / 1000

    @pytest.mark.parametrize(
        ("quality", "price"), [("low", "0.013"), ("medium", "0.05"), ("auto", "0.136")]
    )
    def test_03_one_enum_tier(self, quality, price):
        tiers = table(
            1,
            "image",
            ({"quality": "low"}, 0.013),
            ({"quality": "medium"}, 0.05),
            ({"quality": ["high", "auto"]}, 0.136),
        )
        assert usd(tiers, {"quality": quality}) == D(price)

    def test_04_two_key_matrix_with_fall_through(self):
        matrix = table(
            1,
            "image",
            ({"quality": "high", "size": "1024x1024"}, 0.167),
            ({"quality": "high"}, 0.25),
            ({"quality": "low"}, 0.011),
        )
        assert usd(matrix, {"quality": "high", "size": "1024x1024"}) == D("0.167")
        assert usd(matrix, {"quality": "high", "size": "9x9"}) == D("0.25")  # any other size
        assert usd(matrix, {"quality": "low", "size": "9x9"}) == D("0.011")

    def test_05_glob_on_an_enum_value(self):
        line = per(
            "image", 0.04, multipliers=[{"when": {"style": "vector_illustration*"}, "factor": 2}]
        )
        assert usd(line, {"style": "vector_illustration/line"}) == D("0.08")  # 0.04 x 2
        assert usd(line, {"style": "realistic_image"}) == D("0.04")

    @pytest.mark.parametrize(
        ("resolution", "price"), [("0.5K", "0.06"), ("1K", "0.08"), ("2K", "0.12"), ("4K", "0.16")]
    )
    def test_06_multipliers_of_one_base(self, resolution, price):
        factors = {"0.5K": 0.75, "2K": 1.5, "4K": 2}
        line = per(
            "image",
            0.08,
            multipliers=[
                {"when": {"resolution": name}, "factor": factor} for name, factor in factors.items()
            ],
        )
        assert usd(line, {"resolution": resolution}) == D(price)  # 0.08 x 0.75, 1, 1.5, 2

    def test_07_extra_reference_image(self):
        urls = [f"https://example.com/{n}.png" for n in range(6)]
        each = [per("image", 0.02), per("image", 0.002, {"count": "image_urls"})]
        assert usd(each, {"image_urls": urls[:2]}) == D("0.024")  # 0.02 + 2 x 0.002
        first_free = [
            {"quantity": {"count": "image_urls"}, "rates": [{"usd_per_image": 0.0045, "first": 0}]}
        ]
        assert usd(first_free, {"image_urls": urls[:3]}) == D("0.009")  # (3 - 1) x 0.0045
        after_five = per("image", 0.08, {"minus": [{"count": "image_urls"}, 5]})
        assert usd(after_five, {"image_urls": urls}) == D("0.08")  # (6 - 5) x 0.08
        assert usd(after_five, {"image_urls": urls[:1]}) == 0

    def test_08_flat_feature_surcharge(self):
        views = {"@any_of_present": ["back_image_url", "left_image_url"]}
        lines = [
            per("request", 0.375),
            per("request", 0.15, when={"enable_pbr": True}),
            per("request", 0.15, when=views),
        ]
        assert usd(lines) == D("0.375")
        assert usd(lines, {"enable_pbr": True, "left_image_url": "x"}) == D("0.675")  # + 2 x 0.15


class TestPerMegapixel:
    def test_09_output_megapixels_rounded_up_per_image(self):
        each = {"output_megapixels": {}, "each": "up"}
        line = per("megapixel", 0.025, {"product": [{"param": "num_images", "else": 1}, each]})
        assert usd(line, {"image_size": "landscape_4_3"}) == D("0.025")  # 0.79 -> 1 MP
        size = {"width": 1500, "height": 1000}
        # 1.5 -> 2 MP an image, not 3 x 1.5 = 4.5 -> 5 MP in total: 3 x 2 x 0.025
        assert usd(line, {"image_size": size, "num_images": 3}) == D("0.15")

    def test_10_first_megapixel_dear_inputs_counted(self, media):
        out = {"output_megapixels": "image_size", "each": "up", "px": 1048576}
        line = {
            "quantity": {"sum": [{"megapixels": "image_urls", "each": "up"}, out]},
            "rates": [{"usd_per_megapixel": 0.015, "first": 0.03}],
        }
        assert usd(line, {"image_size": "square_hd"}) == D("0.03")  # 1 MP
        hd = {"width": 1920, "height": 1080}
        assert usd(line, {"image_size": hd}) == D("0.045")  # 2 MP: 0.03 + 0.015
        both = {"image_size": "square_hd", "image_urls": ["picture.png", "large.png"]}
        assert usd(line, both, base=media) == D("0.09")  # 1 + 3 + 1 MP: 0.03 + 4 x 0.015

    def test_11_three_parts(self, media):
        lines = [
            per("run", 0.015),
            per("megapixel", 0.015, {"megapixels": "image_urls", "px": 1_000_000}),
            per("megapixel", 0.015, {"output_megapixels": {}}),
        ]
        params = {"resolution": "2 MP", "image_urls": ["large.png"]}
        assert usd(lines, params, base=media) == D("0.09")  # 0.015 x (1 + 3 + 2)

    def test_12_inputs_normalised_to_one_megapixel_each(self):
        line = per("megapixel", 0.008, {"sum": [{"count": "image_urls"}, 1]})
        assert usd(line, {"image_urls": ["data:,a", "data:,b"]}) == D("0.024")  # (2 + 1) x 0.008

    @pytest.mark.parametrize(("factor", "price"), [(2, "0.08"), (3, "0.16"), (6, "1.36")])
    def test_13_step_function_of_output_megapixels_with_a_tail(self, media, factor, price):
        size = {"product": [{"megapixels": "image_url"}, {"param": "factor"}, {"param": "factor"}]}
        steps = table(
            1,
            "image",
            ({"@output_megapixels": {"lte": 24}}, 0.08),
            ({"@output_megapixels": {"lte": 48}}, 0.16),
            (None, 1.36),
        )
        row = {"where": {"@output_megapixels": size}, "lines": [{**steps, "label": "image"}]}
        params = {"image_url": "large.png", "factor": factor}  # 3 MP x 4, 9, 36
        assert usd(row, params, base=media) == D(price)

    @pytest.mark.parametrize(("megapixels", "units"), [(20, 1), (60, 3), (500, 17)])
    def test_14_step_function_in_units_times_a_unit_price(self, megapixels, units):
        units_of = {
            "cases": [
                {"when": {"@output_megapixels": {"lte": limit}}, "value": value}
                for limit, value in ((24, 1), (48, 2), (60, 3), (512, 17))
            ]
        }
        assert usd(per("image", 0.08, units_of), {"megapixels": megapixels}) == D("0.08") * units

    def test_15_a_megapixels_enum_as_the_tier(self):
        tiers = table(1, "image", ({"megapixels": "0.5"}, 0.0025), ({"megapixels": "1"}, 0.005))
        assert usd(tiers, {"megapixels": "0.5"}) == D("0.0025")
        assert usd(tiers, {"megapixels": 0.5}) == D("0.0025")
        assert usd(tiers, {"megapixels": "1"}) == D("0.005")

    def test_16_video_megapixels(self, media):
        size_of = {"output_megapixels": "video_size", "px": 1_000_000}
        frames = {"product": [size_of, {"param": "num_frames"}]}
        line = per("megapixel", 0.0018, {"up": frames})
        size = {"width": 1280, "height": 720}
        # 1280 x 720 x 121 = 111.5136 -> 112 MP x 0.0018
        assert usd(line, {"video_size": size, "num_frames": 121}) == D("0.2016")
        blocks = {"up": {"quotient": [{"fps": "video_url"}, 30]}}
        one = {"megapixels": "video_url", "px": 1_000_000}
        file = {"product": [one, {"length": "video_url"}, blocks]}
        # 0.0768 MP x 3 s x ceil(30 / 30) x 0.10
        assert usd(per("megapixel_second", 0.1, file), {"video_url": "video.mp4"}, base=media) == D(
            "0.02304"
        )


class TestPerSecondOfVideo:
    def test_17_flat_per_output_second(self):
        line = per("second", 0.07, {"seconds": "duration"})
        assert usd(line) == D("0.35")  # the default: 5 x 0.07
        assert usd(line, {"duration": "10"}) == D("0.7")  # 10 x 0.07

    def test_18_matrix_of_resolution_audio_mode_and_an_input_video(self):
        line = table(
            {"seconds": "duration"},
            "second",
            ({"resolution": "4k", "audio": True}, 0.6),
            ({"resolution": "4k"}, 0.4),
            ({"audio": True}, 0.4),
            (None, 0.2),
        )
        line["multipliers"] = [{"when": {"video_url": "present"}, "factor": 1.5}]
        assert usd(line, {"resolution": "4k", "audio": True}) == 3  # 5 x 0.6
        assert usd(line, {"resolution": "720p", "audio": False}) == 1  # 5 x 0.2
        with_video = {"resolution": "720p", "audio": False, "video_url": NOT_A_PICTURE}
        assert usd(line, with_video) == D("1.5")  # 5 x 0.2 x 1.5

    def test_19_length_from_a_param_the_input_file_or_frames(self, media):
        assert usd(per("second", 0.05, {"param": "seconds"}), {"seconds": 4}) == D("0.2")
        file = per("second", 0.05, {"length": "video_url"})
        assert usd(file, {"video_url": "video.mp4"}, base=media) == D("0.15")  # 3 x 0.05
        assert span(file, {"video_url": NOT_A_PICTURE}) == (0, None)
        bounded = per("second", 0.05, {"length": "video_url", "high": 60, "why": "60 s at most"})
        assert span(bounded, {"video_url": NOT_A_PICTURE}) == (0, 3)  # 60 x 0.05
        frames = {"quotient": [{"param": "num_frames"}, {"param": "fps"}]}
        assert usd(per("second", 0.05, frames), {"num_frames": 81, "fps": 16}) == D("0.253125")

    @pytest.mark.parametrize(("k", "price"), [(16, "0.405"), (24, "0.27"), (30, "0.216")])
    def test_20_a_video_second_of_so_many_frames(self, k, price):
        line = per(f"{k}_frames", 0.08, {"param": "num_frames"})
        assert usd(line, {"num_frames": 81}) == D(price)  # 81 / k x 0.08

    def test_21_sixty_frames_a_second_twice(self):
        line = per(
            "second",
            0.01,
            {"seconds": "duration"},
            multipliers=[
                {"when": {"target_fps": "60fps"}, "factor": 2},
                {"when": {"detail": True}, "factor": 2},
            ],
        )
        assert usd(line, {"target_fps": "60fps"}) == D("0.1")  # 5 x 0.01 x 2
        assert usd(line, {"target_fps": "60fps", "detail": True}) == D("0.2")  # x 2 x 2
        assert usd(line, {"target_fps": "30fps"}) == D("0.05")

    def test_22_base_and_per_second(self):
        lines = [per("video", 0.2), per("second", 0.1, {"seconds": "duration"})]
        assert usd(lines, {"duration": "8"}) == 1  # 0.20 + 8 x 0.10


class TestPerClip:
    def test_23_flat_per_video(self):
        assert usd(per("video", 0.5)) == D("0.5")

    def test_24_by_resolution_and_duration(self):
        tiers = table(
            1,
            "video",
            ({"resolution": "768p", "duration": 10}, 0.56),
            ({"resolution": "768p"}, 0.28),
            ({"resolution": "1080p"}, 0.49),
        )
        assert usd(tiers, {"resolution": "768p", "duration": "10"}) == D("0.56")
        assert usd(tiers, {"resolution": "1080p", "duration": "5"}) == D("0.49")

    def test_25_base_times_duration_factor_and_add_ons(self):
        factors = [
            {"when": {"duration": "8"}, "factor": 2},
            {"when": {"duration": "10"}, "factor": 2.2},
        ]
        lines = [
            per("video", 0.15, multipliers=factors),
            per("video", 0.05, when={"audio": True}, multipliers=factors),
        ]
        assert usd(lines, {"duration": "10"}) == D("0.33")  # 0.15 x 2.2
        assert usd(lines, {"duration": "8", "audio": True}) == D("0.4")  # (0.15 + 0.05) x 2

    @pytest.mark.parametrize(("frames", "price"), [(81, "0.4"), (100, "0.5")])
    def test_26_more_frames_than_default(self, frames, price):
        line = per("video", 0.4, multipliers=[{"when": {"num_frames": {"gt": 81}}, "factor": 1.25}])
        assert usd(line, {"num_frames": frames}) == D(price)

    def test_27_by_resolution_and_a_boolean(self):
        tiers = table(
            1,
            "video",
            ({"resolution": "720p", "interpolate": True}, 0.145),
            ({"resolution": "720p", "interpolate": False}, 0.11),
        )
        assert usd(tiers, {"resolution": "720p", "interpolate": True}) == D("0.145")
        assert usd(tiers, {"resolution": "720p", "interpolate": False}) == D("0.11")


class TestTokens:
    def test_28_language_models_in_and_out_with_a_threshold(self):
        dear = {"@input_tokens": {"gt": 200000}}
        lines = [
            table({"tokens": ["prompt"]}, "1m_tokens", (dear, 4), (None, 2)),
            table(
                {"metric": "token_output_count", "high": {"param": "max_tokens"}},
                "1m_tokens",
                (dear, 18),
                (None, 12),
            ),
        ]
        # at most one token a byte, at least one for 8 characters: 800 bytes, 100 tokens
        assert span(lines, {"prompt": "x" * 800, "max_tokens": 1000}) == (D("0.0002"), D("0.0136"))

    def test_29_pass_through_and_a_premium_list(self):
        line = per("request", 0.001, multipliers=[{"when": {"model": ["a/big"]}, "factor": 10}])
        assert usd(line, {"model": "a/big"}) == D("0.01")  # 0.001 x 10
        router = {"label": "tokens", "unpriced": "the chosen model's own price"}
        assert estimated(router).reason == "the chosen model's own price"

    @pytest.mark.parametrize(("audio", "price"), [(False, "0.243"), (True, "0.486")])
    def test_30_video_tokens(self, audio, price):
        tokens = {
            "quotient": [{"product": [{"output_width": {}}, {"output_height": {}}, 24, 5]}, 1024]
        }
        line = per("1m_tokens", 1, tokens, multipliers=[{"when": {"audio": True}, "factor": 2}])
        # 1920 x 1080 x 24 fps x 5 s / 1024 = 243,000 tokens
        assert usd(line, {"resolution": "1080p", "audio": audio}) == D(price)

    def test_31_image_text_and_image_tokens_up_to_a_cent(self):
        row = {
            "round_total_up_to_usd": 0.01,
            "lines": [
                per("image", 0.042, {"param": "num_images", "else": 1}, label="images"),
                per("1k_tokens", 0.002, {"tokens": "prompt"}, label="text"),
            ],
        }
        assert usd(row, {"prompt": "a cat"}) == D("0.05")  # 0.042 + at most 0.00001
        assert usd(row, {"prompt": "a cat", "num_images": 2}) == D("0.09")  # 0.084 + text

    def test_32_tokens_that_are_characters(self):
        line = per("1k_tokens", 0.06, {"characters": "text"})
        assert usd(line, {"text": "hello world"}) == D("0.00066")  # 11 x 0.06 / 1000


class TestAudioAndText:
    def test_33_per_thousand_characters_not_rounded(self):
        line = per("1k_characters", 0.1, {"characters": "text"})
        assert usd(line, {"text": "Hola mundo"}) == D("0.001")  # 10 x 0.10 / 1000
        assert usd(line, {"text": "ñ" * 1500}) == D("0.15")  # characters, not bytes

    def test_34_speech_only_where_no_sound_is_given(self):
        lines = [
            per("second", 0.04, {"seconds": "duration"}),
            per("100_characters", 0.24, {"characters": "text"}, when={"audio_url": None}),
        ]
        assert usd(lines, {"text": "x" * 50}) == D("0.32")  # 5 x 0.04 + 50 / 100 x 0.24
        assert usd(lines, {"text": "x" * 50, "audio_url": "https://e.com/a.mp3"}) == D("0.2")

    def test_35_per_minute_of_sound(self, media):
        line = per(
            "minute",
            0.008,
            {"length": "audio_url"},
            multipliers=[{"when": {"keyterms": "present"}, "factor": 1.3}],
        )
        assert usd(line, {"audio_url": "sound.wav"}, base=media) == D("0.0016")  # 12 / 60 x 0.008
        terms = {"audio_url": "sound.wav", "keyterms": ["vidi"]}
        assert usd(line, terms, base=media) == D("0.00208")  # x 1.3

    def test_36_per_generation_of_fixed_length(self):
        assert usd(per("30_seconds", 0.1, 30)) == D("0.1")
        assert usd(per("file", 0.2)) == D("0.2")

    def test_37_times_the_number_of_samples(self):
        line = per(
            "second", 0.007, {"product": [{"seconds": "duration"}, {"param": "num_samples"}]}
        )
        assert usd(line, {"duration": "10", "num_samples": 2}) == D("0.14")  # 10 x 2 x 0.007
        songs = per("song", 0.075, multipliers=[{"when": {"num_songs": 2}, "factor": 1.5}])
        assert usd(songs, {"num_songs": 2}) == D("0.1125")  # 0.075 x 1.5

    def test_38_per_created_voice_and_its_preview(self):
        lines = [per("voice", 3), per("1k_characters", 0.03, {"characters": "preview_text"})]
        assert usd(lines, {"preview_text": "x" * 100}) == D("3.003")  # 3 + 100 x 0.03 / 1000


class TestRoundingAndMinimum:
    @pytest.mark.parametrize(
        ("seconds", "mode", "to", "billed"),
        [
            (3, "up", 5, 5),  # kling lipsync
            (5, "up", 5, 5),
            (95, "up", 10, 100),  # diffrhythm
            (20, "nearest", 15, 15),  # vibevoice
            (23, "nearest", 15, 30),
            (61, "up", 60, 120),  # a started minute
            (2.5, "up", 1, 3),  # whole seconds
            (7, "down", 5, 5),
        ],
    )
    def test_39_blocks(self, seconds, mode, to, billed):
        line = per("second", 0.01, {"param": "length"}, round={"mode": mode, "to": to})
        assert usd(line, {"length": seconds}) == D("0.01") * billed

    def test_39_blocks_of_frames(self, media):
        blocks = per("16_frames", 0.005, {"frames": "video_url"}, round={"mode": "up", "to": 16})
        assert usd(blocks, {"video_url": "video.mp4"}, base=media) == D("0.03")  # 90 -> 6 blocks

    def test_40_minimum_of_the_price_and_of_the_quantity(self):
        row = {"minimum_usd": 0.2, "lines": [per("second", 0.005, {"param": "s"}, label="video")]}
        assert usd(row, {"s": 12}) == D("0.2")  # 0.06 is less
        assert usd(row, {"s": 60}) == D("0.3")  # 60 x 0.005
        assert usd(per("second", 0.1, {"param": "s"}, minimum=4), {"s": 2.5}) == D("0.4")  # 4 x 0.1

    def test_41_scaled_by_steps(self):
        steps = {"by": {"max": [{"quotient": [{"param": "steps"}, 16]}, 1]}}
        line = per("second", 0.2, 8, multipliers=[steps])
        assert usd(line, {"steps": 64}) == D("6.4")  # 8 x 0.20 x 64 / 16
        assert usd(line, {"steps": 8}) == D("1.6")  # fewer steps are not cheaper
        trainer = per("step", 0.0004, {"param": "steps"}, minimum=1000)
        assert usd(trainer, {"steps": 500}) == D("0.4")  # 1000 x 0.0004

    def test_42_an_argument_that_costs_more(self):
        line = per(
            "request", 0.005, multipliers=[{"when": {"negative_prompt": "present"}, "factor": 2}]
        )
        assert usd(line, {"negative_prompt": "sky"}) == D("0.01")  # 0.005 x 2
        assert usd(line, {"negative_prompt": ""}) == D("0.005")  # empty text is not given
        tiers = table(1, "request", ({"image_url": "present"}, 0.011), (None, 0.001))
        assert usd(tiers, {"image_url": NOT_A_PICTURE}) == D("0.011")
        assert usd(tiers) == D("0.001")


class TestAfterTheRun:
    LINE = per("compute_second", 0.001525, {"metric": "predict_time", "high": "timeout"})

    def test_43_compute_seconds(self):
        assert span(self.LINE) == (0, D("0.4575"))  # up to 300 s, the template's deadline
        assert span(self.LINE, timeout_s=20.5) == (0, D("0.031263"))  # 20.5 x 0.001525, up
        ran = Metered(metrics={"predict_time": 12.5})
        assert settled(self.LINE, ran) == (D("0.019062"), "derived")  # 12.5 x 0.001525, to even

    def test_44_your_own_vendor_key(self):
        line = per("second", 0.1, {"seconds": "duration"}, when={"openai_api_key": None})
        assert usd(line) == D("0.5")
        assert usd(line, {"openai_api_key": "sk-0"}) == 0

    @pytest.mark.parametrize(
        ("day", "price"),
        [
            (ON.replace(month=8), "0.3"),
            (ON, "0.15"),
            (ON.replace(day=30), "0.15"),
            (ON.replace(month=10), "0.3"),
        ],
    )
    def test_45_dated_promotion(self, day, price):
        model = model_with(per("video", 0.3))
        source = {"source": "https://example.com"}
        promo = exact({**PROMO, **source, "lines": [per("video", 0.15, label="half")]})
        model = replace(model, pricing={"rows": [*model.pricing["rows"], promo]})
        assert estimate(model, checked(model, {}), on=day).high == D(price)

    def test_46_opaque_units(self):
        price = estimated({"unpriced": "billed in units that nobody explains"})
        assert (price.low, price.high) == (0, None)
        assert price.reason == "billed in units that nobody explains"

    def test_47_failures_are_the_callers(self):
        # A run that failed after 10 s costs what its meter says; whether it is billed at all
        # (Replicate: once started; fal: never) is decided where the failure is understood.
        failed = Metered(metrics={"predict_time": 10})
        assert settled(self.LINE, failed) == (D("0.01525"), "derived")  # 10 x 0.001525
