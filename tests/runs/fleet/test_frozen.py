"""A worker that stands still between its intent and its request, while others go on."""

import contextlib
import os
import signal
import subprocess
import threading
import time

import psycopg
import pytest

from support.commands import installed
from support.fleets import Fleet
from support.servers.sandbox import serve_sandbox

COUNT = 2
HOLD_S = 1.5
WAIT = """
CREATE FUNCTION hold_intent() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_sleep({seconds}); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON vidi_events DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.event = 'intent' AND NEW.attempt = 1 AND NEW.id = 'p-1')
EXECUTE FUNCTION hold_intent()
"""
"""The commit of one intent takes long: its worker is frozen meanwhile."""
SLEEPS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


def until(fleet, query, wanted=1, seconds=120):
    end = time.monotonic() + seconds
    while fleet.select(query)[0][0] != wanted:
        assert time.monotonic() < end, query
        time.sleep(0.05)


@contextlib.contextmanager
def frozen_worker(fleet, **settings):
    """A worker in a process of its own, stopped while its intent is being committed."""
    fleet.write_job(COUNT)
    text = (fleet.here.folder / "job.yaml").read_text("utf-8")
    fleet.here.write("job.yaml", text.replace("concurrency: 4", "concurrency: 1"))
    fleet.here("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input")
    with psycopg.connect(fleet.database, autocommit=True) as connection:
        connection.execute(WAIT.format(seconds=HOLD_S))
    command = [installed("vidi"), "work", "--run", "job"]
    environment = {**os.environ, **settings}
    worker = subprocess.Popen(command, cwd=fleet.here.folder, env=environment)
    try:
        until(fleet, SLEEPS)
        worker.send_signal(signal.SIGSTOP)
        until(fleet, "SELECT count(*) FROM vidi_rows WHERE status = 'intended'")
        yield worker
    finally:
        worker.send_signal(signal.SIGCONT)
        worker.kill()
        worker.wait()


def reconcile(fleet, *more):
    return fleet.here("vidi", "reconcile", "job", "--fleet", *more)


@pytest.mark.parametrize("said", [False, True], ids=["nobody says", "somebody says not paid"])
def test_a_frozen_poster_buys_nothing_twice(fleet, monkeypatch, said):
    """With a word it never sends what it began; without one it sends, and its receipt is taken."""
    times = {"VIDI_FLEET_LEASE": "1", "VIDI_FLEET_SETTLE": "60"}
    if said:
        times |= {"VIDI_FLEET_SEND_BY": "1", "VIDI_FLEET_SETTLE": "5"}
    for name, value in times.items():
        monkeypatch.setenv(name, value)
    with frozen_worker(fleet) as worker:
        taken_over = fleet.here("vidi", "work", "--run", "job")
        assert taken_over.exit_code == 6, taken_over.stderr
        assert fleet.statuses() == {"in_doubt": 1, "succeeded": COUNT - 1}
        early = reconcile(fleet, "--not-paid", "p-1")
        assert (early.exit_code, "may still send it" in early.stderr) == (2, True), early.stderr
        if said:
            until(fleet, "SELECT count(*) FROM vidi_rows WHERE id = 'p-1'"
                  " AND intended_at < now() - interval '5 s'")  # fmt: skip
            assert reconcile(fleet, "--not-paid", "p-1").exit_code == 0
            assert fleet.here("vidi", "work", "--run", "job").exit_code == 0
        worker.send_signal(signal.SIGCONT)
        worker.wait(120)
    if not said:
        assert fleet.select("SELECT status FROM vidi_rows WHERE id = 'p-1'") != [("in_doubt",)]
        assert fleet.here("vidi", "work", "--run", "job").exit_code == 0
    assert fleet.statuses() == {"succeeded": COUNT}
    assert fleet.served.submits == COUNT
    assert fleet.select("SELECT count(*) FROM vidi_events WHERE event = 'orphan'") == [(0,)]


