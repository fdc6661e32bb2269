"""SIGKILL at the steps of a run whose assets go to a bucket, and then again until done.

As in `test_kill_points`: bought once each, everything there, every cent accounted for. With
VIDI_ALL_KILL_POINTS=1 at every kind of step that changes anything in the bucket or the journal.
"""

import itertools
import os

import pytest

from support.commands import run_warmed
from support.killing.killed_run import ASSETS, Killable
from support.servers.object_storage import KEYS, make_bucket, read_bucket
from support.servers.sandbox import serve_sandbox

ALL = bool(os.environ.get("VIDI_ALL_KILL_POINTS"))
IN_BUCKET = ("put asset, before", "put asset, after", "append asset, after")
AROUND = ("put lock, after", "put journal, after", "put manifest, after", "delete lock, before")
RECORDS = {"log.jsonl", "manifest.json"}


@pytest.fixture
def killed(tmp_path, monkeypatch, s3):
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": s3}.items():
        monkeypatch.setenv(name, value)
    with serve_sandbox() as served:
        address = f"s3://{make_bucket(s3)}/made"
        yield Killable(tmp_path / "run", served, run_warmed, address=address)


def finish_and_check(killed):
    killed.finish()
    killed.check()
    found = read_bucket(killed.address)
    assert found.keys() - killed.read_assets().keys() == RECORDS
    assert len(found) == ASSETS + len(RECORDS)
    journal = (killed.folder / killed.output / "log.jsonl").read_bytes()
    assert found["log.jsonl"] == journal
    assert not list(killed.folder.rglob(".vidi-tmp-*"))


def test_killed_around_every_change_of_the_bucket_it_loses_nothing(killed):
    for kind in (AROUND[0], IN_BUCKET[1], AROUND[1], AROUND[3]):
        assert killed.kill(f"1 {kind}"), kind
    finish_and_check(killed)


if ALL:

    @pytest.mark.parametrize("first", [*IN_BUCKET, *AROUND])
    def test_killed_at_every_pair_of_changes(killed, first):
        assert killed.kill(f"1 {first}")
        for nth, kind in itertools.product((1, 3), (*IN_BUCKET, *AROUND)):
            killed.kill(f"{nth} {kind}")
        finish_and_check(killed)
