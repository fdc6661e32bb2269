"""A fleet whose outputs go to a bucket: any worker puts them there, and nobody else is let in."""

import json

import pytest

from support.servers.object_storage import KEYS, make_bucket, read_bucket


@pytest.fixture
def bucket(s3, monkeypatch):
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": s3}.items():
        monkeypatch.setenv(name, value)
    return f"s3://{make_bucket(s3)}/made"


def hand_out(fleet, *options, code=0):
    words = ("job.yaml", "--fleet", "--detach", "--no-input", *options)
    answer = fleet.here("vidi-run", *words)
    assert answer.exit_code == code, answer.stderr
    return answer


def test_workers_fill_a_bucket_and_one_machine_is_kept_out(fleet, bucket):
    fleet.write_job(12)
    assert hand_out(fleet, "-o", bucket).stdout == f"{bucket}\n"
    for part in ("1/2", "2/2"):
        worked = fleet.here("vidi", "work", "--run", bucket, "--shard", part)
        assert worked.exit_code == 0, worked.stderr
    assert fleet.statuses() == {"succeeded": 12}
    assert read_bucket(bucket).keys() == {f"p-{n}.png" for n in range(1, 13)}
    assert not list(fleet.here.folder.rglob("*.png"))

    fleet.write_job(13)
    for more in ((), ("--estimate",)):
        answer = fleet.here("vidi-run", "job.yaml", "-o", bucket, *more)
        assert (answer.exit_code, "is filled by a fleet" in answer.stderr) == (2, True)
    hand_out(fleet, "-o", bucket)
    assert fleet.here("vidi", "work", "--idle-exit", "0s").exit_code == 0
    assert fleet.served.submits == len(read_bucket(bucket)) == 13

    exported = fleet.here("vidi", "export", bucket, "-o", "out")
    assert exported.exit_code == 0, exported.stderr
    assert "13 of 13 assets" in fleet.here("vidi", "verify", "out").stderr
    fleet.change("DELETE FROM vidi_rows")
    fleet.change("DELETE FROM vidi_journals")
    refused = hand_out(fleet, "-o", bucket, code=7)  # as the fleet of another database would be
    assert "the fleet of another database, since 20" in refused.stderr


def test_a_fleet_is_kept_from_what_one_machine_has_made(fleet, bucket):
    fleet.write_job(1)
    assert fleet.here("vidi-run", "job.yaml", "-o", bucket, "--no-input").exit_code == 0
    refused = hand_out(fleet, "-o", bucket, "--overwrite", code=2)
    assert "has a journal of runs of one machine" in refused.stderr
    again = fleet.here("vidi-run", "job.yaml", "-o", bucket, "--json", "--frozen")
    assert (again.exit_code, fleet.served.submits) == (0, 1), again.stderr
    assert json.loads(read_bucket(bucket)["manifest.json"])["run"]["status"] == "succeeded"
