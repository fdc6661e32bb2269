"""Under GitHub Actions: every way to end is seen at its line, in the summary and the outputs."""

import json
import os
import signal
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support.actions.commands import read_commands, read_outputs
from support.commands import run_installed, start_installed
from support.models.templates import template
from support.servers.sandbox import serve_sandbox
from support.turns import examples
from vidi.cli.exit_codes import EXIT_CODES
from vidi.cli.running.reports.step_outputs import render_outputs
from vidi.runs.records.folder import hold_folder

FLUX = "replicate/black-forest-labs/flux-schnell"
JOB = f"""\
version: 1
name: job
budget: 1
inferences:
  - id: tree
    model: {FLUX}
    params: {{prompt: a tree}}
    output: tree.webp
  - id: sea
    model: fal/fal-ai/flux/dev
    params: {{prompt: a sea, image_size: square}}
    output: sea.jpg
"""
UNPRICED = {"from": "2020-01-01", "source": "x", "unpriced": "nobody knows"}
TEMPLATE = template(pricing={"rows": [UNPRICED]}, as_of={"params": "2020-01"})
BEGIN, BUDGET, TREE, SEA = "1", "3", "5", "9"


@pytest.fixture
def github(here):
    """The files that a runner gives to a step, and what became of a command there."""
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        here._monkeypatch.setenv(name, str(here.write(f"runner/{name}", "")))
    here._monkeypatch.setenv("GITHUB_ACTIONS", "true")
    here._monkeypatch.setenv("GITHUB_WORKSPACE", str(here.folder))
    here.write("jobs/job.yaml", JOB)
    return here


def read(here, name):
    return (here.folder / "runner" / name).read_text("utf-8")


def errors_of(answer):
    return [each for each in read_commands(answer.stderr) if each.name == "error"]


def expect(here, answer, code, *lines, says=""):
    """A command has ended so, and told it at these lines, in the summary and in the outputs."""
    assert answer.exit_code == code, answer.stderr
    errors = errors_of(answer)
    assert [each.properties.get("line") for each in errors] == list(lines), answer.stderr
    assert {each.properties["file"] for each in errors} <= {"jobs/job.yaml"}
    assert says in errors[0].message
    assert f"\nexit {code}: " in read(here, "GITHUB_STEP_SUMMARY")
    assert "**What is wrong**" in read(here, "GITHUB_STEP_SUMMARY")
    return read_outputs(read(here, "GITHUB_OUTPUT"))


