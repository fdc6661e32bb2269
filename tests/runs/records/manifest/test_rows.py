"""Rows of a manifest: the same whether they are kept or made each time somebody looks."""

import json
from xml.etree.ElementTree import parse

import jsonschema_rs
import pytest

import vidi
from support.servers.sandbox import serve_sandbox
from vidi.runs.records.manifest.rows import MOST_KEPT, Rows
from vidi.runs.records.manifest.schema import manifest_schema
from vidi.runs.records.manifest.sums import Sums, add_up

KEPT = [0, 3, 4, 100]
"""Of four rows."""
MODEL = "fal/fal-ai/flux/dev"


@pytest.mark.parametrize("kept", KEPT)
def test_they_are_like_a_list(kept):
    made = [{"id": str(number)} for number in range(4)]
    rows = Rows(4, made.__getitem__, kept=kept)
    assert (len(rows), bool(rows), [*rows], [*rows]) == (4, True, made, made)
    assert [rows[place] for place in range(-4, 4)] == made + made
    for part in (slice(2), slice(1, None), slice(None, None, 2), slice(-1, None), slice(9, 12)):
        assert [*rows[part]] == made[part]
    assert made[2] in rows
    assert [*reversed(rows)] == made[::-1]
    with pytest.raises(IndexError):
        rows[4]


@pytest.mark.parametrize("kept", KEPT)
def test_of_many_none_is_made_before_it_is_asked_for_nor_kept(kept):
    asked = []
    rows = Rows(4, lambda place: asked.append(place) or {"id": place}, kept=kept)
    few = kept >= 4
    assert asked == [0, 1, 2, 3] * few
    assert (rows[2], rows[2], [*rows][3]) == ({"id": 2}, {"id": 2}, {"id": 3})
    assert asked == ([0, 1, 2, 3] if few else [2, 2, 0, 1, 2, 3])


def test_none_are_none():
    rows = Rows(0, [].__getitem__)
    assert (len(rows), bool(rows), [*rows]) == (0, False, [])
    assert add_up(zip(rows, rows, strict=True)) == Sums()


def test_a_run_of_more_than_are_kept_tells_each_of_them(here):
    lines = "".join(
        f"  - {{id: a{number}, params: {{prompt: p{number}}}, output: {number}.png}}\n"
        for number in range(MOST_KEPT + 1)
    )
    text = f"version: 1\nname: job\nbudget: 500\ndefaults: {{model: {MODEL}}}\ninferences:\n{lines}"
    here.write("job.yaml", text)
    with serve_sandbox([{"on": "submit", "fault": "422", "nth": 2}]) as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        here._monkeypatch.setenv("FAL_KEY", "p17-a-secret-key-of-fal")
        answer = here(
            "vidi-run", "job.yaml", "--fail-fast", "--json", "--yes", "--junit", "junit.xml"
        )
    assert answer.exit_code == 1, answer.stderr
    manifest = here.manifest("outputs/job")
    jsonschema_rs.Draft202012Validator(manifest_schema()).validate(manifest)
    statuses = {"succeeded": 1, "failed": 1, "skipped": MOST_KEPT - 1}
    rows = manifest["inferences"]
    assert [row["id"] for row in rows] == [f"a{number}" for number in range(MOST_KEPT + 1)]
    assert manifest["totals"]["by_status"] == statuses
    assert [row["status"] for row in answer.json["jobs"][0]["inferences"]].count("skipped") == (
        MOST_KEPT - 1
    )
    assert manifest["cost_usd"]["actual"] == sum(row["cost_usd"]["actual"] for row in rows) > 0
    assert len(parse(here.folder / "junit.xml").findall(".//testcase")) == MOST_KEPT + 1
    page = (here.folder / "outputs/job/report.html").read_text("utf-8")
    assert f"a{MOST_KEPT}" in page


def test_a_program_gets_a_list_that_json_can_hold(here):
    here.write("job.yaml", f"version: 1\ninferences:\n  - {{id: a, model: {MODEL}, "
                           "params: {prompt: a}, output: a.png}\n")  # fmt: skip
    made = vidi.run(here.folder / "job.yaml", sandbox=True, project=here.folder)
    assert json.loads(json.dumps(made, default=str))["inferences"][0]["status"] == "succeeded"
