"""The same command again: what it buys, what it leaves, and what it refuses."""

import json

import psycopg
import pytest

from vidi.inference.tracking.fleet.settings import FleetSettings

PRICE_MICROS = 1000


def plan(fleet, *more):
    return fleet.here("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input", *more)


def work(fleet, *more):
    return fleet.here("vidi", "work", "--run", "job", "-q", *more)


def test_a_cap_stops_the_job_once_and_more_money_resumes_it(fleet):
    fleet.write_job(12)
    plan(fleet)
    (price,) = fleet.select("SELECT DISTINCT reserve FROM vidi_rows")[0]
    fleet.change("UPDATE vidi_journals SET budget = %s", 5 * price)
    assert work(fleet).exit_code == 3
    assert (fleet.state(), fleet.served.submits) == ("stopped", 5)
    told = fleet.here("vidi", "status", "job", "--fleet", "--json").json
    assert told["rows"]["succeeded"] == 5
    assert "budget" in told["stopped_by"]
    assert work(fleet).exit_code == 3, "nothing begins by itself"
    watched = plan(fleet)
    assert watched.exit_code == 0, watched.stderr
    assert "7 to buy" in watched.stderr
    assert work(fleet).exit_code == 0
    assert (fleet.statuses(), fleet.served.submits) == ({"succeeded": 12}, 12)
    spent = fleet.select("SELECT sum(spent), sum(reserved) FROM vidi_periods WHERE kind = 'day'")
    assert spent == [(12 * price, 0)]


def test_a_changed_job_buys_what_is_new(fleet):
    fleet.write_job(3)
    plan(fleet)
    assert work(fleet).exit_code == 0
    text = (fleet.here.folder / "job.yaml").read_text("utf-8")
    fleet.here.write("job.yaml", text.replace("1, 2, 3", "2, 3, 4").replace("árbol", "casa"))
    refused = plan(fleet, "--frozen")
    assert refused.exit_code == 3
    again = plan(fleet)
    assert (again.exit_code, "3 to buy" in again.stderr) == (0, True), again.stderr
    assert work(fleet).exit_code == 0
    assert fleet.served.submits == 6
    attempts = dict(fleet.select("SELECT id, attempt FROM vidi_rows"))
    assert attempts == {"p-1": 1, "p-2": 2, "p-3": 2, "p-4": 1}
    (fleet.here.folder / "outputs/job/p-4.png").unlink()
    assert "1 to buy" in plan(fleet).stderr, "it is bought where its provider no longer has it"
    assert work(fleet).exit_code == 0
    assert (fleet.here.folder / "outputs/job/p-4.png").exists()
    assert fleet.served.submits == 6
    assert "p-9 asks for what was bought as p-4" in rename(fleet, "p-9").stderr
    fleet.here.write("job.yaml", text.replace('"{{ id }}.png"', '"new/{{ id }}.png"'))
    moved = plan(fleet)
    assert (moved.exit_code, "3 mistakes" in moved.stderr) == (2, True), moved.stderr
    assert "p-1 would have files moved, and a fleet moves none" in moved.stderr
    assert "p-2 would have files restored, and a fleet moves none" in moved.stderr
    assert "Give it its former `output` again, leave it out with --exclude p-1" in moved.stderr
    named = ("--rebuy", "p-1", "--exclude", "p-2", "--exclude", "p-3")
    allowed = plan(fleet, *named)
    assert (allowed.exit_code, "1 to buy" in allowed.stderr) == (0, True), allowed.stderr


def rename(fleet, new):
    text = (fleet.here.folder / "job.yaml").read_text("utf-8")
    entry = f'"{{% if n == 4 %}}{new}{{% else %}}p-{{{{ n }}}}{{% endif %}}"'
    fleet.here.write("job.yaml", text.replace('"p-{{ n }}"', entry, 1))
    return plan(fleet)


def test_another_plan_waits_for_the_one_that_runs(fleet):
    fleet.write_job(3)
    plan(fleet)
    fleet.write_job(4)
    assert plan(fleet).exit_code == 7
    fleet.here("vidi", "stop", "job")
    assert plan(fleet).exit_code == 0
    assert work(fleet).exit_code == 0
    assert fleet.served.submits == 4


def test_two_planners_do_not_plan_one_job(fleet):
    fleet.write_job(1)
    plan(fleet)
    fleet.here("vidi", "stop", "job")
    with psycopg.connect(fleet.database, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s, hashtext('outputs/job'))", [0x76696469])
        refused = plan(fleet)
    assert (refused.exit_code, "planned by another command" in refused.stderr) == (7, True)
    assert plan(fleet).exit_code == 0


def test_a_planner_that_died_begins_anew(fleet):
    fleet.write_job(3)
    plan(fleet)
    fleet.change("UPDATE vidi_journals SET state = 'planning'")
    fleet.change("DELETE FROM vidi_rows WHERE id = 'p-2'")
    assert fleet.here("vidi", "work", "--idle-exit", "0s").exit_code == 0
    assert fleet.served.submits == 0, "nothing of half a plan is bought"
    assert plan(fleet).exit_code == 0
    assert work(fleet).exit_code == 0
    assert fleet.served.submits == 3


def test_a_worker_with_other_templates_buys_nothing(fleet):
    fleet.write_job(3)
    plan(fleet)
    spec = fleet.select("SELECT spec FROM vidi_rows WHERE id = 'p-1'")[0][0]
    fleet.change(
        "UPDATE vidi_rows SET spec = %s WHERE id = 'p-1'",
        json.dumps({**spec, "listed": {"low": "0.1", "high": "0.1"}}),
    )
    refused = work(fleet)
    assert refused.exit_code == 3
    assert "p-1 is not as it was planned" in refused.stderr
    other = json.dumps({**spec, "params": {**spec["params"], "prompt": "other"}})
    fleet.change("UPDATE vidi_rows SET spec = %s WHERE id = 'p-1'", other)
    assert "asks for something else here" in work(fleet).stderr
    assert fleet.served.submits == 0
    assert fleet.select("SELECT count(*) FROM vidi_shards WHERE until > now()") == [(0,)]


def test_a_folder_is_a_fleets_or_a_machines(fleet):
    fleet.write_job(1)
    plan(fleet)
    refused = fleet.here("vidi-run", "job.yaml", "--no-input")
    assert (refused.exit_code, "filled by a fleet" in refused.stderr) == (2, True)
    fleet.here("vidi-run", "job.yaml", "--no-input", "-o", "outputs/own")
    taken = plan(fleet, "-o", "outputs/own")
    assert (taken.exit_code, "of which a fleet knows nothing" in taken.stderr) == (2, True)


@pytest.mark.parametrize("values", [{"VIDI_FLEET_LEASE": "0"}, {"VIDI_FLEET_SEND_BY": "120"}])
def test_settings_that_would_lose_money_are_refused(values):
    with pytest.raises(Exception, match="VIDI_FLEET"):
        FleetSettings.from_environment(values)
