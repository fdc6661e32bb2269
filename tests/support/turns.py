"""What an ordinary run tries in part and a long one in full: pairs of lists, made-up examples,
tests that play whole commands."""

import itertools
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

import pytest

First = TypeVar("First")
Second = TypeVar("Second")

EVERY_TEST = "VIDI_ALL_TURNS"
OTHERS = "others"
"""What that setting is where those that have no turn today are played, and nothing else."""
DAYS = 4
"""In so many days each test has had its turn."""
WHOLE_COMMANDS = ("tests/runs/", "tests/cli/", "tests/ci/", "tests/inference/lifecycle/")


class Turn(NamedTuple):
    """Which of the tests that play whole commands are played."""

    day: int
    """Of `DAYS`."""
    others: bool
    """Whether all but those of that day, and none that has a turn each day."""


def turn_of_today(config: pytest.Config) -> Turn | None:
    """Which tests have their turn; None where all have: who chooses some tests gets all of them."""
    asked = os.environ.get(EVERY_TEST)
    if (asked and asked != OTHERS) or config.args_source is config.ArgsSource.ARGS:
        return None
    chosen = ("keyword", "markexpr", "lf", "failedfirst", "newfirst", "stepwise")
    if any(config.getoption(name, None) for name in chosen):
        return None
    return Turn(datetime.now(UTC).toordinal() % DAYS, asked == OTHERS)


def has_turn(items: Iterable[pytest.Item], turn: Turn) -> Iterable[bool]:
    """For each test whether it is played: all are but three of four that play whole commands.

    They are counted off, so that each day has its share of every long list of cases.
    """
    numbers = itertools.count()
    for item in items:
        whole = item.nodeid.startswith(WHOLE_COMMANDS) or "here" in item.fixturenames
        today = not whole or next(numbers) % DAYS == turn.day
        yield today != turn.others


def in_turns(
    setting: str, first: Iterable[First], second: Iterable[Second]
) -> Sequence[tuple[First, Second]]:
    """Pairs in which each of either list has its turn; every pair, where the setting is given.

    Args:
        setting: The environment variable for every pair; docs/contributing.md names it.
        first: The longer list.
        second: The shorter one.
    """
    first, second = list(first), list(second)
    assert len(first) >= len(second)
    if os.environ.get(setting):
        return list(itertools.product(first, second))
    return list(zip(first, itertools.cycle(second), strict=False))


def examples(many: int) -> int:
    """How many examples a property has: all with VIDI_ALL_EXAMPLES=1, else a fifth, at least 10."""
    return many if os.environ.get("VIDI_ALL_EXAMPLES") else max(many // 5, 10)
