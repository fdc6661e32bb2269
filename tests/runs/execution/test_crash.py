"""vidi itself goes wrong in the middle of a run, or is killed between two steps."""

import json
import signal

import pytest

from support.commands import run_installed
from support.servers.intervening import read_sums, serve_world

BROKEN = "raise RuntimeError('broken')\n"


@pytest.fixture
def world(here):
    with serve_world(here) as served:
        yield served


@pytest.fixture
def hooked(here):
    """Where to put modules that the next command finds before the real ones."""
    (here.folder / "hook").mkdir()
    return here.folder / "hook"


def run_hooked(world, hooked, *options):
    return run_installed(
        "vidi-run",
        "job.yaml",
        "--no-report",
        *options,
        cwd=world.here.folder,
        **world.served.environment,
        PYTHONPATH=str(hooked),
        XDG_STATE_HOME=str(world.here.folder / "state"),
    )


def test_a_bug_in_the_middle_of_a_run_is_told_by_journal_and_manifest_and_loses_nothing(
    world, hooked
):
    """A Pillow that does not load is a bug that can be had from outside."""
    (hooked / "PIL").mkdir()
    (hooked / "PIL/__init__.py").write_text(BROKEN)
    answer = run_hooked(world, hooked)
    (report,) = (world.here.folder / "state/vidi/crashes").iterdir()
    assert (answer.exit_code, world.served.submits) == (70, 2), "the other entry went on"
    assert answer.stderr.endswith(
        "vidi has a bug: RuntimeError\n"
        f"  hint: A report without secrets is in {report}; please send it. What was bought is in "
        "log.jsonl of the output folder.\n"
    )
    assert "RuntimeError: broken" in report.read_text()
    last = json.loads(world.journal.read_text().splitlines()[-1])
    assert (last["event"], last["status"], last["exit_code"]) == ("run_finished", "failed", 70)
    manifest = world.here.manifest("outputs/job")
    assert (manifest["run"]["status"], manifest["run"]["exit_code"]) == ("failed", 70)
    statuses = {row["id"]: row["status"] for row in manifest["inferences"]}
    assert statuses == {"tree": "unfinished", "card": "unfinished"}
    errors = {row["error"]["message"] for row in manifest["inferences"]}
    assert errors == {"vidi has a bug: RuntimeError"}
    world.check_that_all_is_well()


KILL_AT = """\
import os, signal

write = os.write


def write_or_die(file, data):
    if b'"event":"{event}"' in bytes(data[:200]):
        os.kill(os.getpid(), signal.SIGKILL)
    return write(file, data)


os.write = write_or_die
"""


def test_a_kill_between_reservation_and_intent_gives_the_reservation_back(world, hooked):
    (hooked / "sitecustomize.py").write_text(KILL_AT.replace("{event}", "intent"))
    answer = run_hooked(world, hooked)
    assert (answer.exit_code, world.served.submits) == (-signal.SIGKILL, 0)
    assert world.events == ["run_started"]
    spent, reserved = read_sums()
    assert (str(spent), str(reserved)) == ("0.000000", "0.003000")
    leftover = world.journal.with_name(".vidi-tmp-0123456789abcdef")
    leftover.touch()
    world.check_that_all_is_well()
    assert not leftover.exists()


def test_a_kill_before_the_bill_is_booked_leaves_it_to_the_next_run(world, hooked):
    (hooked / "sitecustomize.py").write_text(KILL_AT.replace("{event}", "settled"))
    answer = run_hooked(world, hooked)
    assert (answer.exit_code, world.served.submits) == (-signal.SIGKILL, 1)
    spent, reserved = read_sums()
    assert (str(spent), str(reserved)) == ("0.000000", "0.003000")
    world.check_that_all_is_well()
