"""What every released vidi has written can be read for ever: journals, ledgers, manifests.

`journals/vN` is a project folder whose job was really run, against the served sandbox: once for
each inference, with the fault that its name says, some of them interrupted or killed; from format 2
on some have a change of the job, the store or another bill in place of a fault. `states.json` says
what is known of each. `ledgers/vN.sql` is the dump of the ledger of those runs.
"""

import contextlib
import json
import shutil
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest

from support.ledgers import select
from support.servers.sandbox import serve_sandbox
from vidi.inference.tracking.journal.events import JOURNAL_SCHEMA, EventKind
from vidi.inference.tracking.journal.journal import FileJournal, read_events
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.inference.tracking.ledger.schema import SCHEMA_VERSION as LEDGER_SCHEMA
from vidi.runs.records.manifest.render import SCHEMA_VERSION as MANIFEST_SCHEMA

HERE = Path(__file__).parent
LOG = Path("outputs/job/log.jsonl")
JOURNALS = {int(path.name[1:]): path for path in (HERE / "journals").iterdir()}
LEDGERS = {int(path.stem[1:]): path for path in (HERE / "ledgers").iterdir()}
journals = pytest.mark.parametrize("project", JOURNALS.values(), ids=lambda path: path.name)
ledgers = pytest.mark.parametrize("dump", LEDGERS.values(), ids=lambda path: path.name)

YOUNGER = {
    1: {"base_prices", "repriced", "drift", "raised", "renamed", "restored", "taken"},
    2: set[str](),
}
"""Format to the kinds of events that are younger than its journal here.

The first four came without a new format, as an older vidi passes them over; the last three made
format 2.
"""
OPEN = {"unfinished", "submitted", "completed", "lost"}
"""What could only be fetched from the server that made it."""
REASONS = {
    "refused": "refused before",
    "failed": "failed before",
    "moderated": "moderated before: change its params, or buy it again with --rebuy",
    "doubtful": "in doubt: the provider is asked first",
    "unfinished": "submitted before: fetch it",
    "cancelled": "failed before",
    "lost": "failed before, and replicate kept it for 1 h only",
    "intended": "in doubt: the provider is asked first",
    "submitted": "submitted before: fetch it",
    "completed": "finished before: fetch it",
    "not-paid": "refused before",
}
MADE_IN_1 = ("idea", "odd", "retried", "adopted", "second-thoughts")
MADE = {
    1: MADE_IN_1,
    2: (*MADE_IN_1, "drifted", "raised", "repriced", "renamed", "restored", "taken"),
}
SPENT = {1: Decimal("0.012"), 2: Decimal("0.032")}
"""Format to what its runs have cost, in USD."""


def format_of(project):
    return int(project.name[1:])


def describe(state):
    charges = [
        [str(each.reserved), None if each.actual is None else str(each.actual)]
        for each in state.charges
    ]
    return {
        "status": state.status,
        "request_id": state.request_id,
        "attempts": state.attempts,
        "reserved": str(state.reserved),
        "charges": charges,
        "basis": state.basis,
        "receipts": len(state.receipts),
        "output": state.output is not None,
        "assets": {asset.path: asset.sha256[:8] for asset in state.assets},
        "error": (state.error or {}).get("code"),
    }


def test_every_released_format_has_its_fixture():
    assert sorted(JOURNALS) == list(range(1, JOURNAL_SCHEMA + 1))
    assert sorted(LEDGERS) == list(range(1, LEDGER_SCHEMA + 1))
    manifests = {read_manifest(project)["schema_version"] for project in JOURNALS.values()}
    assert manifests == set(range(1, MANIFEST_SCHEMA + 1))


@journals
def test_a_journal_holds_every_kind_of_event(project):
    events = [event for event, _ in read_events(project / LOG)]
    assert {event["event"] for event in events} == set(get_args(EventKind)) - YOUNGER[
        format_of(project)
    ]
    versions = {event["schema"] for event in events if event["event"] == "run_started"}
    assert versions == {format_of(project)}


@journals
def test_a_journal_says_what_it_said_when_it_was_written(project):
    states = FileJournal(project / LOG, run="now").states
    expected = json.loads((project / "states.json").read_text())
    assert {key: describe(state) for key, state in states.items()} == expected


@pytest.fixture
def moved_in(here):
    """Make an old project the working directory."""

    def move_in(project):
        shutil.copytree(project, here.folder, dirs_exist_ok=True)
        return here

    return move_in


@journals
def test_the_status_of_an_old_folder_is_told(project, moved_in):
    found = moved_in(project)("vidi", "status", "job.yaml", "--json").json
    spent, made = SPENT[format_of(project)], MADE[format_of(project)]
    assert (found["cost_usd"], found["may_be_billed_usd"]) == (float(spent), 0.011)
    assert found["next_command"] == "vidi reconcile job.yaml"
    assert {line["id"] for line in found["inferences"]} == {*REASONS, *made}


@journals
def test_the_plan_of_an_old_folder_knows_what_was_bought(project, moved_in):
    plan = moved_in(project)("vidi-run", "job.yaml", "--estimate", "--json").json
    reasons = {row["id"]: row["reason"] for row in plan["jobs"][0]["inferences"]}
    assert reasons == {**REASONS, **dict.fromkeys(MADE[format_of(project)], "made before")}


@journals
def test_an_old_folder_is_run_on(project, moved_in):
    here = moved_in(project)
    here._monkeypatch.setenv("VIDI_RECONCILE_SECONDS", "0")
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        answer = here("vidi-run", "job.yaml", "-q", "--exclude", ",".join(OPEN))
    assert answer.exit_code == 6
    rows = here.manifest("outputs/job")["inferences"]
    bought = {row["id"] for row in rows if row["status"] == "succeeded"}
    assert bought == {"refused", "failed", "cancelled", "not-paid"}
    assert served.submits == len(bought)
    spent = SPENT[format_of(project)] + served.sandbox.billing.total
    assert sqlite_sums(here) == (spent, Decimal("0.011"))


def sqlite_sums(here):
    costs = here("vidi", "costs", "--json").json
    return Decimal(str(costs["total_usd"])), Decimal(str(costs["in_doubt_usd"]))


@journals
def test_the_report_of_an_old_manifest_is_made(project, moved_in):
    here = moved_in(project)
    assert here("vidi", "report", "outputs/job").exit_code == 0


def read_manifest(project):
    return json.loads((project / "outputs/job/manifest.json").read_text())


def restore(dump, path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(dump.read_text())


@ledgers
@pytest.mark.parametrize("without", ["", "vidi_receipts"])
def test_an_old_ledger_keeps_its_sums_and_takes_new_ones(here, dump, without):
    """The first ledgers had no table of receipts."""
    path = here.folder / "ledger.sqlite3"
    restore(dump, path)
    if without:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute(f"DROP TABLE {without}")
    here._monkeypatch.setenv("VIDI_LEDGER", str(path))
    assert sqlite_sums(here) == (Decimal("0.012"), Decimal("0.011"))
    assert len(here("vidi", "history", "--json").json["runs"]) == 16
    with contextlib.closing(open_ledger(str(path))) as ledger:
        (month,) = select(ledger, "SELECT * FROM vidi_periods WHERE kind = 'month'")
        assert month == ("month", "2026-11", 12_000, 11_000)


@journals
def test_an_old_folder_brings_a_lost_ledger_up(project, moved_in):
    here = moved_in(project)
    answer = here("vidi-run", "job.yaml", "-q", "--select", "idea")
    assert answer.exit_code == 0, answer.stderr
    assert sqlite_sums(here) == (SPENT[format_of(project)], Decimal("0.011"))
