"""Every way of asking for a size."""

import pytest

from vidi.sandbox.orders.sizes import PRESETS, image_size, video_size


@pytest.mark.parametrize(("preset", "size"), PRESETS.items())
def test_presets(preset, size):
    assert image_size({"image_size": preset}) == size


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({}, (1024, 1024)),
        ({"width": 640, "height": 480}, (640, 480)),
        ({"width": 640}, (1024, 1024)),
        ({"image_size": {"width": 1000, "height": 500}}, (1000, 500)),
        ({"image_size": {"width": 0, "height": 500}}, (1024, 1024)),
        ({"image_size": "auto"}, (1024, 1024)),
        ({"size": "1536x1024"}, (1536, 1024)),
        ({"size": "2048*1024"}, (2048, 1024)),
        ({"resolution": "640 × 480"}, (640, 480)),
        ({"aspect_ratio": "16:9"}, (1368, 768)),
        ({"aspect_ratio": "9:16"}, (768, 1368)),
        ({"aspect_ratio": "match_input_image"}, (1024, 1024)),
        ({"aspect_ratio": "landscape"}, (1368, 768)),
        ({"aspect_ratio": "0:1"}, (1024, 1024)),
        ({"megapixels": "0.25"}, (512, 512)),
        ({"megapixels": "match_input"}, (1024, 1024)),
        ({"resolution": "2K"}, (2048, 2048)),
        ({"resolution": "0.5 MP"}, (728, 728)),
        ({"resolution": "4K", "aspect_ratio": "1:1"}, (4096, 4096)),
        ({"width": 99999, "height": 4}, (8192, 8)),
    ],
)
def test_image_size(params, size):
    assert image_size(params) == size


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({}, (1280, 720)),
        ({"resolution": "1080p"}, (1920, 1080)),
        ({"resolution": "480p", "aspect_ratio": "9:16"}, (480, 854)),
        ({"resolution": "4k"}, (3840, 2160)),
        ({"resolution": 768}, (1366, 768)),
        ({"aspect_ratio": "1:1"}, (720, 720)),
        ({"aspect_ratio": "1280:768"}, (1200, 720)),
        ({"size": "1280x720"}, (1280, 720)),
        ({"video_size": "square"}, (512, 512)),
        ({"resolution": "auto"}, (1280, 720)),
    ],
)
def test_video_size(params, size):
    assert video_size(params) == size
