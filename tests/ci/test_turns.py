"""Which tests an ordinary run plays: everything in turns, and all that somebody asks for."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from _pytest.config import get_config

from support.turns import DAYS, EVERY_TEST, OTHERS, Turn, has_turn, turn_of_today

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


def parsed(args):
    config = get_config(args)
    config.parse(args)
    return config


def test_in_four_days_each_test_that_plays_whole_commands_has_its_turn():
    days = [list(has_turn(ITEMS, Turn(day, others=False))) for day in range(DAYS)]
    times = [sum(day) for day in zip(*days, strict=True)]
    assert times == [1] * 16 + [DAYS] * 5


def test_those_of_a_day_and_the_others_are_all_of_them_once():
    for day in range(DAYS):
        played, others = (list(has_turn(ITEMS, Turn(day, each))) for each in (False, True))
        assert [*map(sum, zip(played, others, strict=True))] == [1] * len(ITEMS)


def test_each_day_has_its_share_of_each_long_list():
    for day in range(DAYS):
        assert sum(list(has_turn(ITEMS, Turn(day, others=False)))[:9]) >= 2


@pytest.mark.parametrize(("setting", "found"), [("1", None), (OTHERS, True), ("", False)])
def test_the_setting_plays_all_or_the_others(monkeypatch, setting, found):
    monkeypatch.setenv(EVERY_TEST, setting)
    monkeypatch.chdir(CHECKOUT)
    turn = turn_of_today(parsed([]))
    assert (turn and turn.others) == found


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
    assert (turn_of_today(parsed(args)) is None) == all_of_them


def test_what_is_pushed_has_to_pass_all_of_them():
    steps = yaml.safe_load((CHECKOUT / ".github/workflows/ci.yml").read_text("utf-8"))["jobs"]
    (run,) = [each for each in steps["check"]["steps"] if each.get("run") == ".ci/run"]
    assert run["env"] == {EVERY_TEST: "1"}
