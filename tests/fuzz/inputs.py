"""Inputs of every kind: samples with some edits, values of JSON, and bytes of any kind.

A `Make` makes an input from a source of chance. That is a `random.Random` with a seed where many
inputs are wanted, and one of hypothesis's where it is to explore and to make small.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

Make = Callable[[Random], Any]

TOKENS = (
    b"", b"\0", b"\n", b"\r\n", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b'"', b"'", b"[",
    b"]",
    b"{", b"}", b"{{", b"}}", b"{%", b"%}", b":", b": ", b"- ", b"&a ", b"*a", b"<<: ", b"!!x ",
    b"|",
    b">", b"#", b"?", b",", b";", b"\t", b"..", b"/", b"../", b"~", b"null", b"true", b"NaN",
    b"Infinity", b"-1", b"0", b"1e999", b"99999999999999999999", b"\xc2\x85", b"\xe2\x80\xa8",
    b"\xf0\x9f\x8c\xb2", b"\\ud800", b"\x1b[2J", b"\xe2\x80\xae",
)  # fmt: skip
ODD = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**400, 0.5, -0.0, 1e308, float("nan"),
    float("inf"),
    "", " ", "a", "\ud800", "\0", "\u202e", "x" * 300, "https://x.test/a.png", "file:///etc/passwd",
    "data:image/png;base64,AAAA", "http://[", "../a", "{{ x }}", "2026-11-29T00:00:00Z", "1,5",
    "NaN",
    [], {}, [[]], [None], {"": None}, {"url": 1}, [1, "a", {}],
)  # fmt: skip
"""Values that stand where another was meant."""
LEAVES = tuple(each for each in ODD if not isinstance(each, list | dict))


def one_of(*makes: Make) -> Make:
    """One of some inputs."""
    return lambda chance: chance.choice(makes)(chance)


def piped(make: Make, change: Callable[[Any], Any]) -> Make:
    """An input, changed."""
    return lambda chance: change(make(chance))


def any_bytes(chance: Random) -> bytes:
    """Some bytes."""
    return bytes(chance.randrange(256) for _ in range(chance.randrange(80)))


def any_text(chance: Random) -> str:
    """A short text of any characters."""
    kinds = (128, 0x300, 0x3000, 0x11000)
    return "".join(chr(chance.randrange(chance.choice(kinds))) for _ in range(chance.randrange(9)))


def edited(samples: Sequence[bytes]) -> Make:
    """A sample with some edits: bytes flipped, put in, cut, doubled, and from another sample."""

    def make(chance: Random) -> bytes:
        data = chance.choice(samples)
        for _ in range(chance.randint(1, 5)):
            data = _edit(data, chance, samples)
        return data

    return make


def _edit(data: bytes, chance: Random, samples: Sequence[bytes]) -> bytes:
    at, length = chance.randrange(len(data) + 1), chance.randint(1, 40)
    token = chance.choice(TOKENS) if chance.randrange(3) else any_bytes(chance)[:6]
    kind = chance.randrange(6)
    if kind == 0:
        return data[:at] + token + data[at:]
    if kind == 1:
        return data[:at] + token + data[at + len(token) :]
    if kind == 2:
        return data[:at] + data[at + length :]
    if kind == 3:
        return data[: at + length] + data[at:]
    if kind == 4 and data[at : at + 1]:
        return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
    other = chance.choice(samples)
    begin = chance.randrange(len(other) + 1)
    return data[:at] + other[begin : begin + 4 * length] + data[at:]


def values(keys: Sequence[str], depth: int = 4) -> Make:
    """Any value of JSON, with these keys among others."""

    def make(chance: Random, left: int = depth) -> Any:
        kind = chance.randrange(6) if left else 0
        if kind < 3:
            return copy.deepcopy(chance.choice(ODD)) if chance.randrange(4) else any_text(chance)
        count = chance.randrange(5)
        if kind == 3:
            return [make(chance, left - 1) for _ in range(count)]
        return {_key(chance, keys): make(chance, left - 1) for _ in range(count)}

    return make


def _key(chance: Random, keys: Sequence[str]) -> str:
    return chance.choice(keys) if chance.randrange(8) else any_text(chance)


def altered(samples: Sequence[Any], keys: Sequence[str]) -> Make:
    """A sample of JSON in which some values are replaced, taken out, or put elsewhere."""
    value = values(keys, 2)

    def make(chance: Random) -> Any:
        root = [copy.deepcopy(chance.choice(samples))]
        for _ in range(chance.randint(1, 4)):
            _alter(root, chance, keys, value)
        return root[0]

    return make


def _alter(root: list[Any], chance: Random, keys: Sequence[str], value: Make) -> None:
    spots = list(_spots(root))
    holder, at = chance.choice(spots)
    kind = chance.randrange(4)
    if kind == 0:
        holder[at] = value(chance)
    elif kind == 1 and holder is not root:
        del holder[at]
    elif kind == 2:
        other, where = chance.choice(spots)
        holder[at] = copy.deepcopy(other[where])
    elif isinstance(holder, dict):
        holder[_key(chance, keys)] = value(chance)
    else:
        holder[at] = value(chance)


def _spots(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for at, each in list(items):
        yield value, at
        if isinstance(each, list | dict):
            yield from _spots(each)


def as_json(value: Any) -> bytes:
    """A value as JSON, whatever numbers and texts it holds."""
    return json.dumps(value, ensure_ascii=True).encode()
