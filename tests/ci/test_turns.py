"""Which tests an ordinary run plays: everything in turns, and all that somebody asks for."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from _pytest.config import get_config

from support.turns import DAYS, EVERY_TEST, has_turn, turn_of_today

CHECKOUT = Path(__file__).parents[2]


@dataclass
class Item:
    nodeid: str
    fixturenames: tuple[str, ...] = ()


ITEMS = [
    *(Item(f"tests/runs/test_a.py::test_a[{number}]") for number in range(9)),
    *(Item(f"tests/test_b.py::test_{number}", ("here",)) for number in range(7)),
    *(Item(f"tests/jobs/test_c.py::test_{number}") for number in range(5)),
]


def test_in_four_days_each_test_that_plays_whole_commands_has_its_turn():
    days = [list(has_turn(ITEMS, day)) for day in range(DAYS)]
    times = [sum(day) for day in zip(*days, strict=True)]
    assert times == [1] * 16 + [DAYS] * 5


def test_each_day_has_its_share_of_each_long_list():
    for day in range(DAYS):
        assert sum(list(has_turn(ITEMS, day))[:9]) >= 2


@pytest.mark.parametrize(
    ("args", "all_of_them"),
    [
        ([], False),
        (["-q", "-x"], False),
        (["tests/runs"], True),
        (["tests/test_house.py::test_x"], True),
        (["-k", "kill"], True),
        (["--lf"], True),
    ],
)
def test_who_chooses_gets_all_that_was_chosen(monkeypatch, args, all_of_them):
    monkeypatch.delenv(EVERY_TEST, raising=False)
    monkeypatch.chdir(CHECKOUT)
    config = get_config(args)
    config.parse(args)
    assert (turn_of_today(config) is None) == all_of_them


def test_what_is_pushed_has_to_pass_all_of_them():
    steps = yaml.safe_load((CHECKOUT / ".github/workflows/ci.yml").read_text("utf-8"))["jobs"]
    (run,) = [each for each in steps["check"]["steps"] if each.get("run") == ".ci/run"]
    assert run["env"] == {EVERY_TEST: "1"}
