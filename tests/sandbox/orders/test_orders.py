"""What the params of an inference make the sandbox make."""

from decimal import Decimal

import pytest

from vidi.sandbox.orders.orders import order_media, output_count

PAINT, FILM, VOICE = "fal/acme/paint/fast", "fal/acme/film", "fal/acme/voice"


@pytest.fixture
def order(call):
    registry = call().sandbox.registry
    return lambda model, field="", **params: order_media(
        registry.get_template(model), params, field
    )


@pytest.mark.parametrize(
    ("params", "count"),
    [
        ({}, 1), ({"num_outputs": 3}, 3), ({"num_images": 2}, 2), ({"n": 4}, 4),
        ({"num_images": "two"}, 1), ({"num_images": 0}, 1), ({"max_images": 5}, 1),
        ({"max_images": 5, "sequential_image_generation": "auto"}, 5),
        ({"max_images": "x", "sequential_image_generation": "auto"}, 1),
    ],
)  # fmt: skip
def test_output_count(params, count):
    assert output_count(params) == count


@pytest.mark.parametrize(
    ("model", "value", "made"),
    [
        (PAINT, None, "png"), (PAINT, "jpeg", "jpg"), (PAINT, "webp", "webp"),
        (PAINT, "zip", "png"), (FILM, "VP9 (.webm)", "webm"), (FILM, "PRORES4444 (.mov)", "mov"),
        (FILM, "X264 (.mp4)", "mp4"), (FILM, "GIF (.gif)", "gif"),
        (VOICE, "mp3_44100_128", "mp3"), (VOICE, "wav_cd_quality", "wav"),
        (VOICE, "ogg_opus", "ogg"), (VOICE, "hex", "mp3"), (VOICE, "ulaw_8000", "ulaw"),
    ],
)  # fmt: skip
def test_format(order, model, value, made):
    assert order(model, output_format=value).format == made


@pytest.mark.parametrize(
    ("params", "seconds"),
    [({}, 5), ({"duration": "8s"}, 8), ({"duration": 10}, 10), ({"duration": Decimal("2.5")}, 2.5),
     ({"duration": "auto"}, 5), ({"seconds": 4}, 4), ({"num_frames": 48}, 2),
     ({"num_frames": 81, "frames_per_second": 16}, 81 / 16), ({"duration": True}, 5),
     ({"video_length": 48, "fps": 24}, 2), ({"num_frames": 1}, 5)],
)  # fmt: skip
def test_length_of_a_video(order, params, seconds):
    assert order(FILM, **params).duration_s == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("params", "seconds"),
    [({"text": "x" * 150}, 10), ({"text": ""}, 0.5), ({"music_length_ms": 3000}, 3)],
)
def test_length_of_speech(order, params, seconds):
    assert order(VOICE, **params).duration_s == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("params", "rate"),
    [({}, 24000), ({"sample_rate": 16000}, 16000), ({"output_format": "mp3_22050_32"}, 22050),
     ({"sample_rate": 96000}, 48000), ({"output_format": "pcm_16000"}, 16000)],
)  # fmt: skip
def test_sample_rate(order, params, rate):
    assert order(VOICE, **params).rate == rate


@pytest.mark.parametrize(("asked", "sound"), [(True, True), (False, False), (None, False)])
def test_sound_of_a_video(order, asked, sound):
    params = {} if asked is None else {"generate_audio": asked}
    assert order(FILM, **params).sound is sound


@pytest.mark.parametrize(
    ("field", "kind", "made"),
    [("color_video", "video", "mp4"), ("gaussian_ply", "3d", "ply"), ("model_file", "3d", "glb"),
     ("srt_file", "text", "srt"), ("spectrogram", "image", "png"), ("wav", "audio", "wav"),
     ("vocals", "image", "png")],
)  # fmt: skip
def test_the_name_of_a_field_says_what_it_holds(order, field, kind, made):
    made_order = order(PAINT, field)
    assert (made_order.kind, made_order.format) == (kind, made)


def test_the_words_are_the_prompt_or_its_like(order):
    assert order(PAINT, prompt="hi").text == "hi"
    assert order(VOICE, text="hello").text == "hello"
    assert order(PAINT).text == ""
