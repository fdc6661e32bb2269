"""A signal at any moment of the installed command: what it says is true, and nothing is lost.

Each moment has one of the signals by turns, and all of them with VIDI_ALL_SIGNALS=1.
"""

import json
import os
import signal
from pathlib import Path

import pytest

from support.commands import run_installed
from support.servers.sandbox import serve_sandbox
from support.turns import in_turns

SITE = """\
import pressing

pressing.wait_for_the_moment()
"""
JOB = """\
version: 1
name: NAME
budget: 1.00
inferences:
  - id: tree
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: a tree}
    output: tree.webp
  - id: later
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: later}
    output: later.webp
"""
KILLING = Path(__file__).parents[2] / "support/killing"
ALL = "VIDI_ALL_SIGNALS"
PRESSES = {
    "Ctrl-C": ([signal.SIGINT], 130),
    "Ctrl-C three times": ([signal.SIGINT] * 3, 130),
    "SIGTERM": ([signal.SIGTERM], 143),
}
# The start, the reading, the checking, and the last moment before a run begins.
BEFORE = (
    "import click",
    "import vidi.cli.running.steps",
    "import jsonschema_rs",
    "import vidi.runs.execution.run",
)
SOME = PRESSES if os.environ.get(ALL) else ("Ctrl-C three times", "SIGTERM")
AFTER = ("rename report.html", "exit")  # manifest.json is there from the start


@pytest.fixture
def stopped(tmp_path):
    """Run with signals that the process sends itself; yields the answer and what was submitted."""
    (tmp_path / "sitecustomize.py").write_text(SITE)
    paths = os.pathsep.join([str(tmp_path), str(KILLING)])
    importing = {"PYTHONPATH": paths}
    for name in "ab":
        (tmp_path / f"{name}.yaml").write_text(JOB.replace("NAME", name))

    def stopped(where, presses, *files, command=("vidi-run",), faults=()):
        settings = {
            "TEST_PRESS_AT": where,
            "TEST_PRESS": " ".join(str(int(number)) for number in PRESSES[presses][0]),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            **(importing if where.startswith("import ") else {}),
        }
        line = (*command, *(files or ("a.yaml",)), "--json")
        with serve_sandbox(faults) as served:
            answer = run_installed(*line, cwd=tmp_path, **served.environment, **settings)
        assert "Traceback" not in answer.stderr, answer.stderr
        return answer, served.submits

    return stopped


def read_run(folder):
    """How a run ended, as its manifest says; its journal must say the same."""
    run = json.loads((folder / "manifest.json").read_text())["run"]
    last = json.loads((folder / "log.jsonl").read_text().splitlines()[-1])
    assert (last["event"], last["status"]) == ("run_finished", run["status"])
    assert last["exit_code"] == run["exit_code"]
    return run["status"], run["exit_code"]


@pytest.mark.parametrize(("where", "presses"), in_turns(ALL, BEFORE, PRESSES))
def test_before_the_run_begins_nothing_is_sent_or_written(stopped, tmp_path, where, presses):
    answer, submits = stopped(where, presses)
    code = PRESSES[presses][1]
    assert (answer.exit_code, submits) == (code, 0), answer.stderr
    assert answer.stderr.endswith("stopped before anything was sent\n")
    assert (answer.json["ok"], answer.json["exit_code"]) == (False, code)
    assert answer.json["errors"][0]["code"] == "stopped"
    assert not (tmp_path / "outputs/a/manifest.json").exists()


@pytest.mark.parametrize("presses", PRESSES)
def test_in_the_middle_of_a_run_it_ends_in_order(stopped, tmp_path, presses):
    answer, submits = stopped("rename tree.webp", presses)
    code = PRESSES[presses][1]
    assert (answer.exit_code, submits) == (code, 1), answer.stderr
    assert (answer.json["exit_code"], answer.json["jobs"][0]["manifest"]) == (
        code,
        "outputs/a/manifest.json",
    )
    assert read_run(tmp_path / "outputs/a") == ("interrupted", code)
    assert (tmp_path / "outputs/a/report.html").is_file()


@pytest.mark.parametrize(("presses", "where"), in_turns(ALL, PRESSES, AFTER))
def test_after_the_last_inference_it_comes_too_late(stopped, tmp_path, where, presses):
    answer, submits = stopped(where, presses)
    assert (answer.exit_code, submits) == (0, 2), answer.stderr
    assert (answer.json["ok"], answer.json["jobs"][0]["manifest"]) == (
        True,
        "outputs/a/manifest.json",
    )
    assert answer.stderr.endswith("succeeded: 2 succeeded\nspent $0.006, budget $1.00\n")
    assert read_run(tmp_path / "outputs/a") == ("succeeded", 0)
    assert (tmp_path / "outputs/a/report.html").is_file()


@pytest.mark.parametrize("presses", SOME)
def test_a_bug_after_it_changes_nothing_of_how_it_was_stopped(stopped, tmp_path, presses):
    """A Pillow that does not load is a bug that can be had from outside."""
    (tmp_path / "PIL").mkdir()
    (tmp_path / "PIL/__init__.py").write_text("raise RuntimeError('broken')\n")
    answer, submits = stopped("import PIL", presses)
    code = PRESSES[presses][1]
    assert (answer.exit_code, answer.json["exit_code"], submits) == (code, code, 1), answer.stderr
    assert read_run(tmp_path / "outputs/a") == ("interrupted", code)
    assert "vidi has a bug: RuntimeError" in answer.stderr


@pytest.mark.parametrize("presses", SOME)
def test_the_files_after_it_are_not_begun(stopped, tmp_path, presses):
    answer, submits = stopped("rename report.html", presses, "a.yaml", "b.yaml")
    code = PRESSES[presses][1]
    assert (answer.exit_code, answer.json["exit_code"], submits) == (code, code, 2), answer.stderr
    done, other = answer.json["jobs"]
    assert (done["exit_code"], done["manifest"]) == (0, "outputs/a/manifest.json")
    assert (other["exit_code"], other["manifest"]) == (code, None)
    (error,) = answer.json["errors"]
    assert (error["job_file"], error["message"]) == ("b.yaml", "stopped before b.yaml was begun")
    assert answer.stderr.endswith(
        "\nstopped before b.yaml was begun\n1 of 2 job files: 2 succeeded\n"
        "spent $0.006, budget $1.00\n"
    )
    assert not (tmp_path / "outputs/b").exists()


@pytest.mark.parametrize("presses", SOME)
def test_reconcile_is_broken_off_and_what_is_in_doubt_stays_so(stopped, tmp_path, presses):
    reset = {"on": "submit", "fault": "reset"}
    assert stopped("never", presses, faults=[reset])[0].exit_code == 6
    answer, _ = stopped("import replicate", presses, command=("vidi", "reconcile"))
    code = PRESSES[presses][1]
    assert (answer.exit_code, answer.json["exit_code"]) == (code, code)
    assert answer.stderr.endswith("stopped\n")
    status = run_installed("vidi", "status", "outputs/a", "--json", cwd=tmp_path)
    assert status.json["inferences"][0]["status"] == "in_doubt"
