"""Every form of a quantity: what it measures before the run, and why the ends differ."""

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import pytest

from support.media import make_picture, make_sound, make_video
from support.models.price_rules import facts_of, read
from vidi.inference.models.params.checked import InputFile
from vidi.inference.models.prices.estimate import Metered
from vidi.inference.models.prices.quantities.quantity import FORMS, measure

PROPERTIES = {
    "duration": {"type": "string", "enum": ["auto", "4s", "8s"], "default": "8s"},
    "steps": {"type": "integer", "minimum": 1, "maximum": 50},
    "seed": {"type": "integer"},
    "scale": {"anyOf": [{"type": "string", "enum": ["1", "2"]}, {"type": "string", "enum": ["4"]}]},
    "num_images": {"type": "integer", "default": 1},
    "most": {"type": "integer", "maximum": 9},
}
PARAMS = {
    "duration": "8s", "num_images": 2, "size": "1024x768", "text": "Hola", "nothing": "",
    "inputs": [{"text": "Hi"}, {"text": "Hello"}, {}], "many": ["a", "b"], "who": {"name": "Ana"},
    "auto": "auto", "minus": -1, "zero": 0, "most": "auto", "yes": True, "odd": [1, 2],
}  # fmt: skip
MEDIA = {"picture": "picture.png", "large": "large.png", "video": "video.mp4", "sound": "sound.wav"}
URLS = {"image_url": "https://example.com/a.png", "video_url": "https://example.com/a.mp4"}