REFUSED = {  # what is changed in the job file, the options, the exit code, where it is told
    "a mistake": (("prompt: a sea", "promt: a sea"), (), 2, ["11", "11"], "prompt"),
    "a broken file": (("inferences:", "inferences: {"), (), 2, ["5"], ""),
    "a wrong flag": ((), ("--select", "nothing"), 2, [BEGIN], "nothing"),
    "over budget": (("budget: 1", "budget: 0.01"), (), 3, [BUDGET], "over the budget"),
    "over max_cost": (("square}", "square}\n    max_cost: 0.001"), (), 3, [SEA], "max_cost"),
    "frozen": ((), ("--frozen",), 3, [TREE, SEA], "frozen"),
    "unpriced": ((FLUX, "fal/acme/painter"), (), 3, [TREE], "nobody can say what this costs"),
    "no key": ((), (), 4, [TREE, SEA], "REPLICATE_API_TOKEN and FAL_KEY"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_told_at_its_line(github, name):
    change, options, code, lines, says = REFUSED[name]
    github.write("jobs/job.yaml", JOB.replace(*change) if change else JOB)
    github.write("templates/fal/acme-painter.json", json.dumps(TEMPLATE))
    outputs = expect(github, github("vidi-run", "jobs/job.yaml", *options), code, *lines, says=says)
    assert (outputs["spent"], outputs["bought"], outputs["manifest"]) == ("0.00", "0", "")


def test_a_run_that_nothing_caps_is_told(github):
    github.write("jobs/job.yaml", JOB.replace("budget: 1\n", ""))
    with serve_sandbox() as served:
        for key, value in served.environment.items():
            github._monkeypatch.setenv(key, value)
        answer = github("vidi-run", "jobs/job.yaml")
    expect(github, answer, 3, BEGIN, says="no budget is set")


ENDED = {  # the fault, more of the job file, the exit code, what is told
    "failed": ({"on": "submit", "fault": "422", "model": FLUX}, "", 1, "tree: failed: "),
    "moderated": ({"on": "result", "fault": "moderated", "model": FLUX}, "", 1, "moderated"),
    "refused key": (None, "", 4, "tree: failed: "),
    "unfinished": (
        {"on": "result", "fault": "stuck", "model": FLUX},
        "    timeout: 1\n",
        5,
        "tree: unfinished: ",
    ),
    "in doubt": ({"on": "submit", "fault": "reset", "model": FLUX}, "", 6, "tree: in doubt: "),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDED)
def test_what_did_not_end_well_is_told_at_its_entry(github, name):
    fault, more, code, says = ENDED[name]
    github.write("jobs/job.yaml", JOB.replace("tree.webp\n", f"tree.webp\n{more}"))
    with serve_sandbox([fault] if fault else []) as served:
        for key, value in served.environment.items():
            github._monkeypatch.setenv(key, value)
        if fault is None:
            github._monkeypatch.setenv("REPLICATE_API_TOKEN", "bad-key")
        answer = github("vidi-run", "jobs/job.yaml")
    outputs = expect(github, answer, code, TREE, says=says)
    assert outputs["bought"] == "1"
    assert outputs["manifest"] == "outputs/job/manifest.json"
    assert outputs["report"] == "outputs/job/report.html"
    summary = read(github, "GITHUB_STEP_SUMMARY")
    assert "| jobs/job.yaml | 2 | 0 | 0 | 0 | 0 | 0 | 1 | " in summary
    assert "| jobs/job.yaml:5 | tree: " in summary


def test_of_many_failures_the_first_are_told_and_the_rest_counted(github):
    row = "  - {{id: e{0}, model: {1}, params: {{prompt: x{0}}}, output: '{0}.webp'}}\n"
    head = "version: 1\nname: job\nbudget: 1\nconcurrency: 16\ninferences:\n"
    rows = (row.format(number, FLUX) for number in range(60))
    github.write("jobs/job.yaml", head + "".join(rows))
    with serve_sandbox([{"on": "submit", "fault": "422", "times": 60}]) as served:
        for key, value in served.environment.items():
            github._monkeypatch.setenv(key, value)
        errors = errors_of(github("vidi-run", "jobs/job.yaml"))
    assert len(errors) == 51
    assert errors[-1].message == "and 10 more: see the manifest"


def test_a_folder_that_is_held_is_told(github):
    with hold_folder(github.folder / "outputs/job"):
        answer = github("vidi-run", "jobs/job.yaml", "--sandbox", "-o", "outputs/job")
    expect(github, answer, 7, BEGIN, says="another run")


def test_what_cannot_even_begin_is_told(github):
    for options, said in (
        (("jobs/job.yaml", "-C", "nowhere"), "there is no folder nowhere"),
        (("none/*.yaml",), "no file matches"),
        (("--apply", "nowhere.plan"), "nowhere.plan"),
    ):
        answer = github("vidi-run", *options)
        assert (answer.exit_code, len(errors_of(answer))) == (2, 1), answer.stderr
        assert said in read(github, "GITHUB_STEP_SUMMARY")
    assert read_outputs(read(github, "GITHUB_OUTPUT"))["estimate-high"] == ""
    answer = github("vidi-run", "--nonsense")
    assert (answer.exit_code, len(errors_of(answer))) == (2, 1)


def test_a_bug_and_a_signal_are_told(github):
    """70, 130 and 143; with the failures above that is every exit code there is."""
    github.write("broken/dotenv.py", "raise RuntimeError('broken')")
    github.write(".env", "FAL_KEY=fal-secret-value\n")
    state = {"XDG_STATE_HOME": str(github.folder / "state"), "PYTHONPATH": "broken"}
    answer = run_installed("vidi-run", "jobs/job.yaml", cwd=github.folder, **state)
    assert (answer.exit_code, len(errors_of(answer))) == (70, 1)
    (github.folder / ".env").unlink()
    ended = {0, 1, 2, 3, 4, 5, 6, 7, 70, 130, 143}
    assert ended == {int(each) for key in EXIT_CODES for each in key.split(" / ")}
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with serve_sandbox(latency=0.4) as served:
            process = start_installed(
                "vidi-run",
                "jobs/job.yaml",
                "--rebuy",
                "*",
                "-v",
                cwd=github.folder,
                env={**os.environ, **served.environment},
                stderr=subprocess.PIPE,
            )
            for line in process.stderr:
                if "submitted as" in line:
                    break
            process.send_signal(number)
            said = process.communicate(timeout=30)[1]
        assert process.returncode == code, said
        (told,) = [each for each in read_commands(said) if each.name == "error"]
        assert told.message == f"exit {code}: interrupted; everything is on disk"


def test_outputs_and_summary_of_what_went_well(github):
    for command, outputs, told in (
        ("--estimate", {"spent": "0.00", "bought": "0", "to-buy": "2"}, "✓ vidi estimate: $0.0"),
        ("--sandbox", {"spent": "0.015", "bought": "2", "to-buy": "2"}, "✓ vidi: spent $0.0"),
        ("--sandbox", {"spent": "0.00", "bought": "0", "to-buy": "0"}, "✓ vidi: spent $0.00"),
    ):
        answer = github("vidi-run", "jobs/job.yaml", command)
        assert (answer.exit_code, errors_of(answer)) == (0, []), answer.stderr
        found = read_outputs(read(github, "GITHUB_OUTPUT"))
        assert found.keys() == {"estimate-high", "to-buy", "spent", "bought", "manifest", "report"}
        assert {**outputs, "spent": found["spent"]}.items() <= found.items()
        assert (float(found["spent"]) > 0) == (outputs["bought"] != "0")
        assert f"### {told}" in read(github, "GITHUB_STEP_SUMMARY")
    assert read(github, "GITHUB_STEP_SUMMARY").count("### ") == 3, "it is appended"
    assert found["manifest"] == "outputs/sandbox/job/manifest.json"


def test_several_files_have_a_row_and_a_line_each(github):
    github.write("jobs/other.yaml", JOB.replace("name: job", "name: other\n"))
    github("vidi-run", "jobs/job.yaml", "jobs/other.yaml", "--sandbox")
    found = read_outputs(read(github, "GITHUB_OUTPUT"))
    assert found["report"].splitlines() == [
        "outputs/sandbox/job/report.html", "outputs/sandbox/other/report.html",
    ]  # fmt: skip
    assert "| jobs/other.yaml | 2 |" in read(github, "GITHUB_STEP_SUMMARY")


def test_what_github_names_and_is_not_there_is_no_failure(github):
    github._monkeypatch.setenv("GITHUB_OUTPUT", "/nowhere/at/all")
    answer = github("vidi-run", "jobs/job.yaml", "--estimate")
    assert answer.exit_code == 0
    assert "cannot write /nowhere/at/all" in answer.stderr


def test_elsewhere_nothing_is_written(github):
    github._monkeypatch.delenv("GITHUB_ACTIONS")
    github("vidi-run", "jobs/job.yaml", "--estimate")
    assert read(github, "GITHUB_STEP_SUMMARY") == read(github, "GITHUB_OUTPUT") == ""


@settings(max_examples=examples(40))
@given(st.dictionaries(st.sampled_from(["spent", "manifest", "report"]), st.text(max_size=40)))
@example({"manifest": "a\nvidi-0\nspent=0", "spent": "1<<vidi", "report": "\n"})
def test_no_value_ends_an_output_early_or_begins_another(outputs):
    read_back = read_outputs(render_outputs(outputs))
    assert read_back == outputs
