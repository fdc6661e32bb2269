"""Folders that cannot be written to: said before anything is sent, and still read."""

import errno
import os
from pathlib import Path

import pytest

from support.disks import read_only
from support.servers.intervening import JOB, serve_world

HINT = "  hint: Make it a writable folder, or name another one with -o.\n"
REFUSALS = {os.strerror(errno.EROFS), os.strerror(errno.EACCES)}
"""What the system says: of a disk that is read-only, of a folder that is."""


@pytest.fixture
def world(here):
    with serve_world(here) as served:
        yield served


def check_refused(world, folder, answer):
    told, hint = answer.stderr.splitlines(keepends=True)
    said, _, why = told.rpartition(": ")
    assert (answer.exit_code, said, hint) == (2, f"cannot use {folder}", HINT)
    assert why.rstrip("\n") in REFUSALS
    assert world.served.requests == 0


def test_an_output_folder_that_cannot_be_written_is_refused(world):
    Path("outputs/job").mkdir(parents=True)
    with read_only(Path("outputs/job")):
        check_refused(world, "outputs/job", world.run())
    world.check_that_all_is_well()


def test_a_project_that_cannot_be_written_is_refused(here, world):
    project = here.folder / "project"
    project.mkdir()
    (project / "job.yaml").write_text(JOB)
    with read_only(project):
        answer = here("vidi-run", project / "job.yaml", "-C", project)
    check_refused(world, project / "outputs/job", answer)
    assert list(project.iterdir()) == [project / "job.yaml"]


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("outputs", "Not a directory"),
        ("outputs/job", "Not a directory"),
        ("outputs/job/.vidi", "File exists"),
    ],
)
def test_a_file_where_a_folder_should_be_is_refused(here, world, file, why):
    here.write(file, "in the way")
    answer = world.run()
    said = f"cannot use outputs/job: {why}\n{HINT}"
    assert (answer.exit_code, answer.stderr) == (2, said)
    assert world.served.requests == 0
    Path(file).unlink()
    world.check_that_all_is_well()


READING = {
    "an estimate": ("vidi-run", "job.yaml", "--estimate"),
    "status": ("vidi", "status", "job.yaml"),
    "verify": ("vidi", "verify", "outputs/job"),
}


@pytest.fixture
def finished(world):
    assert world.run().exit_code == 0
    with read_only(Path("outputs/job")):
        yield world


@pytest.mark.parametrize("command", READING.values(), ids=READING.keys())
def test_what_only_reads_works_on_a_read_only_folder(finished, command):
    assert finished.here(*command).exit_code == 0


def test_a_finished_run_is_not_repeated_into_a_read_only_folder(finished):
    requests = finished.served.requests
    answer = finished.run()
    assert (answer.exit_code, finished.served.requests) == (2, requests)
    assert answer.stderr.startswith("cannot use outputs/job: ")


def test_a_page_that_cannot_be_written_is_said(finished):
    answer = finished.here("vidi", "report", "outputs/job")
    told, hint = answer.stderr.splitlines(keepends=True)
    said, _, why = told.rpartition(": ")
    assert (answer.exit_code, said) == (1, "cannot write outputs/job/report.html")
    assert why.rstrip("\n") in REFUSALS
    assert hint == (
        "  hint: Make room or make the folder writable; log.jsonl holds everything until then.\n"
    )


def test_a_manifest_that_cannot_be_written_loses_nothing(world):
    Path("outputs/job/manifest.json").mkdir(parents=True)
    answer = world.run("-q")
    assert (answer.exit_code, answer.stderr) == (
        1,
        "cannot write outputs/job/manifest.json: Is a directory\n"
        "  hint: Make room or make the folder writable; log.jsonl holds everything until then.\n",
    )
    Path("outputs/job/manifest.json").rmdir()
    world.check_that_all_is_well()
