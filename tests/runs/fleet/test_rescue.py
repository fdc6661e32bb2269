"""What a dead worker has left behind is taken over beside what another one is at."""

import pytest

from support.fleets import Fleet
from support.servers.sandbox import serve_sandbox

TIMES = {"VIDI_FLEET_LEASE": "1", "VIDI_FLEET_SWEEP": "0.2"}


@pytest.mark.parametrize("options", [("--run", "job"), ("--idle-exit", "0s")], ids=str)
def test_it_is_taken_over_while_the_own_shard_goes_on(
    here, postgres_database, monkeypatch, options
):
    with serve_sandbox(latency=0.4) as served:
        environment = {**served.environment, **TIMES, "VIDI_LEDGER": postgres_database}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        fleet = Fleet(here, postgres_database, served)
        fleet.write_job(20)
        here("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input")
        fleet.change(
            "UPDATE vidi_shards SET holder = 'dead', epoch = 1,"
            " until = clock_timestamp() + interval '1 s' WHERE shard = 1"
        )
        worked = here("vidi", "work", "-j", "1", "-q", *options)
        assert worked.exit_code == 0, worked.stderr
        assert (fleet.statuses(), served.submits) == ({"succeeded": 20}, 20)
        times = dict(
            fleet.select(
                "SELECT shard, CASE shard WHEN 1 THEN min(ts) ELSE max(ts) END"
                " FROM vidi_events WHERE id IS NOT NULL GROUP BY shard"
            )
        )
        assert times[1] < times[2], "it has not waited for the end of the other one"
