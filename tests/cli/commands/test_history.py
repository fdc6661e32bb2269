import os
from datetime import timedelta

import pytest

from support.ledgers import NOON, a_charge
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.inference.tracking.ledger.replay import RunRecord, replay_journal

TABLE = """\
run    began                    job file     folder           inferences   cost  in doubt
run-2  2026-11-23 13:00:00 UTC  jobs/a.yaml  /data/outputs/a           0  $0.00     $0.00
run-1  2026-11-23 12:00:00 UTC  jobs/a.yaml  /data/outputs/a           2  $0.04     $0.03
"""
CSV = """\
id,started_at,job_file,output_dir,inferences,cost_usd,in_doubt_usd
run-2,2026-11-23T13:00:00+00:00,jobs/a.yaml,/data/outputs/a,0,0.00,0.00
run-1,2026-11-23T12:00:00+00:00,jobs/a.yaml,/data/outputs/a,2,0.04,0.03
"""


@pytest.fixture
def past(here):
    """A ledger with two runs, the second of which had nothing to buy."""
    records = [
        RunRecord("run-1", "jobs/a.yaml", "/data/outputs/a", NOON),
        RunRecord("run-2", "jobs/a.yaml", "/data/outputs/a", NOON + timedelta(hours=1)),
    ]
    journal = [a_charge("a", actual="0"), a_charge("a", attempt=2, actual="0.04")]
    ledger = open_ledger(os.environ["VIDI_LEDGER"])
    ledger.do(replay_journal(records, [*journal, a_charge("b", "0.03")], NOON))
    ledger.close()
    return here


def test_the_runs_are_listed_the_last_one_first(past):
    assert past("vidi", "history").stdout == TABLE


def test_the_same_as_csv(past):
    assert past("vidi", "history", "--csv").stdout == CSV


def test_the_same_as_json(past):
    answer = past("vidi", "history", "--limit", "1", "--json").json
    assert answer == {
        "schema_version": 1,
        "command": "history",
        "ok": True,
        "exit_code": 0,
        "runs": [
            {
                "id": "run-2",
                "started_at": "2026-11-23T13:00:00.000+00:00",
                "job_file": "jobs/a.yaml",
                "output_dir": "/data/outputs/a",
                "inferences": 0,
                "cost_usd": 0,
                "in_doubt_usd": 0,
            }
        ],
    }


def test_a_real_run_is_listed_and_one_in_the_sandbox_is_not(here):
    assert here("vidi", "history").stderr == "no run is known\n"
    here.write(
        "job.yaml",
        "version: 1\nbudget: 1\ninferences:\n"
        "  - {id: a, model: fal/fal-ai/flux/dev, params: {prompt: a tree}, output: a.jpg}\n",
    )
    assert here("vidi-run", "job.yaml", "--sandbox").exit_code == 0
    assert here("vidi", "history", "--json").json["runs"] == []
