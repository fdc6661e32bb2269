"""The YAML 1.2 table: what a scalar without quotes means."""

import math

import pytest

from vidi.jobs.mistakes import MistakeError
from vidi.jobs.reading.scalars import resolve, resolve_tagged

TEXT = [
    "16:9",
    "9:16",
    "NO",
    "no",
    "Yes",
    "on",
    "off",
    "y",
    "2024-01-01",
    "1_000",
    "0b11",
    "1.2.3",
    "1e",
    ".",
    "-",
    "+",
    "..",
    "0o8",
    "0xg",
    "nul",
    "TrUe",
    "1 000",
    "12:30:45",
    "-.",
    "Inf",
    "=",
    "<<",
    "½",
    "٣",
]
VALUES = [
    ("", None),
    ("~", None),
    ("null", None),
    ("Null", None),
    ("NULL", None),
    ("true", True),
    ("True", True),
    ("TRUE", True),
    ("false", False),
    ("False", False),
    ("FALSE", False),
    ("0", 0),
    ("010", 10),
    ("017", 17),
    ("-5", -5),
    ("+5", 5),
    ("0o17", 15),
    ("0x1F", 31),
    ("1e3", 1000.0),
    ("1.10", 1.1),
    (".5", 0.5),
    ("5.", 5.0),
    ("-1.5E-2", -0.015),
    (".inf", math.inf),
    ("-.INF", -math.inf),
]


@pytest.mark.parametrize("text", TEXT)
def test_stays_text(text):
    assert resolve(text) == text


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_resolves(text, value):
    found = resolve(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number(text):
    assert math.isnan(resolve(text))


def test_a_number_that_nobody_means():
    with pytest.raises(MistakeError, match=r"(?m)^a number of 5,000 characters$"):
        resolve("9" * 5000)


@pytest.mark.parametrize(
    ("text", "tag", "value"),
    [
        ("12", "str", "12"),
        ("12", "int", 12),
        ("12", "float", 12.0),
        ("true", "bool", True),
        ("", "null", None),
    ],
)
def test_explicit_tags(text, tag, value):
    found = resolve_tagged(text, f"tag:yaml.org,2002:{tag}")
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("tag", "says"),
    [
        ("!!int", "'true' is not what its tag !!int says"),
        ("!x", "the tag !x is not allowed here"),
        ("!!timestamp", "the tag !!timestamp is not allowed here"),
    ],
)
def test_refused_tags(tag, says):
    with pytest.raises(MistakeError) as caught:
        resolve_tagged("true", tag.replace("!!", "tag:yaml.org,2002:"))
    assert caught.value.message == says
