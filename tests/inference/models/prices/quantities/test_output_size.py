from decimal import Decimal

import pytest

from vidi.inference.models.prices.quantities.output_size import (
    PRESETS,
    size_from,
    size_of,
    stated_megapixels,
)

SIZES = [
    ("1024x768", 1024, 768),
    ("1280*720", 1280, 720),
    ("1280 × 720", 1280, 720),
    ({"width": 640, "height": "480"}, 640, 480),
]
NO_SIZES = ["auto", "", "1024", "4:3", {"width": 640}, {"width": -1, "height": 5}, 5, None, True]
USUAL = [
    ({"width": 640, "height": 480}, 640, 480),
    ({"width": 640, "image_size": "square"}, 512, 512),
    ({"image_size": {"width": 10, "height": 20}}, 10, 20),
    ({"video_size": "landscape_16_9"}, 1024, 576),
    ({"size": "1024x1536"}, 1024, 1536),
    ({"resolution": "1024x1536"}, 1024, 1536),
    ({"resolution": "720p"}, 1280, 720),
    ({"resolution": "720P", "aspect_ratio": "16:9"}, 1280, 720),
    ({"resolution": "1080p", "aspect_ratio": "9:16"}, 1080, 1920),
]
UNSURE = [
    ("1:1", 480 * 480, 480 * 480 * 16 / 9, 480 * 16 / 9),
    ("4:3", 480 * 480 * 4 / 3, 480 * 480 * 16 / 9, 480 * 16 / 9),
    ("21:9", 480 * 480 * 16 / 9, 480 * 480 * 21 / 9, 480 * 21 / 9),
    ("auto", 480 * 480, 480 * 480 * 16 / 9, 480 * 16 / 9),
    ("0:1", 480 * 480, 480 * 480 * 16 / 9, 480 * 16 / 9),
    ("1:0", 480 * 480, 480 * 480 * 16 / 9, 480 * 16 / 9),
]


@pytest.mark.parametrize(("value", "width", "height"), SIZES, ids=str)
def test_a_value_that_says_a_size(value, width, height):
    size = size_of(value)
    assert (size.width.low, size.height.low, size.pixels.low) == (width, height, width * height)


@pytest.mark.parametrize("value", NO_SIZES, ids=str)
def test_a_value_that_says_none(value):
    assert size_of(value) is None


@pytest.mark.parametrize("name", PRESETS)
def test_presets(name):
    assert size_of(name).pixels.low == PRESETS[name][0] * PRESETS[name][1]


@pytest.mark.parametrize(("params", "width", "height"), USUAL, ids=str)
def test_the_params_that_usually_say_a_size(params, width, height):
    size = size_from(params, {})
    assert (size.width.low, size.height.low, size.pixels.exact) == (width, height, True)


@pytest.mark.parametrize(("aspect", "least", "most", "longest"), UNSURE)
def test_pixels_at_other_aspects_are_between_two_readings(aspect, least, most, longest):
    size = size_from({"resolution": "480p", "aspect_ratio": aspect}, {})
    assert abs(size.pixels.low - Decimal(least)) < 1
    assert abs(size.pixels.high - Decimal(most)) < 1
    assert size.width == size.height
    assert (size.width.low, round(size.width.high, 6)) == (480, round(Decimal(longest), 6))
    why = (
        f"pixels of '480p' at {aspect} are not published:"
        " between equal short sides and equal areas",
    )
    assert size.pixels.why == size.width.why == why


@pytest.mark.parametrize(
    ("names", "pixels"),
    [
        ("size", 200),
        (["w", "h"], 50),
        (["w", "size"], 200),
        (["first", "size", "other"], 200),
        (["first", "other"], None),
        ("first", None),
        ({}, 200),
    ],
    ids=str,
)
def test_params_by_name(names, pixels):
    size = size_from({"w": 5, "h": 10, "size": "10x20"}, names)
    assert (size and size.pixels.low) == pixels


@pytest.mark.parametrize("params", [{}, {"resolution": "hd"}, {"image_size": "auto"}], ids=str)
def test_params_that_say_no_size(params):
    assert size_from(params, {}) is None


@pytest.mark.parametrize(
    ("params", "megapixels"),
    [
        ({"megapixels": "0.25"}, "0.25"),
        ({"resolution": "2 MP"}, "2"),
        ({"resolution": "1080p"}, None),
        ({"megapixels": ""}, None),
        ({}, None),
    ],
    ids=str,
)
def test_megapixels_said_outright(params, megapixels):
    assert stated_megapixels(params) == (megapixels and Decimal(megapixels))
