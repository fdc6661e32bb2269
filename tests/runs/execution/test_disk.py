"""The disk is full: of the output folder, of the ledger, at every line of the journal."""

import json
import subprocess
import sys
from itertools import accumulate
from pathlib import Path

import pytest

from support.commands import installed
from support.disks import files_limited_to, fill, mounted
from support.servers.intervening import JOB, serve_world

OUTPUTS = Path("outputs")
STATE = Path("state")
ROOM = "  hint: Make room or make the folder writable, then run the same command again.\n"
LONG = """\
version: 1
name: job
budget: 1.00
vars: {k: "00", said: "PAD"}
inferences:
  - id: tree
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: "tree {{ k }}"}
    output: tree.webp
  - id: card
    model: fal/fal-ai/flux/dev
    params: {prompt: "card {{ k }}", image_size: square}
    output: card.jpg
""".replace("PAD", "." * 30_000)
"""The first line is larger than the assets, so that the journal is the first to be full."""
TO_THE_PAGE = 3060
"""Characters of a prompt after which the intent's line ends just before a page of the disk does."""


@pytest.fixture
def world(here):
    with serve_world(here) as served:
        yield served


@pytest.fixture
def disk(here):
    with mounted(here.folder / OUTPUTS) as folder:
        yield folder


@pytest.fixture
def ledger_disk(here):
    with mounted(here.folder / STATE) as folder:
        here._monkeypatch.setenv("VIDI_LEDGER", str(folder / "ledger.sqlite3"))
        yield folder


def test_a_disk_that_is_full_before_it_begins_buys_nothing(disk, world):
    ballast = fill(disk)
    answer = world.run()
    assert (answer.exit_code, world.served.requests) == (1, 0)
    assert answer.stderr == f"cannot write outputs/job/log.jsonl: No space left on device\n{ROOM}"
    ballast.unlink()
    world.check_that_all_is_well()


def test_a_disk_that_holds_no_more_names_buys_nothing(here):
    few = "size=1m,nr_inodes=16"
    with mounted(here.folder / OUTPUTS, options=few) as disk, serve_world(here) as world:
        take_every_name(disk)
        answer = world.run()
        assert (answer.exit_code, world.served.requests) == (2, 0)
        assert answer.stderr == (
            "cannot use outputs/job: No space left on device\n"
            "  hint: Make it a writable folder, or name another one with -o.\n"
        )
        for path in disk.glob("name-*"):
            path.unlink()
        world.check_that_all_is_well()


def test_a_receipt_that_finds_no_room_is_named_and_taken_up_again(disk, world):
    prompt = "a tree" + "." * TO_THE_PAGE
    world.here.write("job.yaml", JOB.replace("a tree", prompt))
    world.at("submit", lambda: fill(disk))
    answer = world.run()
    bought = f"tree was bought as {world.request_of(prompt)}"
    assert (answer.exit_code, world.served.submits) == (1, 1)
    assert world.events == ["run_started", "intent"], "TO_THE_PAGE leaves no room for one line more"
    said = f"cannot write outputs/job/log.jsonl: No space left on device; {bought}\n"
    assert answer.stderr.partition(" s: ")[2].startswith(said)
    assert answer.stderr.count(bought) == 2, "with its inference, and at the end"
    (disk / "ballast").unlink()
    world.check_that_all_is_well()


@pytest.mark.parametrize("moment", ["submit", "look", "download"])
def test_an_asset_that_finds_no_room_stops_every_purchase_and_is_fetched_later(disk, world, moment):
    world.at(moment, lambda: fill(disk))
    answer = world.run()
    assert (answer.exit_code, world.served.submits) == (1, 1)
    first = answer.stderr.partition("\n")[0]
    assert first.endswith(": cannot write to outputs/job: No space left on device")
    (disk / "ballast").unlink()
    world.check_that_all_is_well()


