"""Prices worked out by hand, from prices_by_hand.txt, against what the engine makes of them."""

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from support.media import make_example_files, make_picture, make_sound, make_video
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.pricing import estimate
from vidi.inference.models.registry import ModelRegistry

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


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    make_example_files(folder)
    make_picture(folder / "picture.png")
    make_picture(folder / "large.png", 2000, 1500)
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

    price = estimate(model, checked, on=date(2026, 12, 31))

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
