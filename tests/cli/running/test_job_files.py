"""Which job files a command takes: a folder of them, a quoted pattern, stdin, under -C."""

import io
import json
import sys

import pytest

from support.commands import run_installed

JOB = """\
version: 1
budget: 1
inferences:
  - {id: a, model: fal/fal-ai/flux/dev, params: {prompt: an ash}, output: a.jpg}
"""


@pytest.fixture
def jobs(here):
    """A folder of job files with a data folder below it."""
    here.write("jobs/b.yaml", JOB)
    here.write("jobs/a.yml", JOB)
    entry = {
        "id": "a",
        "model": "fal/fal-ai/flux/dev",
        "params": {"prompt": "x"},
        "output": "a.jpg",
    }
    job = {"version": 1, "budget": 1, "inferences": [entry]}
    here.write("jobs/c.json", json.dumps(job))
    here.write("jobs/data/rows.json", "[]")
    here.write("jobs/notes.txt", "no job")
    here.write("jobs/.hidden.yaml", "no job")
    return here


def names(answer):
    assert answer.exit_code == 0, answer.stderr
    return [job["job_file"] for job in answer.json["jobs"]]


ALL = ["jobs/a.yml", "jobs/b.yaml", "jobs/c.json"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["jobs"], ALL),
        (["jobs/"], ALL),
        (["jobs/*.y*ml"], ALL[:2]),
        (["**/[bc].*"], ALL[1:]),
        (["jobs/c.json", "jobs"], ["jobs/c.json", *ALL[:2]]),
        (["jobs", "jobs/*.yml"], ALL),
    ],
)
@pytest.mark.parametrize("command", [("vidi-run", "--estimate"), ("vidi", "validate")])
def test_folders_and_patterns(jobs, command, given, meant):
    assert names(jobs(command[0], *command[1:], *given, "--json")) == meant


def test_they_are_looked_for_in_the_project_too(jobs):
    jobs.write("elsewhere/x.txt", "")
    jobs._monkeypatch.chdir(jobs.folder / "elsewhere")
    for given, meant in ((["jobs"], ALL), (["jobs/b.yaml"], ALL[1:2]), (["jobs/?.yml"], ALL[:1])):
        answer = jobs("vidi-run", *given, "-C", "..", "--estimate", "--json")
        assert names(answer) == [f"../{name}" for name in meant]
    assert jobs("vidi-run", "jobs/b.yaml", "-C", "..", "--sandbox").exit_code == 0
    status = jobs("vidi", "status", "jobs/b.yaml", "-C", "..", "--sandbox", "--json").json
    assert status["inferences"][0]["status"] == "succeeded"
    reconciled = jobs("vidi", "reconcile", "jobs/b.yaml", "-C", "..", "--sandbox")
    assert reconciled.exit_code == 0


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(jobs):
    jobs.write("a[1].yaml", JOB)
    assert names(jobs("vidi-run", "a[1].yaml", "--estimate", "--json")) == ["a[1].yaml"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("jobs/data/x*", "no file matches 'jobs/data/x*'"),
        ("empty", "there is no job file in empty"),
        ("none.yaml", "cannot read none.yaml: No such file or directory"),
    ],
)
def test_what_means_no_file_is_a_mistake(jobs, given, message):
    (jobs.folder / "empty").mkdir()
    answer = jobs("vidi-run", given, "--estimate", "--json")
    (error,) = answer.json["errors"]
    assert (answer.exit_code, error["message"]) == (2, message)


@pytest.fixture
def pipe(here):
    def give(text):
        stdin = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8")
        here._monkeypatch.setattr(sys, "stdin", stdin)

    return give


def test_a_job_from_stdin(here, pipe):
    pipe(JOB)
    answer = here("vidi-run", "-", "--sandbox", "--json")
    (job,) = answer.json["jobs"]
    assert (answer.exit_code, job["job_file"]) == (0, "-")
    assert job["output_dir"] == "outputs/sandbox/stdin"
    assert (here.folder / "outputs/sandbox/stdin/a.jpg").is_file()


def test_another_job_from_stdin_is_never_taken_for_the_one_before(here, pipe):
    for prompt in ("an ash", "an ash", "an ash", "a birch"):
        pipe(JOB.replace("an ash", prompt))
        assert here("vidi-run", "-", "--sandbox").exit_code == 0
    row = here.manifest("outputs/sandbox/stdin")["inferences"][0]
    assert (row["status"], row["params"]["prompt"]) == ("succeeded", "a birch")


def test_a_mistake_in_a_job_from_stdin_has_its_line(here, pipe):
    pipe(JOB.replace("prompt", "promt"))
    answer = here("vidi-run", "-", "--sandbox")
    assert answer.exit_code == 2
    assert "-:4:" in answer.stderr


def test_stdin_through_the_installed_command(tmp_path):
    answer = run_installed("vidi-run", "-", "--estimate", cwd=tmp_path)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith("-:1:1: ")
