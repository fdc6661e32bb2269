import os
from datetime import timedelta
from pathlib import Path

import pytest

from support.ledgers import NOON, a_charge
from support.servers.sandbox import serve_sandbox
from vidi.inference.tracking.caps import LEDGER_GROUPINGS
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.inference.tracking.ledger.replay import RunRecord, replay_journal

BOUGHT = [
    a_charge("a", "0.05", run="run-1", at=NOON - timedelta(days=1), actual="0.04"),
    a_charge("b", "0.000002", run="run-1", at=NOON - timedelta(days=1), actual="0.000001"),
    a_charge("a", "0.05", run="run-2", at=NOON, actual="0.05"),
    a_charge("b", "0.03", run="run-2", at=NOON),
]
TABLE = """\
day         attempts  estimated     actual  in doubt
2026-11-22         2  $0.050002  $0.040001     $0.00
2026-11-23         2      $0.05      $0.05     $0.03
total              4  $0.100002  $0.090001     $0.03
"""
CSV = """\
month,attempts,estimated_usd,actual_usd,in_doubt_usd
2026-11,4,0.100002,0.090001,0.03
"""


TAGS = {"hero": [charge.key.inference for charge in BOUGHT if charge.key.run == "run-2"]}
TAGS["web"] = TAGS["hero"]


@pytest.fixture
def spent(here):
    """A ledger with two runs."""
    records = [
        RunRecord("run-1", "jobs/a.yaml", "/data/outputs/a", NOON - timedelta(days=1)),
        RunRecord("run-2", "jobs/a.yaml", "/data/outputs/a", NOON, TAGS),
    ]
    ledger = open_ledger(os.environ["VIDI_LEDGER"])
    ledger.do(replay_journal(records, BOUGHT, NOON))
    ledger.close()
    return here


def test_the_json_has_every_grouping(spent):
    assert spent("vidi", "costs", "--json").json == {
        "schema_version": 1,
        "total_usd": 0.090001,
        "in_doubt_usd": 0.03,
        "by": {
            "model": {"fal/fal-ai/flux/dev": 0.090001},
            "provider": {"fal": 0.090001},
            "day": {"2026-11-22": 0.040001, "2026-11-23": 0.05},
            "week": {"2026-W47": 0.040001, "2026-W48": 0.05},
            "month": {"2026-11": 0.090001},
            "run": {"run-1": 0.040001, "run-2": 0.05},
            "job": {"jobs/a.yaml": 0.090001},
            "tag": {"(no tag)": 0.040001, "hero": 0.05, "web": 0.05},
            "folder": {"/data/outputs/a": 0.090001},
        },
    }


def test_the_table_sets_estimates_against_actual_costs(spent):
    assert spent("vidi", "costs", "--by", "day").stdout == TABLE


def test_the_same_as_csv(spent):
    assert spent("vidi", "costs", "--by", "month", "--csv").stdout == CSV


@pytest.mark.parametrize("grouping", LEDGER_GROUPINGS)
def test_every_grouping_has_the_same_total(spent, grouping):
    lines = spent("vidi", "costs", "--by", grouping).stdout.splitlines()
    assert lines[-1].split() == ["total", "4", "$0.100002", "$0.090001", "$0.03"]


@pytest.mark.parametrize(
    ("span", "total"),
    [
        (["--since", "2026-11-23"], 0.05),
        (["--until", "2026-11-22"], 0.040001),
        (["--since", "2026-11-22", "--until", "2026-11-23"], 0.090001),
        (["--since", "2026-11-24"], 0),
    ],
)
def test_a_span_of_days_includes_both_ends(spent, span, total):
    assert spent("vidi", "costs", "--json", *span).json["total_usd"] == total


def test_where_there_is_no_ledger_nothing_was_spent_and_none_is_made(here):
    assert here("vidi", "costs", "--json").json == {
        "schema_version": 1,
        "total_usd": 0,
        "in_doubt_usd": 0,
        "by": {grouping: {} for grouping in LEDGER_GROUPINGS},
    }
    assert here("vidi", "costs").stderr == "nothing has been bought\n"
    assert not Path(os.environ["VIDI_LEDGER"]).exists()


@pytest.mark.parametrize("command", ["costs", "history"])
def test_two_forms_at_once_are_refused(here, command):
    answer = here("vidi", command, "--json", "--csv")
    assert answer.exit_code == 2
    assert answer.stderr == ("--json and --csv exclude each other\n  hint: Ask for one of them.\n")


@pytest.mark.parametrize("command", ["costs", "history"])
def test_a_ledger_that_cannot_be_read_is_told(here, command):
    Path(os.environ["VIDI_LEDGER"]).write_text("no database at all" * 99)
    answer = here("vidi", command)
    assert answer.exit_code == 2
    assert answer.stderr.startswith(f"the ledger {os.environ['VIDI_LEDGER']} cannot be used: ")


JOB = """\
version: 1
budget: 1
defaults: {model: fal/fal-ai/flux/dev, params: {prompt: x, image_size: square}}
inferences:
  - {id: a, output: a.jpg, tags: [web, hero]}
  - {id: b, output: b.jpg, tags: [web], params: {seed: 1}}
  - {id: c, output: c.jpg, params: {seed: 2}}
"""


def test_a_run_is_summed_up_by_job_tag_and_folder_also_in_a_ledger_made_anew(here):
    here.write("job.yaml", JOB)
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        assert here("vidi-run", "job.yaml").exit_code == 0
        for _ in range(2):
            by = here("vidi", "costs", "--json").json["by"]
            assert by["tag"] == {"(no tag)": 0.025, "hero": 0.025, "web": 0.05}
            assert by["job"] == {"job.yaml": 0.075}
            assert by["folder"] == {str(here.folder / "outputs/job"): 0.075}
            Path(os.environ["VIDI_LEDGER"]).unlink()
            here.write("job.yaml", JOB.replace("seed: 2", "seed: 2, num_images: 1"))
            assert here("vidi-run", "job.yaml", "--select", "a").exit_code == 0
    total = here("vidi", "costs", "--by", "tag").stdout.splitlines()[-1].split()
    assert total == ["total", "3", "$0.075", "$0.075", "$0.00"]
