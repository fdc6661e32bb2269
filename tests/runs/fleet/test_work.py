"""A job file planned into rows and bought by workers, through the commands."""

import contextlib

import jsonschema

from support.fleets import Fleet
from support.servers.sandbox import serve_sandbox
from vidi.cli.display.answer_schema import answer_schema
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
    fleet.change("UPDATE vidi_shards SET counts = NULL")
    (queue,) = fleet.select("SELECT DISTINCT queue FROM vidi_rows")[0]
    with contextlib.closing(open_ledger(fleet.database)) as ledger:
        found = ledger.do(find_shards([queue]))
    assert found[0] == ("outputs/job", last, True)
    assert [each.shard for each in found[1:]] == list(range(1, last))


def test_the_answer_for_programs_says_how_the_job_stands(fleet):
    fleet.write_job(3)
    planned = fleet.here("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input", "--json")
    jsonschema.validate(planned.json, answer_schema())
    assert planned.json["fleet"]["journal"] == "outputs/job"
    assert fleet.here("vidi", "work", "--run", "outputs/job", "-q").exit_code == 0
    watched = fleet.here("vidi-run", "job.yaml", "--fleet", "--no-input", "--json")
    jsonschema.validate(watched.json, answer_schema())
    assert watched.json["fleet"]["rows"] == {"succeeded": 3}
    failed = fleet.here("vidi-run", "job.yaml", "--fleet", "--sandbox", "--json")
    assert (failed.exit_code, failed.json["ok"]) == (2, False)


def test_a_key_that_is_refused_ends_its_worker_and_no_other(here, postgres_database, monkeypatch):
    with serve_sandbox([{"on": "submit", "fault": "401", "times": 1}]) as served:
        for name, value in {**served.environment, "VIDI_LEDGER": postgres_database}.items():
            monkeypatch.setenv(name, value)
        fleet = Fleet(here, postgres_database, served)
        fleet.write_job(12)
        fleet.here("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input")
        refused = fleet.here("vidi", "work", "--run", "job")
        assert (refused.exit_code, fleet.state()) == (4, "running"), refused.stderr
        assert fleet.select("SELECT count(*) FROM vidi_shards WHERE until > now()") == [(0,)]
        assert fleet.here("vidi", "work", "--run", "job").exit_code == 0
        assert fleet.statuses() == {"succeeded": 12}
        monkeypatch.delenv("FAL_KEY")
        monkeypatch.delenv("REPLICATE_API_TOKEN")
        assert fleet.here("vidi", "work", "--run", "job").exit_code == 4, "no key at all"


def test_secrets_are_never_in_rows(fleet):
    fleet.here.write(
        "job.yaml",
        """version: 1
budget: 1
vars: {api_secret: hunter2hunter2}
inferences:
  - id: a
    model: fal/fal-ai/flux/schnell
    params: {prompt: "with {{ api_secret }}"}
    output: a.png
""",
    )
    refused = fleet.here("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input")
    assert (refused.exit_code, "'prompt' is a secret" in refused.stderr) == (2, True)
    assert fleet.select("SELECT count(*) FROM vidi_journals") == [(0,)]
