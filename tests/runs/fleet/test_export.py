"""`vidi export`: a fleet's job as a folder in which every other command works."""

import gzip
import hashlib
import json
import os
import re

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidi.runs.fleet.export.shown import MOST_WRONG, SAMPLE, Shown
from vidi.runs.records.manifest.schema import manifest_schema

MANY = 50_001


def plan(fleet, *more):
    return fleet.here("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input", *more)


def test_what_is_exported_is_a_folder_like_any_other(fleet, monkeypatch):
    fleet.write_job(12)
    plan(fleet)
    assert fleet.here("vidi", "work", "--run", "job", "-q").exit_code == 0
    fleet.change("UPDATE vidi_rows SET status = 'in_doubt' WHERE id = 'p-12'")
    fleet.change("UPDATE vidi_shards SET counts = NULL")
    for folder in ("elsewhere", "outputs/job"):
        exported = fleet.here("vidi", "export", "job", "-o", folder, "--json")
        assert exported.exit_code == 0, exported.stderr
        told = {name: exported.json[name] for name in ("inferences", "parts", "missing")}
        assert told == {"inferences": 12, "parts": 0, "missing": []}
        manifest = fleet.here.manifest(folder)
        jsonschema.validate(manifest, manifest_schema())
        assert [row["id"] for row in manifest["inferences"]] == [f"p-{n}" for n in range(1, 13)]
        assert manifest["totals"]["by_status"] == {"succeeded": 11, "in_doubt": 1}
        assert manifest["run"]["exit_code"] == 6
        assert "12 of 12" in fleet.here("vidi", "verify", folder).stderr
        assert (fleet.here.folder / folder / "report.html").exists()
    assert fleet.here("vidi", "export", "job").exit_code == 0, "again, over what it wrote itself"
    monkeypatch.setenv("VIDI_LEDGER", str(fleet.here.folder / "own.sqlite3"))
    frozen = fleet.here("vidi-run", "job.yaml", "--frozen", "--no-input", "-o", "elsewhere")
    assert frozen.exit_code == 0, frozen.stderr
    assert fleet.served.submits == 12
    monkeypatch.setenv("VIDI_LEDGER", fleet.database)
    assert fleet.here("vidi", "export", "job", "-o", "elsewhere").exit_code == 2, "it has a new run"
    assert plan(fleet, "-o", "elsewhere").exit_code == 2
    assert plan(fleet).exit_code == 0, "the fleet goes on where it has only exported"
    seen = fleet.select("SELECT model, paid_usd, assets FROM vidi_manifest WHERE id = 'p-1'")[0]
    assert (seen[0], float(seen[1]), seen[2][0]["path"]) == (
        "fal/fal-ai/flux/schnell", 0.003, "p-1.png",
    )  # fmt: skip


@pytest.mark.skipif(not os.environ.get("VIDI_ALL_FLEETS"), reason="a minute: VIDI_ALL_FLEETS=1")
def test_a_manifest_of_very_many_is_in_parts(fleet):
    fleet.write_job(1)
    plan(fleet)
    fleet.change(
        "INSERT INTO vidi_rows (journal, id, n, shard, queue, output, out_key, fingerprint, spec,"
        " low, reserve, status) SELECT journal, 'q-' || g, g, 2 + g / 150, queue, g || '.png',"
        " g || '.png', fingerprint, spec, low, reserve, 'rejected'"
        " FROM vidi_rows, generate_series(2, %s) g WHERE id = 'p-1'",
        MANY,
    )
    assert fleet.here("vidi", "export", "job").exit_code == 0
    manifest = fleet.here.manifest("outputs/job")
    jsonschema.validate(manifest, manifest_schema())
    assert [part["inferences"] for part in manifest["parts"]] == [50_000, 1]
    found = set()
    for part in manifest["parts"]:
        packed = (fleet.here.folder / "outputs/job" / part["path"]).read_bytes()
        assert hashlib.sha256(packed).hexdigest() == part["sha256"]
        found |= {json.loads(line)["id"] for line in gzip.decompress(packed).splitlines()}
    assert len(found) == MANY
    page = (fleet.here.folder / "outputs/job/report.html").read_text("utf-8")
    assert [part["path"] for part in manifest["parts"]] == re.findall(
        r'href="\./(manifest/[^"]+)', page
    )
    assert manifest["totals"]["by_status"] == {"skipped": 1, "failed": MANY - 1}
    assert manifest["inferences"] == []


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=6), st.sampled_from([0, 7, 2]))
def test_a_page_shows_what_went_wrong_and_as_many_of_a_large_job_as_of_a_larger_one(sizes, every):
    """However the rows come, the same ones are shown, in the order of the job."""
    count = sum(sizes)
    rows = [
        (n, {"id": f"row-{n}", "status": "failed" if every and n % every == 0 else "succeeded"})
        for n in range(count)
    ]
    at_once, in_parts = Shown(), Shown()
    at_once.choose(rows)
    for size in sizes:
        in_parts.choose(rows[:size])
        rows = rows[size:]
    shown = in_parts.rows
    assert shown == at_once.rows
    numbers = [int(row["id"].removeprefix("row-")) for row in shown]
    assert numbers == sorted(numbers)
    wrong = sum(row["status"] == "failed" for row in shown)
    went_wrong = len(range(0, count, every)) if every else 0
    assert wrong == min(went_wrong, MOST_WRONG)
    assert len(shown) - wrong == min(count - went_wrong, SAMPLE)
