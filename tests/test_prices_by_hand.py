"""Prices worked out by hand, from prices_by_hand.txt, against what the engine makes of them."""

import json
import re
import wave
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import av
import pytest
from PIL import Image

from vidi.inference.models.pricing import estimate
from vidi.inference.models.registry import ModelRegistry
from vidi.inference.models.schema import check_params

TABLE = Path(__file__).with_name("prices_by_hand.txt")
FIGURES = re.compile(r"(?P<low>\S+)(?: \.\. (?P<high>\S+))? = (?P<how>.+)")


class ByHand(NamedTuple):
    model: str
    params: dict
    low: Decimal | None
    high: Decimal | None
    how: str


def read_table():
    lines = [line for line in TABLE.read_text("utf-8").splitlines() if line and line[0] != "#"]
    for head, figures in zip(lines[::2], lines[1::2], strict=True):
        model, params = head.split(" ", 1)
        found = FIGURES.fullmatch(figures.strip())
        low = None if found["low"] == "unpriced" else Decimal(found["low"])
        high = Decimal(found["high"]) if found["high"] else low
        yield ByHand(model, json.loads(params, parse_float=Decimal), low, high, found["how"])


BY_HAND = tuple(read_table())


def make_sound(path, seconds):
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(int(16000 * seconds)))


def make_video(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for _ in range(90):
            container.mux(stream.encode(av.VideoFrame(320, 240, "yuv420p")))
        container.mux(stream.encode())


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    Image.new("RGB", (1000, 1000)).save(folder / "picture.png")
    Image.new("RGB", (2000, 1500)).save(folder / "large.png")
    make_sound(folder / "sound.wav", 12)
    make_sound(folder / "short.wav", 2.5)
    make_video(folder / "video.mp4")
    return folder


@pytest.fixture(scope="module")
def registry():
    return ModelRegistry()


@pytest.mark.parametrize("case", BY_HAND, ids=[f"{case.model} {case.how}" for case in BY_HAND])
def test_the_engine_agrees_with_the_hand(case, media, registry):
    model = registry.get_template(case.model)
    checked = check_params(model, {**model.example, **case.params}, base=media)
    assert [problem.message for problem in checked.problems] == []

    price = estimate(model, checked)

    if case.low is None:
        assert price.high is None
        assert price.reason
    else:
        assert (price.low, price.high) == (case.low, case.high)
        assert price.reason or price.low == price.high


def test_the_table_is_large_enough_to_hold_every_shape():
    headings = re.findall(r"(?m)^# ([A-H])\. ", TABLE.read_text("utf-8"))
    assert headings == list("ABCDEFGH")
    assert len({case.model for case in BY_HAND}) >= 100
