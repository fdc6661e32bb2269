"""Recorded courses with one value of one answer replaced by what no service should say."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from support.recorded import asides, fal_bills, fal_courses, replicate_courses
from support.recorded.course import Course
from support.servers.loopback import Reply

DEEP: Any = "end"
for _ in range(150):
    DEEP = [DEEP]
VALUES: tuple[Any, ...] = (
    None, "", [], {}, [None], {"a": 1}, True, -1, 0, 10**400, -(10**400), 1e308, float("inf"),
    float("nan"), "\ud800", "x" * 200_000, "\x1b]0;x\x07\u202e\0", "../../x", "http://u:p@[::1",
    "https://user:pw@127.0.0.1:1/a.png", "data:image/png;base64,\ud800", "9" * 5000, "NaN", DEEP,
)  # fmt: skip
BASES = (
    *fal_courses.DONE, *fal_courses.FAILED, *fal_courses.LATE, *replicate_courses.SUCCEEDED,
    *replicate_courses.FAILED, *replicate_courses.SUBMITS, *fal_courses.SUBMITS,
    *fal_bills.SHIPPED[:4], *asides.TOGETHER,
)  # fmt: skip
WITHOUT_WORDS = "{id}"


def list_leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value that holds no other, and of every one that does."""
    yield path
    inner = value.items() if isinstance(value, dict) else ()
    for key, each in enumerate(value) if isinstance(value, list) else inner:
        yield from list_leaves(each, (*path, key))


def put(value: Any, path: Sequence[str | int], new: Any) -> Any:
    """A copy with another value at a path."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(copy[path[0]], path[1:], new)
    return copy


def list_hostile() -> Iterator[Course]:
    """Every recorded answer, every value in it, every hostile value in its place."""
    number = 0
    for base in BASES:
        if base.template is not None or not base.words or "in/" in str(base.params):
            continue
        for kind, turns in base.turns.items():
            for at, turn in enumerate(turns):
                if not isinstance(turn, Reply) or isinstance(turn.body, bytes):
                    continue
                for path in list_leaves(turn.body):
                    for value in VALUES:
                        number += 1
                        body = put(turn.body, path, value)
                        spoilt = [*turns[:at], replace(turn, body=body), *turns[at + 1 :]]
                        yield _name(base, number, {**base.turns, kind: spoilt})


def _name(base: Course, number: int, turns: Any) -> Course:
    """A course of its own: its words tell it from the others."""
    key = "prompt" if "prompt" in base.params else "text"
    params = {**base.params, key: f"hostile {number}"}
    extra = {**base.extra, "timeout": 2}
    return replace(base, name=f"h{number}", params=params, turns=turns, extra=extra)
