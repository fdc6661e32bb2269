"""A second run in a folder whose lock does not hold it back: nothing is bought twice."""

import shutil
from pathlib import Path

import pytest

from support.commands import run_installed
from support.servers.intervening import JOURNAL, serve_world

OWN = Path("outputs/job/.vidi")
FOUR = """\
version: 1
name: job
budget: 1.00
inferences:
""" + "".join(
    f"  - id: n{number}\n    model: replicate/black-forest-labs/flux-schnell\n"
    f"    params: {{prompt: number {number}}}\n    output: n{number}.webp\n"
    for number in range(4)
)
UNLOCKED = (
    f"{OWN}/lock was removed or replaced while this run goes on, so another run may have begun in "
    "its folder; this one buys nothing more"
)
SHARED = (
    f"{JOURNAL} was written by another run while this one goes on, so this one buys nothing more"
)


@pytest.fixture
def world(here):
    with serve_world(here, latency=0.1) as served:
        here.write("four.yaml", FOUR)
        yield served


def clean():
    """What `git clean -fdX` does where .vidi is ignored."""
    shutil.rmtree(OWN)


def clean_and_run(world):
    clean()
    second = run_installed(
        "vidi-run", "four.yaml", cwd=Path.cwd(), **world.served.environment, VIDI_COSTS="off"
    )
    assert second.exit_code in {0, 1, 6}, second.stderr


def test_a_run_whose_lock_is_gone_buys_nothing_more(world):
    world.at("submit", clean)
    answer = world.here("vidi-run", "four.yaml", "-q")
    assert (answer.exit_code, world.served.submits) == (1, 1)
    assert UNLOCKED in answer.stderr
    again = world.here("vidi-run", "four.yaml", "-q")
    assert (again.exit_code, world.served.submits) == (0, 4)


@pytest.mark.parametrize("moment", ["submit", "look", "download"])
def test_two_runs_at_once_buy_each_inference_once(world, moment):
    world.at(moment, lambda: clean_and_run(world))
    first = world.here("vidi-run", "four.yaml", "-q")
    assert first.exit_code != 0
    assert world.served.submits <= 4
    world.here("vidi-run", "four.yaml", "-q")
    prompts = [work.input["prompt"] for work in world.served.sandbox.works.values()]
    assert len(prompts) == len(set(prompts))


def test_a_journal_that_another_wrote_stops_what_buys(world):
    def write():
        with Path(JOURNAL).open("ab") as file:
            file.write(b"{}\n")

    world.at("look", write)
    answer = world.here("vidi-run", "four.yaml", "-q")
    assert (answer.exit_code, world.served.submits) == (1, 1)
    assert SHARED in answer.stderr