EXACT = [
    (2, "2"),
    (0.25, "0.25"),
    ({"param": "num_images"}, "2"),
    ({"param": "duration"}, "8"),
    ({"param": "absent", "else": 3}, "3"),
    ({"param": "auto", "else": 4}, "4"),
    ({"param": "minus", "else": 4}, "4"),
    ({"param": "yes", "else": 4}, "4"),
    ({"param": "odd"}, "1"),
    ({"param": "zero", "else": 4}, "0"),
    ({"seconds": "duration"}, "8"),
    ({"seconds": "absent", "else": 5}, "5"),
    ({"outputs": {"param": "num_images"}}, "2"),
    ({"count": "many"}, "2"),
    ({"count": ["many", "text", "nothing", "absent"]}, "3"),
    ({"count": "inputs[].text"}, "2"),
    ({"characters": "text"}, "4"),
    ({"characters": "inputs[].text"}, "7"),
    ({"characters": "inputs"}, "7"),
    ({"characters": ["text", "who", "num_images", "absent"]}, "7"),
    ({"tokens": ["absent"]}, "0"),
    ({"length": "sound"}, "12"),
    ({"length": ["sound", "video"]}, "15"),
    ({"length": "absent"}, "0"),
    ({"length": "absent", "else": 5}, "5"),
    ({"frames": "video"}, "90"),
    ({"fps": "video"}, "30"),
    ({"width": ["picture", "large"]}, "2000"),
    ({"height": ["picture", "large"]}, "1500"),
    ({"width": "video"}, "320"),
    ({"megapixels": "picture"}, "0.95367431640625"),
    ({"megapixels": ["picture", "large"]}, "3.814697265625"),
    ({"megapixels": ["picture", "video"], "each": "up"}, "2"),
    ({"megapixels": "large", "px": 1500000}, "2"),
    ({"output_megapixels": "size"}, "0.75"),
    ({"output_megapixels": "size", "each": "up"}, "1"),
    ({"output_megapixels": "size", "px": 786432}, "1"),
    ({"output_megapixels": "text", "else": {"megapixels": "large", "px": 1000000}}, "3"),
    ({"pages": ["picture", "large"]}, "2"),
    ({"output_width": "size"}, "1024"),
    ({"output_height": "size"}, "768"),
    ({"output_height": "absent", "else": 480}, "480"),
    ({"fact": "@output_seconds"}, "8"),
    ({"fact": "@twice"}, "16"),
    ({"fact": "@output_width"}, "2048"),
    ({"cases": [{"when": {"num_images": 2}, "value": 7}], "else": 1}, "7"),
    ({"cases": [{"when": {"num_images": 3}, "value": 7}], "else": 1}, "1"),
    ({"range": [4, 4], "why": "it depends"}, "4"),
    ({"range": [{"param": "num_images"}, 2], "why": "it depends"}, "2"),
    ({"range": [5, 3], "why": "it depends"}, "5"),
    ({"sum": [1, 2, {"param": "num_images"}]}, "5"),
    ({"product": [1.5, 2, {"param": "num_images"}]}, "6"),
    ({"max": [1, {"param": "num_images"}]}, "2"),
    ({"min": [1, {"param": "num_images"}]}, "1"),
    ({"quotient": [3, {"param": "num_images"}]}, "1.5"),
    ({"minus": [3, {"param": "num_images"}]}, "1"),
    ({"minus": [{"param": "num_images"}, 3]}, "0"),
    ({"up": 2.1}, "3"),
    ({"up": 11, "to": 5}, "15"),
    ({"nearest": 22.5, "to": 15}, "30"),
    ({"down": 2.9}, "2"),
]  # fmt: skip
NOT_KNOWN = " is not known before the run"
HOLA = {"text": "Hola"}
RANGES = [
    ({"param": "steps"}, 1, 50, "'steps' is not given and the model chooses"),
    ({"param": "seed"}, 0, None, "'seed' is not given and the model chooses"),
    ({"param": "scale"}, 1, 4, "'scale' is not given and the model chooses"),
    ({"param": "auto"}, 0, None, "'auto' is auto"),
    ({"param": "most"}, 0, 9, "'most' is auto"),
    ({"param": "minus"}, 0, None, "'minus' is not a number"),
    ({"tokens": ["text", "inputs"]}, 1, 11, "the provider counts the tokens"),
    (
        {"length": "video_url"},
        *(0, None, "'video_url' is a URL: its length is not known before the run"),
    ),
    (
        {"length": "video_url", "low": 2, "high": 60, "why": "clips are 2 to 60 s"},
        *(2, 60, "clips are 2 to 60 s"),
    ),
    (
        {"megapixels": "image_url", "each": "up", "high": 3.5},
        *(0, 4, "'image_url' is a URL: its size is not known before the run"),
    ),
    ({"frames": "video_url"}, 0, None, "'video_url' is a URL: its number of frames" + NOT_KNOWN),
    ({"fps": "video_url"}, 0, None, "'video_url' is a URL: its frame rate" + NOT_KNOWN),
    (
        {"length": "picture"}, 0, None,
        "the length of picture.png ('picture') cannot be read: it is not a readable video or sound "
        "file",
    ),
    ({"width": "sound"}, 0, None, "sound.wav ('sound') does not say its width"),
    ({"megapixels": "sound"}, 0, None, "sound.wav ('sound') does not say its size"),
    ({"output_megapixels": "absent"}, 0, None, "the output size is not known before the run"),
    ({"output_width": "absent"}, 0, None, "the output width is not known before the run"),
    ({"fact": "@nobody"}, 0, None, "nobody is not known before the run"),
    (
        {"metric": "predict_time"},
        *(0, None, "predict_time is known only after the run"),
    ),
    (
        {"metric": "predict_time", "low": 1, "high": "timeout"},
        *(1, 300, "predict_time is known only after the run"),
    ),
    ({"metric": "predict_time", "high": 9, "why": "the GPU's time"}, 0, 9, "the GPU's time"),
    ({"range": [1, None], "why": "it depends"}, 1, None, "it depends"),
    ({"range": [None, 5], "why": "it depends"}, 0, 5, "it depends"),
    ({"range": [0, 5], "why": "it depends"}, 0, 5, "it depends"),
    (
        {"range": [1, {"param": "steps"}], "why": "it depends"},
        *(1, 50, "it depends; 'steps' is not given and the model chooses"),
    ),
    (
        {"range": [1, {"param": "seed"}], "why": "it depends"},
        *(1, None, "it depends; 'seed' is not given and the model chooses"),
    ),
    (
        {"cases": [{"when": {"num_images": 3}, "value": 7}]},
        *(0, None, "no published rule for num_images=2"),
    ),
    (
        {"cases": [{"when": {"@steps": {"gt": 10}}, "value": 7}], "else": 1},
        *(1, 7, "which rule holds is not known before the run"),
    ),
    (
        {"cases": [{"when": {"@steps": {"gt": 10}}, "value": 7}, {"when": HOLA, "value": 3}]},
        *(3, 7, "which rule holds is not known before the run"),
    ),
    (
        {"cases": [{"when": {"text": "Hola"}, "value": {"param": "steps"}}]},
        *(1, 50, "'steps' is not given and the model chooses"),
    ),
]  # fmt: skip
WHERE = {
    "@twice": {"product": [2, {"fact": "@output_seconds"}]},
    "@output_width": {"product": [2, {"fact": "@output_width"}]},
    "@steps": {"param": "steps"},
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    make_picture(folder / "picture.png")
    make_picture(folder / "large.png", 2000, 1500)
    make_sound(folder / "sound.wav", 12)
    make_video(folder / "video.mp4")
    return {name: folder / file for name, file in MEDIA.items()}


@pytest.fixture(scope="module")
def facts(files):
    params = {**PARAMS, **MEDIA, **URLS}
    return facts_of(params, properties=PROPERTIES, files=files, where=read(WHERE))


@pytest.mark.parametrize(("expr", "number"), EXACT, ids=str)
def test_exact(expr, number, facts):
    found = measure(read(expr), facts)
    assert (found.low, found.high, found.why) == (Decimal(number), Decimal(number), ())


@pytest.mark.parametrize(("expr", "low", "high", "why"), RANGES, ids=str)
def test_a_range_says_why(expr, low, high, why, facts):
    found = measure(read(expr), facts)
    assert (found.low, found.high, "; ".join(found.why)) == (low, high, why)


def test_every_form_is_here():
    tried = {form for expr, *_ in EXACT + RANGES if isinstance(expr, dict) for form in expr}
    assert set(FORMS) <= tried


@pytest.mark.parametrize("fact", ["length", "frames", "fps", "width", "height", "megapixels"])
def test_a_text_called_png_has_no_size_and_no_price_of_zero(fact, tmp_path):
    path = tmp_path / "input.png"
    path.write_text("not a picture at all, but long enough to be opened as one")
    facts = facts_of({"image": "input.png"}, files={"image": path})
    found = measure({fact: "image"}, facts)
    assert found.high is None
    assert "of input.png ('image') cannot be read: " in found.why[0]


def test_a_file_that_is_gone_has_no_length(tmp_path):
    path = tmp_path / "sound.wav"
    make_sound(path, 1)
    facts = facts_of({"audio": "sound.wav"}, files={"audio": path})
    path.unlink()
    assert measure({"length": "audio", "high": 60}, facts).high == 60


@pytest.mark.parametrize(
    ("expr", "high"),
    [
        ({"length": "video_url", "high": 60}, 7),
        ({"length": ["video_url", "image_url"], "high": 60}, 120),
        ({"frames": "video_url", "high": 90}, 90),
        ({"length": "sound"}, 12),
    ],
    ids=str,
)
def test_what_came_out_says_how_long_the_one_thing_was_that_went_in(files, expr, high):
    """Where that was a URL, which nobody could measure before."""
    facts = facts_of({**URLS, "sound": "sound.wav"}, files={"sound": files["sound"]})
    came = SimpleNamespace(duration_s=Decimal(7))
    facts = replace(facts, metered=Metered({}, None, (came,)))
    assert measure(expr, facts).high == high


def test_files_inside_objects_are_found(files):
    facts = facts_of({"scene": [{"clip": "sound.wav"}]})
    assert measure({"length": "scene[].clip"}, facts).high is None
    found = InputFile(("scene", 0, "clip"), files["sound"], "sound.wav", 1)
    assert measure({"length": "scene[].clip"}, replace(facts, files=(found,))).high == 12


@pytest.mark.parametrize(
    ("text", "low", "high"), [("", 0, 0), ("1234567", 0, 7), ("12345678", 1, 8), ("ñandú", 0, 7)]
)
def test_tokens_are_at_least_one_for_8_characters_and_at_most_one_a_byte(text, low, high):
    found = measure({"tokens": ["prompt"]}, facts_of({"prompt": text}))
    assert (found.low, found.high) == (low, high)
