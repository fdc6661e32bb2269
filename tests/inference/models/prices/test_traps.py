"""Prices of shipped models that are easy to get wrong, with the arithmetic beside each."""

from datetime import date
from decimal import Decimal

import pytest

from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.pricing import estimate
from vidi.inference.models.registry import ModelRegistry

D = Decimal
REGISTRY = ModelRegistry()
VEO = "fal/fal-ai/veo3.1"
KLING = "fal/fal-ai/kling-video/v2.5-turbo/pro/text-to-video"
FLUX_DEV = "fal/fal-ai/flux/dev"
FLUX_PRO = "fal/fal-ai/flux-2-pro"
GROK_EDIT = "fal/xai/grok-imagine-image/edit"
WAN = "fal/fal-ai/wan/v2.2-a14b/text-to-video"


def price(model_id, media, **params):
    model = REGISTRY.get_template(model_id)
    checked = check_params(model, {**model.example, **params}, base=media)
    assert [problem.message for problem in checked.problems] == []
    found = estimate(model, checked, on=date(2026, 12, 31))
    assert found.low == found.high, found.reason
    return found.high


def test_the_dear_tier_is_the_default(media):
    assert price(VEO, media) == D("3.2")  # 8 s x 0.40 with sound, which is on by default
    assert price(VEO, media, generate_audio=False) == D("1.6")  # 8 s x 0.20


@pytest.mark.parametrize("duration", ["10", 10])
def test_a_duration_is_text_and_still_a_number(media, duration):
    assert price(KLING, media, duration=duration) == D("0.7")  # 10 x 0.07


@pytest.mark.parametrize("duration", ["4s", "8s"])
def test_a_duration_with_its_unit(media, duration):
    assert price(VEO, media, duration=duration) == D(duration[0]) * D("0.4")


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_rate_is_for_each_image(media, count):
    params = {"num_outputs": count}
    assert price("replicate/black-forest-labs/flux-schnell", media, **params) == count * D("0.003")


def test_megapixels_are_rounded_up_for_each_image_not_in_total(media):
    size = {"width": 1100, "height": 1000}
    # 1.1 is 2 megapixels: 3 x 2 x 0.025, where 3.3 in total would be 4
    assert price(FLUX_DEV, media, image_size=size, num_images=3) == D("0.15")


def test_the_first_megapixel_is_dearer(media):
    assert price(FLUX_PRO, media, image_size="square_hd") == D("0.03")
    large = {"width": 2048, "height": 2048}
    assert price(FLUX_PRO, media, image_size=large) == D("0.075")  # 0.03 + 3 x 0.015


def test_each_reference_image_costs_more(media):
    one, two = ["picture.png"], ["picture.png", "large.png"]
    assert price(GROK_EDIT, media, image_urls=one) == D("0.022")  # 0.02 + 1 x 0.002
    assert price(GROK_EDIT, media, image_urls=two) == D("0.024")  # 0.02 + 2 x 0.002


def test_started_blocks_are_billed_whole(media):
    understanding = "fal/fal-ai/audio-understanding"
    assert price(understanding, media, audio_url="sound.wav") == D("0.03")  # 12 s: 3 x 5 s x 0.01


def test_a_minimum_is_charged(media):
    files = {"audio_url": "sound.wav", "video_url": "video.mp4"}
    assert price("fal/fal-ai/latentsync", media, **files) == D("0.2")  # not 12 x 0.005


@pytest.mark.parametrize(("params", "usd"), [({}, "0.005"), ({"negative_prompt": "sky"}, "0.01")])
def test_an_argument_has_a_price(media, params, usd):
    params = {"image_url": "picture.png", **params}
    assert price("fal/fal-ai/evf-sam", media, **params) == D(usd)  # twice with a negative prompt


def test_with_your_own_key_the_other_vendor_charges_you(media):
    assert price("replicate/openai/sora-2", media) == D("0.4")  # 4 x 0.10
    assert price("replicate/openai/sora-2", media, openai_api_key="sk-0") == 0


def test_a_video_second_of_sixteen_frames(media):
    assert price(WAN, media) == D("0.405")  # 81 / 16 x 0.08


def test_tokens_of_a_video(media):
    seedance = REGISTRY.get_template("fal/fal-ai/bytedance/seedance/v1/pro/text-to-video")
    checked = check_params(seedance, {**seedance.example, "duration": "5"}, base=media)
    found = estimate(seedance, checked, on=date(2026, 12, 31))
    # (2.0 to 2.1) million pixels x 24 x 5 / 1024 tokens x 2.5 / 1e6
    assert (found.low, found.high) == (D("0.585938"), D("0.615235"))
    assert found.reason