def test_a_manifest_that_finds_no_room_loses_nothing(here):
    few = "size=1m,nr_inodes=16"
    with mounted(here.folder / OUTPUTS, options=few) as disk, serve_world(here) as world:
        world.at("download", lambda: take_every_name(disk))
        answer = world.run("--select", "tree")
        assert answer.exit_code == 1
        assert answer.stderr.endswith(
            "cannot write outputs/job/manifest.json: No space left on device\n"
            "  hint: Make room or make the folder writable; log.jsonl holds everything until "
            "then.\n"
        )
        assert world.events[-2:] == ["settled", "run_finished"]
        for path in disk.glob("name-*"):
            path.unlink()
        world.check_that_all_is_well()


def take_every_name(disk):
    """Make empty files until the disk holds no more of them."""
    try:
        for number in range(100):
            (disk / f"name-{number}").touch()
    except OSError:
        pass


def test_a_ledger_that_has_no_room_for_itself_buys_nothing(ledger_disk, world):
    ballast = fill(ledger_disk)
    answer = world.run()
    assert (answer.exit_code, world.served.requests) == (2, 0)
    assert answer.stderr == say_full_ledger(ledger_disk)
    ballast.unlink()
    world.check_that_all_is_well()


@pytest.mark.parametrize("moment", ["submit", "look", "download"])
def test_a_ledger_that_is_full_grants_nothing_more(ledger_disk, world, moment):
    world.at(moment, lambda: fill(ledger_disk))
    answer = world.run("-q")
    assert (answer.exit_code, world.served.submits) == (1, 1)
    ledger = ledger_disk / "ledger.sqlite3"
    assert answer.stderr == (
        f"the ledger {ledger} did not take 1 of the costs; the next run of this folder enters them "
        f"from its journal\nstopped: {say_full_ledger(ledger_disk)}"
    )
    (ledger_disk / "ballast").unlink()
    world.check_that_all_is_well()


def say_full_ledger(folder):
    return (
        f"the ledger {folder / 'ledger.sqlite3'} cannot be used: database or disk is full\n"
        "  hint: Mend or move it, name another one with VIDI_LEDGER, or run untracked with "
        "VIDI_COSTS=off.\n"
    )


def test_wherever_the_journal_is_full_the_same_command_goes_on_from_there(world):
    world.here.write("job.yaml", LONG)
    world.here._monkeypatch.setenv("VIDI_COSTS", "off")
    assert world.run("-o", "whole").exit_code == 0
    sizes = [len(line) for line in Path("whole/log.jsonl").read_bytes().splitlines(keepends=True)]
    assert len(sizes) == 13
    for lines, ends in enumerate(accumulate(sizes[:-1], initial=0)):
        check_a_journal_that_is_full(world, f"{lines:02}", ends)


def check_a_journal_that_is_full(world, name, size):
    arguments = ("-o", name, "--var", f"k={name}")
    before = world.served.submits
    with files_limited_to(max(size + 20, SPOKEN)):
        answer = world.run("-q", *arguments)
    bought = world.served.submits - before
    assert (answer.exit_code, bought) == (1, (int(name) > 1) + (int(name) > 6))
    said = answer.stderr.splitlines()[1]
    assert said.partition("; ")[0] == f"cannot write {name}/log.jsonl: File too large"
    assert world.run(*arguments).exit_code == 0
    assert world.served.submits == before + 2
    status = world.here("vidi", "status", name, "--json").json
    assert (status["cost_usd"], status["may_be_billed_usd"]) == (0.028, 0)


SPOKEN = 2000
"""Bytes that the test leaves for what the command says, which goes to a file too."""
LIMITED = """\
import os, resource, sys
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), hard))
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_the_installed_command_on_a_disk_that_is_full_names_what_it_bought(world):
    program = [sys.executable, "-c", LIMITED, "1000", installed("vidi-run"), "job.yaml", "--json"]
    world.here._monkeypatch.setenv("VIDI_COSTS", "off")
    done = subprocess.run(
        program, cwd=world.here.folder, capture_output=True, encoding="utf-8", check=False
    )
    (error,) = json.loads(done.stdout)["errors"]
    assert (done.returncode, world.served.submits) == (1, 1)
    assert error["message"] == (
        "cannot write outputs/job/log.jsonl: File too large; "
        f"tree was bought as {world.request_of('a tree')}"
    )
    world.here._monkeypatch.delenv("VIDI_COSTS")
    world.check_that_all_is_well()
