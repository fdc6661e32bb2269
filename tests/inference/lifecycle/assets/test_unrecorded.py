"""A file that got its name just before a kill, and that the next run finds nowhere else."""

import json
import os
import shutil

import pytest

from support.commands import run_warmed
from support.killing.killed_run import ASSETS, Killable
from support.servers.object_storage import KEYS, make_bucket, read_bucket
from support.servers.sandbox import serve_sandbox
from vidi.inference.lifecycle.assets.unrecorded import FOUND

FIRST = "outputs/job/trees/1.webp"
HOUR_AGO = 3600
HALF = 5
"""The asset that is the first of two of its inference."""


@pytest.fixture
def killed(tmp_path):
    """A folder for a run that is to be killed, with one inference at a time."""
    with serve_sandbox() as served:
        killed = Killable(tmp_path / "run", served, run_warmed)
        killed.at_once = 1
        yield killed


@pytest.fixture
def completed(killed):
    """The same, killed when the first result was there and no file yet, nor ever again."""
    assert killed.kill("1 append completed, after")
    lose_outputs(killed)
    return killed


def lose_outputs(killed):
    """Have the provider keep nothing of what it made so far."""
    sandbox = killed.served.sandbox
    for work in sandbox.works.values():
        for file in work.files.values():
            sandbox.files.drop(file.id)


def warnings_of(killed):
    rows = killed.account.manifest["inferences"]
    warnings = (asset.get("warning") for row in rows for asset in row["assets"])
    return [warning for warning in warnings if warning]


@pytest.mark.parametrize("nth", sorted({*range(1, ASSETS + 1)} - {HALF}))
def test_it_is_taken_for_what_was_bought(killed, nth):
    assert killed.kill(f"{nth} rename to asset, after")
    made = killed.read_assets()
    lose_outputs(killed)
    killed.finish()
    killed.check()
    assert killed.read_assets().items() >= made.items()
    assert warnings_of(killed) == [FOUND]


def test_half_of_an_inference_is_kept_and_the_other_half_told_to_be_gone(killed):
    assert killed.kill(f"{HALF} rename to asset, after")
    lose_outputs(killed)
    answer = killed.run()
    assert (answer.exit_code, killed.served.submits) == (1, 12)
    assert "pair: failed" in answer.stderr
    assert "out-1.webp is gone: HTTP 404" in answer.stderr
    assert warnings_of(killed) == [FOUND]


@pytest.mark.parametrize("nth", [1, ASSETS])
def test_in_a_bucket_it_is_what_has_its_hash_noted(tmp_path, monkeypatch, s3, nth):
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": s3}.items():
        monkeypatch.setenv(name, value)
    with serve_sandbox() as served:
        address = f"s3://{make_bucket(s3)}/made"
        killed = Killable(tmp_path / "run", served, run_warmed, address=address)
        killed.at_once = 1
        assert killed.kill(f"{nth} put asset, after")
        lose_outputs(killed)
        killed.finish()
        killed.check()
        assert len(killed.read_assets()) == ASSETS
        manifest = json.loads(read_bucket(address, ("manifest.json",))["manifest.json"])
    warnings = [each.get("warning") for row in manifest["inferences"] for each in row["assets"]]
    assert [warning for warning in warnings if warning] == [FOUND]


def test_what_was_put_on_record_is_found_by_that(killed):
    assert killed.kill("1 append asset, after")
    lose_outputs(killed)
    killed.finish()
    killed.check()
    assert warnings_of(killed) == []


def place(killed, content):
    path = killed.folder / FIRST
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def photo_of(killed):
    return (killed.folder / "photo.png").read_bytes()


def check_refused(killed, *options):
    """It is lost, told, and what stands there stays."""
    path = killed.folder / FIRST
    before = path.read_bytes()
    answer = killed.run("job.yaml", "--no-report", "--select", "tree-1", *options)
    assert answer.exit_code == 1, answer
    assert "is gone: HTTP 404" in answer.stderr
    rows = {row["id"]: row for row in killed.account.manifest["inferences"]}
    assert (rows["tree-1"]["status"], rows["tree-1"]["assets"]) == ("failed", [])
    assert path.read_bytes() == before
    assert killed.served.submits == 1


def test_what_does_not_open_is_not_it(completed):
    place(completed, photo_of(completed)[:-9])
    check_refused(completed)


def test_what_is_of_another_kind_is_not_it(completed):
    place(completed, b"a note of mine\n")
    check_refused(completed)


def test_what_is_older_than_the_result_is_not_it(completed):
    path = place(completed, photo_of(completed))
    then = path.stat().st_mtime - HOUR_AGO
    os.utime(path, (then, then))
    check_refused(completed, "--overwrite")


def test_what_came_once_it_was_told_to_be_gone_is_not_it(completed):
    """It is in the way, as what a person has put there; where it may be, it is bought over."""
    assert completed.run("job.yaml", "--no-report", "--select", "tree-1").exit_code == 1
    path = place(completed, photo_of(completed))
    again = ("job.yaml", "--no-report", "--select", "tree-1")
    answer = completed.run(*again)
    assert answer.exit_code == 2
    assert "trees/1.webp exists already and vidi did not make it" in answer.stderr
    assert path.read_bytes() == photo_of(completed)
    assert completed.run(*again, "--overwrite").exit_code == 0
    assert path.read_bytes() != photo_of(completed)
    assert completed.served.submits == 2


def test_beside_another_of_its_name_it_is_found(killed):
    """The extension comes from the content: more than one file may have the name without it."""
    job = killed.folder / "job.yaml"
    job.write_text(job.read_text().replace("trees/{{ n }}.webp", "trees/{{ n }}"))
    assert killed.kill("1 rename to asset, after")
    (killed.folder / FIRST).with_suffix(".gif").write_bytes(b"GIF89a, cut short")
    lose_outputs(killed)
    answer = killed.run("job.yaml", "--no-report", "--select", "tree-1")
    assert (answer.exit_code, warnings_of(killed)) == (0, [FOUND])


def test_what_a_link_leads_to_is_not_it(completed):
    path = completed.folder / FIRST
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(shutil.copy(completed.folder / "photo.png", completed.folder / "mine.png"))
    check_refused(completed)


def test_a_folder_in_its_place_is_told(completed):
    (completed.folder / FIRST).mkdir(parents=True)
    answer = completed.run("job.yaml", "--no-report", "--select", "tree-1")
    assert answer.exit_code == 2
    assert "trees/1.webp is a folder" in answer.stderr
