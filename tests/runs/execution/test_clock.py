"""The clock is wrong, or set during a run: what it left in journal and ledger is harmless."""

import contextlib
import hashlib
import os
import re
import time
from datetime import datetime, timedelta

import jsonschema_rs
import pytest

from support.commands import run_installed, run_started
from support.faults.clock import build_jumping_clock
from support.journals import rewrite
from support.ledgers import NOON, a_cap, change, same, usage, usd
from support.servers.intervening import JOB, read_sums, serve_world
from support.servers.sandbox import serve_sandbox
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.inference.tracking.ledger.pace import Account, close_account, take_place, take_turn
from vidi.inference.tracking.ledger.run_account import RunAccount
from vidi.runs.records.manifest.schema import manifest_schema

HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)
OFF = pytest.mark.parametrize("off", [-HOUR, HOUR, YEAR], ids=str)
TIME = re.compile(r'"ts":"([^"]+)"')


@pytest.fixture(scope="session")
def jumping_clock(tmp_path_factory):
    return build_jumping_clock(tmp_path_factory.mktemp("clock"))


@pytest.fixture
def world(here):
    with serve_world(here) as served:
        yield served


def shift(path, off, kinds=("",)):
    """Write a journal as a clock that was off would have written some of its events."""

    def move(line):
        if not any(f'"event":"{kind}' in line for kind in kinds):
            return line
        moved = datetime.fromisoformat(TIME.search(line)[1]) + off
        return TIME.sub(f'"ts":"{moved.isoformat()}"', line)

    rewrite(path, lambda text: "".join(map(move, text.splitlines(keepends=True))))


@OFF
def test_what_was_made_under_another_clock_is_made(world, off):
    assert world.run().exit_code == 0
    shift(world.journal, off)
    world.check_that_all_is_well()
    status = world.here("vidi", "status", "job.yaml")
    assert "nothing to do" in status.stdout
    assert " -" not in status.stdout


@OFF
def test_the_journals_order_is_its_own_whatever_its_times_say(world, off):
    assert world.run().exit_code == 0
    shift(world.journal, off, ("completed", "asset", "settled"))
    world.check_that_all_is_well()
    manifest = world.here.manifest("outputs/job")
    jsonschema_rs.validator_for(manifest_schema()).validate(manifest)
    durations = [row["duration_s"] for row in manifest["inferences"]]
    assert all(each is None or each >= 0 for each in durations)


@OFF
@pytest.mark.parametrize("kinds", [("",), ("intent",), ("in_doubt",)], ids=str)
def test_a_doubt_is_settled_or_stays_whatever_the_clock_said(here, world, off, kinds):
    world.here._monkeypatch.setenv("VIDI_RECONCILE_SECONDS", "0")
    lost = [{"on": "submit", "fault": "reset-after"}, {"on": "list", "fault": "503", "times": 1}]
    with serve_sandbox(lost) as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        assert world.run("--select", "tree").exit_code == 6
        shift(world.journal, off, kinds)
        again = world.run("--select", "tree")
        assert again.exit_code in {0, 6}
        assert served.submits == 1
        status = here("vidi", "status", "outputs/job", "--json").json
        owed = status["may_be_billed_usd"]
        assert status["cost_usd"] + owed == 0.003
        assert (again.exit_code == 0) is (owed == 0)


def test_the_pace_of_a_clock_that_was_ahead_stalls_nothing(world):
    """A run before this one was killed while the clock was a day ahead."""
    world.here.write("vidi.toml", "[limits.fal]\nconcurrency = 1\ncreates_per_minute = 60\n")
    assert world.run("--select", "tree").exit_code == 0
    leave_a_pace_of_tomorrow(world.served.environment["FAL_KEY"])
    folder, environment = world.here.folder, world.served.environment
    answer = run_installed("vidi-run", "job.yaml", cwd=folder, timeout=60, **environment)
    assert answer.exit_code == 0, answer.stderr
    world.check_books(2)


def leave_a_pace_of_tomorrow(key):
    account = Account("fal", hashlib.sha256(key.encode()).hexdigest()[:16])
    with contextlib.closing(open_ledger(os.environ["VIDI_LEDGER"])) as ledger:
        ledger.do(take_turn(account, 60))
        ledger.do(close_account(account, 30))
        ledger.do(take_place(account, "gone", 1))
        far = time.time() + DAY.total_seconds()
        change(ledger, "UPDATE vidi_paces SET next_at = :far, closed_until = :far", far=far)
        change(ledger, "UPDATE vidi_leases SET until = :far", far=far)


async def test_an_amount_is_settled_in_the_period_in_which_it_was_set_aside(tmp_path):
    moments = iter([NOON + DAY, NOON])
    ledger = open_ledger(str(tmp_path / "ledger.sqlite3"))
    account = RunAccount(ledger, "run-1", [a_cap()], {}, now=lambda: next(moments))
    await account.reserve("tree", 1, "fal/fal-ai/flux/dev", usd("0.05"))
    account.settle("tree", usd("0.03"))
    assert usage(ledger, at=NOON + DAY) == same("0.030000", "0")
    assert usage(ledger, at=NOON) == same("0", "0")
    ledger.close()


@OFF
def test_a_lost_ledger_gets_every_charge_in_the_period_of_its_journal(world, off):
    assert world.run().exit_code == 0
    shift(world.journal, off)
    world.here._monkeypatch.setenv("VIDI_LEDGER", str(world.here.folder / "new.sqlite3"))
    assert world.run().exit_code == 0
    by = world.here("vidi", "costs", "--json").json["by"]
    days = {moment[:10] for moment in TIME.findall(world.journal.read_text())}
    assert set(by["day"]) <= days
    assert sum(by["day"].values()) == 0.028


def test_hours_come_and_go_during_a_run(here, jumping_clock):
    """Ten times a second: between intent and settled, in a back-off, at a provider's "not now"."""
    faults = [
        {"on": "submit", "fault": "429", "retry_after": 1, "times": 1},
        {"on": "poll", "fault": "503", "times": 1},
        {"on": "download", "fault": "503", "times": 1},
    ]
    here.write("job.yaml", JOB)
    here.write("vidi.toml", "[limits.fal]\nconcurrency = 1\ncreates_per_minute = 60\n")
    with serve_sandbox(faults, latency=0.5) as served:
        environment = {**os.environ, **served.environment, "VIDI_BUDGET_DAY": "1", **jumping_clock}
        run = ("vidi-run", "job.yaml", "-j", "2", "--no-report")
        answer = run_started(*run, cwd=here.folder, environment=environment)
        assert (answer.exit_code, len(served.sandbox.works)) == (0, 2), answer.stderr
        assert read_sums() == (served.sandbox.billing.total, 0)
    times = TIME.findall((here.folder / "outputs/job/log.jsonl").read_text("utf-8"))
    moments = [datetime.fromisoformat(each) for each in times]
    assert all(each.tzinfo for each in moments)
    assert max(moments) - min(moments) > HOUR  # else the clock has not jumped


def test_a_deadline_is_no_time_of_day(here, jumping_clock):
    """It comes after its two seconds, neither at once nor in some hours."""
    here.write("job.yaml", JOB.replace("inferences:", "defaults: {timeout: 2}\ninferences:"))
    with serve_sandbox(latency=30.0) as served:
        environment = {**os.environ, **served.environment, **jumping_clock}
        began = time.monotonic()
        run = ("vidi-run", "job.yaml", "-j", "2", "--no-report")
        answer = run_started(*run, cwd=here.folder, environment=environment)
        assert (answer.exit_code, served.submits) == (5, 2), answer.stderr
        assert 2 < time.monotonic() - began < 25
