"""Caps by day, week and month, and the ledger, through the command against a served sandbox."""

import json
import os
import sqlite3
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.commands import start_installed
from support.ledgers import a_charge, usd
from support.servers.sandbox import serve_sandbox
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.inference.tracking.ledger.ledger import read_cap_usages, reserve_charge

JOB = """\
version: 1
name: NAME
budget: 0.50
concurrency: 4
defaults:
  model: fal/fal-ai/flux/dev
  params: {image_size: {width: 1920, height: 1080}}
inferences:
  - {id: a, params: {prompt: an ash}, output: a.jpg}
  - {id: b, params: {prompt: a birch}, output: b.jpg}
"""
COST = usd("0.05")
"""Of each of the two."""


@pytest.fixture
def shop(here):
    """A folder with a job, and a sandbox that stands for the real providers."""
    here.write("job.yaml", JOB.replace("NAME", "job"))
    here.write("again.yaml", JOB.replace("NAME", "again"))
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        here.served = served
        yield here


def ledger_path() -> Path:
    return Path(os.environ["VIDI_LEDGER"])


def today():
    ledger = open_ledger(str(ledger_path()))
    try:
        return ledger.do(read_cap_usages(datetime.now(UTC)))["day"]
    finally:
        ledger.close()


def test_what_is_spent_is_in_the_ledger_as_billed(shop):
    assert shop("vidi-run", "job.yaml").exit_code == 0
    assert (today().spent, today().reserved) == (shop.served.sandbox.billing.total, 0)
    assert shop("vidi-run", "job.yaml").exit_code == 0
    assert today().spent == 2 * COST


@pytest.mark.parametrize("kind", ["day", "week", "month"])
@pytest.mark.parametrize("options", [(), ("--estimate",)])
def test_a_plan_over_what_is_left_is_refused_before_anything_is_sent(shop, kind, options):
    assert shop("vidi-run", "job.yaml").exit_code == 0
    shop._monkeypatch.setenv(f"VIDI_BUDGET_{kind.upper()}", "0.199999")
    before = shop.served.requests
    answer = shop("vidi-run", "again.yaml", *options)
    assert answer.exit_code == 3
    assert answer.stderr == (
        f"this costs up to $0.10, and $0.099999 is left of the {kind}'s budget of $0.199999: "
        "$0.10 spent, $0.00 reserved\n"
        f"  hint: Raise VIDI_BUDGET_{kind.upper()}, wait for the next {kind} (UTC), or leave some "
        "out with --exclude.\n"
    )
    assert shop.served.requests == before
    shop._monkeypatch.setenv(f"VIDI_BUDGET_{kind.upper()}", "0.20")
    assert shop("vidi-run", "again.yaml", *options).exit_code == 0


def test_the_files_of_one_command_count_together(shop):
    shop._monkeypatch.setenv("VIDI_BUDGET_DAY", "0.15")
    answer = shop("vidi-run", "job.yaml", "again.yaml")
    assert answer.exit_code == 3
    assert answer.stderr.splitlines()[0] == (
        "again.yaml: this costs up to $0.10, and $0.05 is left of the day's budget of $0.15: "
        "$0.00 spent, $0.00 reserved, $0.10 for the files before this one"
    )
    assert shop.served.requests == 0


@pytest.mark.parametrize(
    ("cap", "ends"),
    [
        ("0.15", "day       $0.15 left of $0.15\nverdict   within budget\n"),
        ("0.09", "day       $0.09 left of $0.09\nverdict   refused: $0.01 over the day's budget\n"),
    ],
)
def test_an_estimate_says_what_is_left_and_makes_no_ledger(shop, cap, ends):
    shop._monkeypatch.setenv("VIDI_BUDGET_DAY", cap)
    assert shop("vidi-run", "job.yaml", "--estimate").stdout.endswith(ends)
    assert not ledger_path().exists()


def test_the_project_file_sets_caps_too_and_the_lowest_wins(shop):
    shop.write("pyproject.toml", "[tool.vidi]\nbudget_day = 0.05\n")
    shop.write("vidi.toml", 'budget_day = "0.04"\n')
    shop._monkeypatch.setenv("VIDI_BUDGET_DAY", "5")
    answer = shop("vidi-run", "job.yaml", "--json").json
    assert answer["exit_code"] == 3
    assert answer["errors"][0]["hint"].startswith("Raise budget_day in vidi.toml, wait ")


def test_thresholds_are_told_while_it_runs(shop):
    shop._monkeypatch.setenv("VIDI_BUDGET_MONTH", "0.10")
    answer = shop("vidi-run", "job.yaml", "-j", "1")
    assert answer.exit_code == 0
    told = [line for line in answer.stderr.splitlines() if "of the month's budget" in line]
    assert [line.partition(" %")[0] for line in told] == ["50", "100"]


def test_two_runs_at_once_share_a_cap_that_only_one_of_them_fits_under(shop):
    """The gate may let both pass; the reservations do not."""
    runs = [
        start_installed(
            "vidi-run",
            name,
            "-q",
            cwd=shop.folder,
            env={**os.environ, "VIDI_BUDGET_DAY": "0.10"},
            stderr=subprocess.DEVNULL,
        )
        for name in ("job.yaml", "again.yaml")
    ]
    codes = {run.wait(timeout=60) for run in runs}
    assert codes <= {0, 1, 3}
    assert today().spent == shop.served.sandbox.billing.total == 2 * COST
    assert shop.served.submits == 2


