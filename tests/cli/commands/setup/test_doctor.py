"""`vidi doctor`: green when what the project uses is there, and what to do where it is not."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from support.servers.sandbox import serve_sandbox
from vidi.cli.commands.setup.checkup.database import EXTRAS, tell_server
from vidi.inference.tracking.fleet.server import ServerFacts

CHECKOUT = Path(__file__).parents[4]
JOB = """\
version: 1
budget: 1
inferences:
  - {id: a, model: MODEL, params: {prompt: x}, output: a.webp}
"""
FLUX = "replicate/black-forest-labs/flux-schnell"


def test_only_the_providers_that_jobs_use_need_keys(here):
    here.write("jobs/a.yaml", JOB.replace("MODEL", FLUX))
    here.write("jobs/data.json", "[1]")
    missing = here("vidi", "doctor")
    assert missing.exit_code == 4
    assert "jobs/a.yaml uses it. Get a key at https://replicate.com/" in missing.stderr
    here.write(".env", "REPLICATE_API_TOKEN=abc\n")
    ready = here("vidi", "doctor")
    assert (ready.exit_code, ready.stderr.splitlines()[-1]) == (0, "ready")
    assert "fal: FAL_KEY is not set (no job uses it)" in ready.stdout
    assert "jobs: 1 model, first seen in 1 files" in ready.stdout


def test_what_is_wrong_is_said_with_what_to_do(here, monkeypatch):
    here.write("jobs/a.yaml", JOB.replace("MODEL", "fal/fal-ai/flux/dev"))
    here.write("jobs/b.yaml", "inferences: [")
    here.write("vidi.toml", "budget_day = 5\n")
    monkeypatch.setenv("VIDI_STORE", "no/such/place")
    answer = here("vidi", "doctor")
    for line in (
        "jobs: jobs/b.yaml has mistakes",
        "cap of the day: $5.00 (budget_day in vidi.toml), $0.00 spent, $0.00 reserved, $5.00 left",
        "store: no/such/place cannot be written",
    ):
        assert line in answer.stdout.splitlines()
    assert "clock: 20" in answer.stdout
    assert "vidi validate jobs/b.yaml" in answer.stderr


@pytest.mark.parametrize("key", ["good", "bad"])
def test_live_asks_who_we_are(here, monkeypatch, key):
    here.write("jobs/a.yaml", JOB.replace("MODEL", FLUX))
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        if key == "bad":
            monkeypatch.setenv("REPLICATE_API_TOKEN", "unknown-key")
            monkeypatch.setenv("VIDI_REPLICATE_URL", "http://127.0.0.1:9")
        answer = here("vidi", "doctor", "--live")
        submits = served.submits
    assert submits == 0
    if key == "good":
        assert answer.exit_code == 0
        assert "replicate: sandbox (user); at most 600 creates" in answer.stdout
        assert "fal: the key is good" in answer.stdout
    else:
        assert answer.exit_code == 1
        assert "replicate: no answer from Replicate" in answer.stdout


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("store = 'shared'", "store: shared"),
        ("store = 'no/such/place'", "store: no/such/place cannot be written"),
        ("store = 'ftp://x'", "store: the store ftp://x is of a kind that vidi does not know"),
    ],
)
def test_the_store_of_the_project_is_looked_at(here, setting, said):
    here.write("vidi.toml", setting + "\n")
    assert said in here("vidi", "doctor").stdout.splitlines()


GOOD = ServerFacts("16.4", "on", 0, 0, pooled=False, ahead_s=0.1, max_connections=100)


@pytest.mark.parametrize(
    ("changed", "told", "code"),
    [
        ({}, [], 0),
        ({"synchronous_commit": "off"}, ["synchronous_commit is off"], 2),
        ({"standbys": 1}, ["no COMMIT waits for it"], 0),
        ({"standbys": 2, "synchronous_standbys": 1}, [], 0),
        ({"pooled": True}, ["a pooler gives each transaction another connection"], 0),
        ({"ahead_s": -90.0}, ["clock: 90 s behind the database's"], 0),
    ],
)
def test_a_database_is_judged_by_what_a_fleet_needs(changed, told, code):
    first, *rest = tell_server(replace(GOOD, **changed))
    assert first.text.startswith("database: PostgreSQL 16.4, which needs no extension")
    assert len(rest) == len(told)
    assert all(part in each.text and each.hint for part, each in zip(told, rest, strict=True))
    assert max((each.exit_code for each in rest), default=0) == code


def test_what_is_installed_for_several_machines_is_said(here):
    answer = here("vidi", "doctor")
    assert any(line.startswith("extras: ") for line in answer.stdout.splitlines())
    pyproject = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))
    assert EXTRAS.keys() <= pyproject["project"]["optional-dependencies"].keys()
