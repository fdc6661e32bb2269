"""A fleet's job is planned row by row: all that is wrong is told, and then nothing is entered."""

import json
import os

import pytest

HEAD = "version: 1\nbudget: {budget}\ndefaults: {{model: fal/fal-ai/flux/schnell}}\ninferences:\n"
ENTRY = """  - id: "{{{{ item.id }}}}"
    foreach: {rows}
    params: {{prompt: "tree {{{{ item.id }}}}", num_images: 1}}
    output: "{{{{ item.file }}}}"
"""
LARGE = pytest.mark.skipif(not os.environ.get("VIDI_ALL_FLEETS"), reason="slow: VIDI_ALL_FLEETS=1")


def write(here, *tables, budget="1"):
    for number, rows in enumerate(tables):
        lines = [json.dumps({"id": key, "file": file}) for key, file in rows]
        here.write(f"rows{number}.jsonl", "\n".join(lines))
    entries = (ENTRY.format(rows=f"rows{number}.jsonl") for number in range(len(tables)))
    here.write("job.yaml", HEAD.format(budget=budget) + "".join(entries))


def plan(fleet, *more):
    return fleet.here("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input", *more)


def test_names_that_are_taken_are_told_at_once_and_nothing_is_entered(fleet):
    first = [("a", "a.png"), ("b", "A.png"), ("c", "x/c.png"), ("a", "d.png"), ("e", "bare")]
    write(fleet.here, first, [("f", "x"), ("g", "c.png/g.png"), ("h", "bare.png"), ("b", "i.png")])
    for asked in (plan(fleet, "--json"), plan(fleet, "--estimate", "--json")):
        assert asked.exit_code == 2
        told = {(each["id"], each["message"]) for each in asked.json["errors"]}
        assert told == {
            ("b", "output 'A.png' is the same file as an inference before it"),
            ("a", "duplicate id 'a'; one before it has it already"),
            ("f", "output 'x' is a folder of an inference before it"),
            ("b", "duplicate id 'b'; one before it has it already"),
            ("h", "'bare.png' is an asset of an inference before it too"),
            ("b", "'A.png' is an asset of an inference before it too"),
        }
    assert fleet.select("SELECT count(*) FROM vidi_rows") == [(0,)]


def test_a_plan_that_is_refused_leaves_the_one_before_as_it_was(fleet):
    write(fleet.here, [("a", "a.png"), ("b", "b.png")])
    assert plan(fleet).exit_code == 0
    fleet.here("vidi", "stop", "job")
    before = fleet.select("SELECT id, n, fingerprint, status FROM vidi_rows ORDER BY n")
    write(fleet.here, [("b", "b.png"), ("c", "c.png")], budget="0.000001")
    refused = plan(fleet)
    assert (refused.exit_code, "over the budget" in refused.stderr) == (3, True), refused.stderr
    assert fleet.select("SELECT id, n, fingerprint, status FROM vidi_rows ORDER BY n") == before
    assert fleet.state() == "stopped"


@LARGE
def test_of_a_long_job_some_are_listed_and_all_are_entered(fleet):
    """What no row of the first ten thousand has is found all the same."""
    rows = [(f"r{n}", f"r{n}.png") for n in range(10_500)]
    write(fleet.here, rows, budget="1000")
    asked = plan(fleet, "--json")
    assert asked.exit_code == 0, asked.stderr
    (job,) = asked.json["jobs"]
    assert len(job["inferences"]) == 10_010
    assert [each["code"] for each in asked.json["warnings"]] == ["left-out"]
    assert fleet.select("SELECT count(*), max(n) FROM vidi_rows") == [(10_500, 10_500)]
    shards = fleet.select("SELECT count(*) FROM vidi_rows GROUP BY shard ORDER BY shard")
    assert shards == [(150,)] * 70
    write(fleet.here, [*rows, ("r3", "other.png")], budget="1000")
    assert "duplicate id 'r3'" in plan(fleet).stderr


def test_of_thousands_of_mistakes_a_thousand_are_told(fleet):
    """Each row has its own; with so many, the others are not looked at."""
    fleet.here.write("rows.csv", "size\n" + "\n".join(f"wrong-{n}" for n in range(1200)))
    entry = '  - id: "r{{ row }}"\n    foreach: rows.csv\n    output: "{{ id }}.png"\n'
    params = '    params: {prompt: a tree, image_size: "{{ item.size }}"}\n'
    fleet.here.write("job.yaml", HEAD.format(budget="1") + entry + params)
    asked = plan(fleet, "--json")
    assert asked.exit_code == 2
    errors = asked.json["errors"]
    assert 1000 <= len(errors) <= 1002
    assert errors[0]["path"].endswith("rows.csv"), errors[0]
