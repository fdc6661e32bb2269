"""Whoever reads the output may leave, as `head` does: the command ends as it would have ended."""

import os
import subprocess

import pytest

from support.commands import installed

ENTRIES = 1500
JOB = """\
version: 1
name: job
budget: {budget}
inferences:
  - id: "a{{{{ item.n }}}}"
    foreach: rows.csv
    model: fal/fal-ai/flux/dev
    params: {{prompt: a tree, image_size: {{width: 64, height: 64}}}}
    output: "{{{{ item.n }}}}.jpg"
"""


def write_job(folder, *, count, budget):
    (folder / "job.yaml").write_text(JOB.format(budget=budget), encoding="utf-8")
    rows = "".join(f"{number}\n" for number in range(count))
    (folder / "rows.csv").write_text(f"n\n{rows}", encoding="utf-8")


def run_unread(folder, stream, *options):
    """Run with a stream that nobody reads any more; returns the exit code and the other's text."""
    read, written = os.pipe()
    os.close(read)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: written}
    command = [installed("vidi-run"), "job.yaml", *options]
    try:
        done = subprocess.run(command, cwd=folder, timeout=120, check=False, **streams)
    finally:
        os.close(written)
    return done.returncode, (done.stderr if stream == "stdout" else done.stdout).decode()


@pytest.mark.parametrize("options", [("--json",), (), ("-q",)], ids=["json", "table", "quiet"])
@pytest.mark.parametrize(("budget", "code"), [(1000, 0), (1, 3)])
@pytest.mark.parametrize("count", [3, ENTRIES])
def test_an_estimate_ends_with_its_own_code(tmp_path, options, budget, code, count):
    write_job(tmp_path, count=count, budget=budget / 1000 if count == 3 else budget)
    ended, told = run_unread(tmp_path, "stdout", "--estimate", *options)
    assert ended == code
    assert ("budget" in told) == (code == 3)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("options", [(), ("-v",), ("--json",)], ids=["plain", "verbose", "json"])
def test_a_run_buys_and_fetches_what_it_was_asked_for(tmp_path, stream, options):
    write_job(tmp_path, count=3, budget=1)
    assert run_unread(tmp_path, stream, "--sandbox", *options)[0] == 0
    made = (tmp_path / "outputs/sandbox/job").glob("*.jpg")
    assert sorted(path.name for path in made) == ["0.jpg", "1.jpg", "2.jpg"]
