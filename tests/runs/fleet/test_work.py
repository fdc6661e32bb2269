"""A job file planned into rows and bought by workers, through the commands."""

import contextlib

from vidi.inference.tracking.fleet.shards import find_shards
from vidi.inference.tracking.ledger.connection import open_ledger


def test_what_is_planned_is_bought_once(fleet):
    fleet.write_job(25)
    planned = fleet.here("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input")
    assert (planned.exit_code, planned.stdout) == (0, "outputs/job\n"), planned.stderr
    assert fleet.state() == "running"
    assert fleet.served.submits == 0

    first = fleet.here("vidi", "work", "--run", "job", "--shard", "1/2")
    assert first.exit_code == 0, first.stderr
    again = fleet.here("vidi", "work", "--run", "job.yaml")
    assert again.exit_code == 0, again.stderr
    assert fleet.served.submits == 25
    assert fleet.statuses() == {"succeeded": 25}
    assert fleet.state() == "ended"


def test_status_and_stop_tell_how_it_stands(fleet):
    fleet.write_job(12)
    fleet.here("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input")
    told = fleet.here("vidi", "status", "outputs/job", "--fleet", "--json").json
    assert (told["state"], told["rows"], told["total"]) == ("running", {"new": 12}, 12)
    assert told["left_usd"] == told["budget_usd"] == 1
    assert "vidi work" in fleet.here("vidi", "status", "job.yaml", "--fleet").stdout
    assert fleet.here("vidi", "stop", "job").exit_code == 0
    assert fleet.state() == "stopped"
    assert fleet.here("vidi", "work", "--run", "job").exit_code == 5, "nothing new is begun"
    assert fleet.served.submits == 0
    planned = fleet.here("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input")
    assert planned.exit_code == 0, planned.stderr
    assert fleet.here("vidi", "work", "--idle-exit", "0s").exit_code == 0
    assert fleet.statuses() == {"succeeded": 12}
    watched = fleet.here("vidi-run", "job.yaml", "--fleet", "--no-input")
    assert (watched.exit_code, fleet.served.submits) == (0, 12), watched.stderr
    assert fleet.here("vidi", "status", "nothing", "--fleet").exit_code == 2


def test_what_a_fleet_cannot_do_is_refused_before_anything_is_planned(fleet, monkeypatch):
    fleet.write_job(3)
    for more in (["--sandbox"], ["--shard", "1/2"], ["--max-failures", "1"], ["job.yaml"]):
        assert fleet.here("vidi-run", "job.yaml", "--fleet", *more).exit_code == 2, more
    fleet.write_job(3, budget="0.001")
    assert fleet.here("vidi-run", "job.yaml", "--fleet", "--no-input").exit_code == 3
    monkeypatch.setenv("VIDI_FLEET_SETTLE", "20")
    refused = fleet.here("vidi-run", "job.yaml", "--fleet", "--no-input")
    assert (refused.exit_code, "VIDI_FLEET_SETTLE" in refused.stderr) == (2, True)
    monkeypatch.delenv("VIDI_FLEET_SETTLE")
    monkeypatch.setenv("VIDI_LEDGER", "ledger.sqlite3")
    assert "PostgreSQL" in fleet.here("vidi-run", "job.yaml", "--fleet", "--no-input").stderr


def test_what_was_bought_and_left_comes_before_what_nobody_had(fleet):
    """Its provider keeps it for an hour; the rest of a large job may take a day."""
    fleet.write_job(40)
    fleet.here("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input")
    last = fleet.select("SELECT max(shard) FROM vidi_shards")[0][0]
    fleet.change("UPDATE vidi_shards SET epoch = 3 WHERE shard = %s", last)
    fleet.change("UPDATE vidi_rows SET status = 'submitted' WHERE shard = %s AND n %% 2 = 0", last)
    (queue,) = fleet.select("SELECT DISTINCT queue FROM vidi_rows")[0]
    with contextlib.closing(open_ledger(fleet.database)) as ledger:
        found = ledger.do(find_shards([queue]))
    assert found[0] == ("outputs/job", last, True)
    assert [each.shard for each in found[1:]] == list(range(1, last))
