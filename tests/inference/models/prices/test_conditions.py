import pytest

from support.models.price_rules import facts_of, read
from vidi.inference.models.prices.quantities.quantity import holds

PARAMS = {
    "quality": "high",
    "style": "vector_illustration/line",
    "count": 5,
    "text_count": "5",
    "seconds": "8s",
    "audio": True,
    "mute": False,
    "ratio": 0.5,
    "auto": -1,
    "word": "auto",
    "empty": "",
    "none": None,
    "no_images": [],
    "images": ["a.png", "b.png"],
    "size": {"width": 2048},
    "inputs": [{"voice": "Aria"}, {"voice": "Will"}],
}
WHERE = {
    "@ten": 10,
    "@range": {"range": [5, 20], "why": "who knows"},
    "@open": {"range": [5, None], "why": "who knows"},
}
TRUE = [
    {},
    {"quality": "high"},
    {"quality": ["low", "high"]},
    {"quality": "h*"},
    {"style": "vector_illustration*"},
    {"style": ["digital*", "vector*"]},
    {"count": 5},
    {"count": "5"},
    {"text_count": 5},
    {"text_count": 5.0},
    {"ratio": 0.5},
    {"ratio": "0.5"},
    {"audio": True},
    {"audio": "true"},
    {"mute": "false"},
    {"auto": -1},
    {"auto": {"lt": 0}},
    {"count": {"lte": 5}},
    {"count": {"gte": 5, "lt": 6}},
    {"text_count": {"eq": 5}},
    {"seconds": {"gt": 7.5}},
    {"size.width": {"gt": 1024}},
    {"inputs[].voice": "Will"},
    {"images": "present"},
    {"empty": None},
    {"none": None},
    {"no_images": None},
    {"absent": None},
    {"quality": "high", "count": 5},
    {"@any_of_present": ["absent", "images"]},
    {"@any": [{"quality": "low"}, {"count": 5}]},
    {"@all": [{"quality": "high"}, {"count": 5}]},
    {"@not": {"quality": "low"}},
    {"@compare": {"of": {"count": "images"}, "eq": 2}},
    {"@compare": {"of": {"count": "images"}, "gt": 1, "lte": 2}},
    {"@ten": 10},
    {"@ten": "10"},
    {"@ten": [5, 10]},
    {"@ten": {"lte": 10, "gt": 9}},
    {"@range": {"gte": 5}},
    {"@range": {"lt": 21}},
    {"@open": {"gte": 5}},
    {"@not": {"@open": {"lt": 5}}},
]
FALSE = [
    {"quality": "low"},
    {"quality": ["low", "medium"]},
    {"quality": "hi"},
    {"quality": "ho*"},
    {"quality": "hix*"},
    {"quality": "present", "count": 6},
    {"style": "digital*"},
    {"audio": False},
    {"audio": 1},
    {"count": {"gt": 5}},
    {"absent": "present"},
    {"absent": 5},
    {"absent": {"lt": 5}},
    {"empty": "present"},
    {"no_images": "present"},
    {"images": None},
    {"images": 2},
    {"size": "2048"},
    {"@any_of_present": ["absent", "empty", "none", "no_images"]},
    {"@any": [{"quality": "low"}, {"count": 6}]},
    {"@all": [{"quality": "high"}, {"count": 6}]},
    {"@not": {"quality": "high"}},
    {"@compare": {"of": {"count": "images"}, "gt": 2}},
    {"@ten": 11},
    {"@ten": [5, 11]},
    {"@ten": {"lt": 10}},
    {"@range": 4},
    {"@range": 21},
    {"@range": {"gt": 20}},
    {"@open": 4},
    {"@open": {"lt": 5}},
    {"@open": {"lt": 9}, "quality": "low"},
]
NOT_KNOWN = [
    {"word": {"lt": 10}},
    {"@range": 10},
    {"@range": 5},
    {"@range": 20},
    {"@range": {"lte": 10}},
    {"@open": 10},
    {"@open": {"lte": 10}},
    {"@undefined": {"gt": 1}},
    {"@not": {"@range": 10}},
    {"@any": [{"@range": 10}, {"quality": "low"}]},
    {"@all": [{"@range": 10}, {"quality": "high"}]},
]


def truth_of(condition):
    return holds(read(condition), facts_of(PARAMS, where=WHERE))


@pytest.mark.parametrize("condition", TRUE, ids=str)
def test_holds(condition):
    assert truth_of(condition) is True


@pytest.mark.parametrize("condition", FALSE, ids=str)
def test_does_not_hold(condition):
    assert truth_of(condition) is False


@pytest.mark.parametrize("condition", NOT_KNOWN, ids=str)
def test_is_not_known_before_the_run(condition):
    assert truth_of(condition) is None
