"""What waits to be sent has not been bought, whatever ends the wait."""

import json
import os
import signal
import subprocess
import time

import pytest

from support.commands import start_installed
from support.servers.sandbox import serve_sandbox
from vidi.inference.lifecycle.sends import SENDS_AT_ONCE

MODELS = {"replicate": "replicate/black-forest-labs/flux-schnell", "fal": "fal/fal-ai/flux/dev"}
JOB = """\
version: 1
name: job
budget: 1.00
concurrency: COUNT
limits: {replicate: {creates_per_minute: 60}}
inferences:
  - id: "tree-{{ n }}"
    matrix: {n: "{{ range(COUNT) | list }}"}
    model: MODEL
    params: {prompt: "tree {{ n }}"}
    output: "{{ id }}.webp"
    timeout: TIMEOUT
"""
NOT_NOW = {"on": "submit", "fault": "429", "times": 3, "retry_after": 3}
providers = pytest.mark.parametrize("provider", ["replicate", "fal"])


@pytest.fixture
def start(here):
    """Start a run that is to wait; ended by a signal."""

    def start(served, provider, count=3):
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        write_job(here, provider, count)
        return start_installed(
            "vidi-run",
            "job.yaml",
            "--no-report",
            cwd=here.folder,
            env={**os.environ, **served.environment},
            stderr=subprocess.PIPE,
        )

    return start


def write_job(here, provider, count, timeout=600):
    text = JOB.replace("COUNT", str(count)).replace("MODEL", MODELS[provider])
    here.write("job.yaml", text.replace("TIMEOUT", str(timeout)))


def events(here, kind):
    log = here.folder / "outputs/job/log.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return sum(f'"event":"{kind}"' in line for line in lines)


def told_to_come_later(here):
    """Whether some were refused, and the others wait with them: none has an open intent."""
    return 0 < events(here, "refused") == events(here, "intent")


def wait_until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@providers
def test_a_kill_while_told_to_come_later_leaves_no_doubt(here, start, provider):
    with serve_sandbox([NOT_NOW]) as served:
        run = start(served, provider)
        wait_until(lambda: told_to_come_later(here))
        run.kill()
        run.communicate()
        status = here("vidi", "status", "job.yaml", "--json").json
        assert (status["may_be_billed_usd"], here("vidi-run", "job.yaml").exit_code) == (0, 0)
        assert (served.submits, len(served.sandbox.works)) == (6, 3)
        costs = here("vidi", "costs", "--json").json
        assert costs["total_usd"] == float(served.sandbox.billing.total)
        assert costs["in_doubt_usd"] == 0


def test_a_kill_while_waiting_for_a_turn_leaves_no_doubt(here, start):
    with serve_sandbox() as served:
        run = start(served, "replicate", count=20)
        wait_until(lambda: events(here, "settled") >= 6)
        run.kill()
        run.communicate()
        unanswered = events(here, "intent") - events(here, "submitted")
        assert unanswered <= SENDS_AT_ONCE, "what waits for its turn has no intent"
        write_job(here, "replicate", 8)
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == len(served.sandbox.works)


@providers
def test_an_interrupt_while_told_to_come_later_has_nothing_to_pay_for(here, start, provider):
    with serve_sandbox([NOT_NOW]) as served:
        run = start(served, provider)
        wait_until(lambda: told_to_come_later(here))
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=30)
        assert (run.returncode, served.submits) == (130, events(here, "refused"))
    assert "illed" not in said
    rows = here.manifest("outputs/job")["inferences"]
    assert {row["status"] for row in rows} == {"skipped"}


@providers
@pytest.mark.parametrize("told", [0, -1, None])
def test_not_now_without_a_time_is_no_invitation_to_hammer(here, provider, told):
    write_job(here, provider, 1, timeout=2)
    fault = {"on": "submit", "fault": "429", "times": 0, "retry_after": told}
    with serve_sandbox([fault]) as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        assert here("vidi-run", "job.yaml").exit_code == 1
        assert 1 < served.submits < 25
    (row,) = here.manifest("outputs/job")["inferences"]
    assert (row["status"], row["cost_usd"]["actual"]) == ("failed", 0)
    assert json.loads((here.folder / "outputs/job/manifest.json").read_text())["cost_usd"] == {
        "estimated_low": row["cost_usd"]["estimated_low"],
        "estimated_high": row["cost_usd"]["estimated_high"],
        "actual": 0,
        "in_doubt": 0,
        "saved": 0,
        "paid": 0,
    }