def test_after_a_kill_the_ledger_holds_what_may_be_billed_and_then_what_was(here):
    here.write("job.yaml", JOB.replace("NAME", "job"))
    with serve_sandbox(latency=0.5) as served:
        environment = {**os.environ, **served.environment}
        run = start_installed("vidi-run", "job.yaml", "-q", cwd=here.folder, env=environment)
        deadline = time.monotonic() + 30
        while len(served.sandbox.works) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        run.kill()
        run.wait()
        assert (today().spent, today().reserved) == (0, 2 * COST)
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 2
        assert served.sandbox.billing.total == 2 * COST
    assert (today().spent, today().reserved) == (2 * COST, 0)


def test_the_sandbox_never_touches_the_ledger(here):
    here.write("job.yaml", JOB.replace("NAME", "job"))
    here._monkeypatch.setenv("VIDI_BUDGET_DAY", "0.01")
    assert here("vidi-run", "job.yaml", "--sandbox").exit_code == 0
    assert not ledger_path().exists()


def test_off_is_said_loudly_and_nothing_is_written(shop):
    shop._monkeypatch.setenv("VIDI_COSTS", "off")
    shop._monkeypatch.setenv("VIDI_BUDGET_DAY", "0.01")
    answer = shop("vidi-run", "job.yaml", "-q")
    assert (answer.exit_code, answer.stderr) == (
        0,
        "VIDI_COSTS=off: nothing is written to the ledger, and no budget holds\n",
    )
    assert not ledger_path().exists()
    shop._monkeypatch.setenv("VIDI_COSTS", "on")
    shop._monkeypatch.delenv("VIDI_BUDGET_DAY")
    assert shop("vidi-run", "job.yaml").exit_code == 0
    assert today().spent == 2 * COST, "the journal knows it all the same"


def test_off_lifts_the_budget_of_the_job_too(shop):
    shop._monkeypatch.setenv("VIDI_COSTS", "off")
    assert shop("vidi-run", "job.yaml", "--budget", "0.01", "-q").exit_code == 0
    assert shop.manifest("outputs/job")["budget_usd"] is None
    shop._monkeypatch.setenv("VIDI_COSTS", "on")
    answer = shop("vidi-run", "job.yaml", "--budget", "0.01", "--rebuy", "*")
    assert (answer.exit_code, shop.served.submits) == (3, 2)


def test_a_word_that_is_neither_on_nor_off_is_refused(shop):
    shop._monkeypatch.setenv("VIDI_COSTS", "maybe")
    answer = shop("vidi-run", "job.yaml")
    assert (answer.exit_code, answer.stderr) == (
        2,
        "VIDI_COSTS is 'maybe', which is neither on nor off\n"
        "  hint: Set VIDI_COSTS=off to run without tracking, or unset it.\n",
    )


def test_a_ledger_that_is_corrupt_stops_everything_before_anything_is_bought(shop):
    ledger_path().write_bytes(b"this is no database, whatever its name says" * 50)
    answer = shop("vidi-run", "job.yaml")
    assert answer.exit_code == 2
    assert answer.stderr.endswith(
        f"the ledger {ledger_path()} cannot be used: file is not a database\n"
        "  hint: Mend or move it, name another one with VIDI_LEDGER, or run untracked with "
        "VIDI_COSTS=off.\n"
    )
    assert shop.served.requests == 0


def test_costs_that_the_ledger_missed_are_entered_by_the_next_run(shop):
    assert shop("vidi-run", "job.yaml").exit_code == 0
    ledger_path().unlink()
    assert shop("vidi-run", "job.yaml").exit_code == 0
    assert today().spent == 2 * COST


def test_a_reservation_that_was_cut_off_before_its_intent_is_given_back(shop):
    assert shop("vidi-run", "job.yaml", "--select", "a").exit_code == 0
    log = (shop.folder / "outputs/job/log.jsonl").read_text(encoding="utf-8")
    killed = json.loads(log.splitlines()[0])["run"]
    ledger = open_ledger(str(ledger_path()))
    ledger.do(reserve_charge(a_charge("b", run=killed, at=datetime.now(UTC)), []))
    ledger.close()
    assert today().reserved == COST
    assert shop("vidi-run", "job.yaml").exit_code == 0
    assert (today().spent, today().reserved) == (2 * COST, 0)


def test_a_locked_ledger_in_the_middle_of_a_run_buys_nothing_more(shop):
    """A ledger that grants nothing is the same as a cap that is full."""
    assert shop("vidi-run", "job.yaml", "--select", "a").exit_code == 0
    other = sqlite3.connect(ledger_path(), isolation_level=None)
    other.execute("DROP TABLE vidi_periods")
    other.close()
    before = shop.served.submits
    answer = shop("vidi-run", "job.yaml")
    assert answer.exit_code == 1
    assert "cannot be used: no such table: vidi_periods" in answer.stderr
    assert shop.served.submits == before
