"""Every exit code, through the installed command against a sandbox on a real socket."""

import json
import os
import signal
import subprocess
import time

import pytest

from support.commands import run_installed, start_installed
from support.servers.sandbox import serve_sandbox
from vidi.runs.records.folder import hold_folder

ONE = """\
version: 1
name: one
budget: 0.01
inferences:
  - id: tree
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: a tree}
    output: tree.webp
"""


@pytest.fixture
def job(tmp_path):
    (tmp_path / "one.yaml").write_text(ONE, encoding="utf-8")
    return tmp_path


def run_one(folder, *options, faults=(), latency=0.0, **environment):
    with serve_sandbox(faults, latency) as served:
        environment = {**served.environment, **environment}
        return run_installed("vidi-run", "one.yaml", *options, cwd=folder, **environment), served


def test_0_when_all_is_done(job):
    answer, served = run_one(job)
    assert answer.exit_code == 0, answer.stderr
    assert (job / "outputs/one/tree.webp").is_file()
    assert served.submits == 1


def test_1_when_one_failed(job):
    answer, _ = run_one(job, faults=[{"on": "submit", "fault": "422"}])
    assert answer.exit_code == 1
    manifest = json.loads((job / "outputs/one/manifest.json").read_text())
    assert manifest["run"]["status"] == "failed"
    assert manifest["inferences"][0]["status"] == "failed"


def test_2_when_the_job_file_is_wrong(job):
    (job / "one.yaml").write_text(ONE.replace("prompt", "promt"))
    answer, served = run_one(job)
    assert answer.exit_code == 2
    assert served.requests == 0


def test_2_when_the_command_is_wrong(job):
    assert run_installed("vidi-run", "--nonsense", cwd=job).exit_code == 2


def test_3_when_it_is_refused_before_spending(job):
    answer, served = run_one(job, "--budget", "0.002999")
    assert answer.exit_code == 3
    assert served.requests == 0


def test_4_when_a_key_is_missing(job):
    answer = run_installed("vidi-run", "one.yaml", cwd=job)
    assert answer.exit_code == 4
    assert answer.stderr == (
        "REPLICATE_API_TOKEN is not set\n"
        "  hint: Get a key at https://replicate.com/account/api-tokens and set it in the "
        "environment or in .env; or try the same job for nothing with --sandbox.\n"
    )


@pytest.mark.parametrize("key", ["bad-key", "broke-key"])
def test_4_when_a_key_is_refused_or_the_account_has_no_credit(job, key):
    answer, _ = run_one(job, REPLICATE_API_TOKEN=key)
    assert answer.exit_code == 4
    assert key not in answer.stderr + answer.stdout


def test_5_when_the_deadline_comes_first(job):
    (job / "one.yaml").write_text(ONE + "    timeout: 1\n")
    answer, _ = run_one(job, faults=[{"on": "result", "fault": "stuck"}])
    assert answer.exit_code == 5
    assert "unfinished: tree — run the same command again to fetch them" in answer.stderr


def test_6_when_the_outcome_of_a_submit_is_unknown(job):
    answer, served = run_one(job, faults=[{"on": "submit", "fault": "reset"}])
    assert answer.exit_code == 6
    assert served.submits == 1


def test_7_when_another_run_holds_the_folder(job):
    with hold_folder(job / "outputs/one"):
        answer, served = run_one(job)
    assert answer.exit_code == 7
    assert f"process {os.getpid()} on " in answer.stderr
    assert served.requests == 0


def test_70_when_vidi_has_a_bug(job):
    # A broken installation is the one bug that can be had from outside.
    (job / "broken").mkdir()
    (job / "broken/dotenv.py").write_text("raise RuntimeError('broken')")
    (job / ".env").write_text("FAL_KEY=fal-secret-value\n")
    state = {"XDG_STATE_HOME": str(job / "state"), "PYTHONPATH": str(job / "broken")}
    answer = run_installed("vidi-run", "one.yaml", cwd=job, **state, FAL_KEY="fal-secret-value")
    assert answer.exit_code == 70
    assert "Traceback" not in answer.stderr
    report = next((job / "state/vidi/crashes").glob("crash-*.md"))
    assert str(report) in answer.stderr
    assert "RuntimeError: broken" in report.read_text()
    assert "fal-secret-value" not in report.read_text()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_130_and_143_when_it_is_interrupted(job, number, code):
    with serve_sandbox(latency=1.5) as served:
        process = start_installed(
            "vidi-run",
            "one.yaml",
            cwd=job,
            env={**os.environ, **served.environment},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        wait_until(lambda: served.submits == 1)
        process.send_signal(number)
        stderr = process.communicate(timeout=30)[1]
    assert process.returncode == code
    assert "Still billed: tree." in stderr
    manifest = json.loads((job / "outputs/one/manifest.json").read_text())
    assert manifest["run"]["status"] == "interrupted"
    # The first signal drains: what ran was fetched.
    assert manifest["inferences"][0]["status"] == "succeeded"


def wait_until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.mark.parametrize("fault", ["429", "failed-transient"])
def test_nothing_is_bought_after_the_first_signal(job, fault):
    on = "submit" if fault == "429" else "result"
    faults = [{"on": on, "fault": fault, "times": 0, "retry_after": 4}]
    (job / "one.yaml").write_text(ONE.replace("0.01", "1") + "    retry: {attempts: 10}\n")
    with serve_sandbox(faults) as served:
        process = start_installed(
            "vidi-run",
            "one.yaml",
            "-q",
            cwd=job,
            env={**os.environ, **served.environment},
            stderr=subprocess.PIPE,
        )
        wait_until(lambda: served.submits == 1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        submits = served.submits
    assert (process.returncode, submits) == (143, 1)