@pytest.mark.skipif(not os.environ.get("VIDI_ALL_FLEETS"), reason="slow: VIDI_ALL_FLEETS=1")
def test_what_no_list_has_is_not_bought_by_a_rule_that_is_asked_for(fleet, monkeypatch):
    for name, value in {"LEASE": "1", "SEND_BY": "1", "SETTLE": "3"}.items():
        monkeypatch.setenv(f"VIDI_FLEET_{name}", value)
    with frozen_worker(fleet) as worker:
        worker.kill()
        worker.wait()
        until(fleet, "SELECT count(*) FROM vidi_shards WHERE until < clock_timestamp()")
        rule = ["--absent-is-not-paid", "--older-than", "3s"]
        young = fleet.here("vidi", "reconcile", "job", "--fleet", "--absent-is-not-paid")
        assert (young.exit_code, "still in doubt: p-1" in young.stdout) == (6, True), "10 min"
        until(fleet, "SELECT count(*) FROM vidi_rows WHERE id = 'p-1'"
              " AND intended_at < now() - interval '3 s'")  # fmt: skip
        settled = reconcile(fleet, *rule)
        assert settled.exit_code == 0, settled.stdout
        assert fleet.here("vidi", "work", "--run", "job").exit_code == 0
    assert (fleet.statuses(), fleet.served.submits) == ({"succeeded": COUNT}, COUNT)
    assert fleet.select("SELECT sum(reserved) FROM vidi_periods") == [(0,)]
    assert fleet.here("vidi", "reconcile", "job.yaml", "--absent-is-not-paid").exit_code == 2


@pytest.mark.skipif(not os.environ.get("VIDI_ALL_FLEETS"), reason="slow: VIDI_ALL_FLEETS=1")
def test_a_worker_that_is_told_to_end_leaves_no_doubt(here, postgres_database, monkeypatch):
    """SIGTERM finishes and fetches what is under way; what nobody has in hand, `stop` cancels."""
    with serve_sandbox(latency=1.0) as served:
        for name, value in {**served.environment, "VIDI_LEDGER": postgres_database}.items():
            monkeypatch.setenv(name, value)
        fleet = Fleet(here, postgres_database, served)
        fleet.write_job(12)
        fleet.here("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input")
        worker = subprocess.Popen([installed("vidi"), "work", "-q"], cwd=here.folder)
        until(fleet, "SELECT count(*) > 0 FROM vidi_rows WHERE status = 'submitted'", wanted=True)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(120) == 143
        statuses = fleet.statuses()
        assert statuses.keys() == {"succeeded", "new"}, statuses
        assert fleet.served.submits == statuses["succeeded"]
        assert not list((here.folder / "outputs/job").glob(".vidi-tmp-*"))
        worker = subprocess.Popen([installed("vidi"), "work", "-q"], cwd=here.folder)
        until(fleet, "SELECT count(*) > 0 FROM vidi_rows WHERE status = 'submitted'", wanted=True)
        worker.kill()
        worker.wait()
        fleet.change("UPDATE vidi_shards SET until = '-infinity'")
        assert fleet.here("vidi", "stop", "job", "--cancel").exit_code == 0
        assert fleet.state() == "stopped"
        assert fleet.select("SELECT count(*) > 0 FROM vidi_events WHERE event = 'cancel'")[0][0]


def test_a_receipt_that_comes_after_a_wrong_word_is_counted_and_told(
    here, postgres_database, monkeypatch
):
    """Somebody's word was wrong: it is bought twice, both are counted, and both ids are named."""
    with serve_sandbox([{"on": "submit", "fault": "slow", "seconds": 3}]) as served:
        for name, value in {**served.environment, "VIDI_LEDGER": postgres_database}.items():
            monkeypatch.setenv(name, value)
        fleet = Fleet(here, postgres_database, served)
        fleet.write_job(1)
        fleet.here("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input")

        def say_not_paid():
            until(fleet, "SELECT count(*) FROM vidi_rows WHERE status = 'intended'")
            fleet.change(
                "INSERT INTO vidi_events (journal, id, shard, epoch, writer, attempt, run, event,"
                " body) SELECT journal, id, shard, epoch, 'somebody', attempt, run, 'refused',"
                " %s FROM vidi_events WHERE event = 'intent'",
                '{"error": {"code": "not-paid", "message": "", "hint": ""}}',
            )
            fleet.change("UPDATE vidi_rows SET status = 'refused'")
            fleet.change("UPDATE vidi_charges SET actual = 0")
            fleet.change("UPDATE vidi_periods SET reserved = 0")

        saying = threading.Thread(target=say_not_paid)
        saying.start()
        worked = fleet.here("vidi", "work", "--run", "job")
        saying.join()
        assert worked.exit_code == 6, worked.stderr
        assert "p-1 was bought as" in worked.stderr
        assert "both are counted" in worked.stderr
        assert (fleet.statuses(), served.submits) == ({"succeeded": 1}, 2)
        told = fleet.here("vidi", "status", "job", "--fleet", "--json").json
        assert (told["bought_twice"], told["spent_usd"]) == (["p-1"], 0.006)
        assert fleet.here("vidi-run", "job.yaml", "--fleet", "--no-input").exit_code == 6
