import json
import re
from decimal import Decimal

import jsonschema_rs
import pytest

from support.servers.sandbox import serve_sandbox
from vidi.runs.records.manifest.schema import manifest_schema

TWO = """\
version: 1
name: two
budget: 0.10
defaults:
  model: replicate/black-forest-labs/flux-schnell
inferences:
  - id: tree
    params: {aspect_ratio: 16:9, prompt: "un árbol, 木", num_outputs: 2}
    output: trees/tree.webp
  - id: card
    model: fal/fal-ai/flux/dev
    params: {prompt: a postcard, image_size: {width: 1920, height: 1080}}
    output: card
    tags: [cards]
"""


@pytest.fixture
def two(here):
    here.write("two.yaml", TWO)
    return here


def run_sandbox(here, *options, job="two.yaml"):
    return here("vidi-run", job, "--sandbox", *options)


def test_a_run_leaves_assets_manifest_log_and_page(two):
    answer = run_sandbox(two)
    assert answer.exit_code == 0, answer.stderr
    folder = two.folder / "outputs/sandbox/two"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {path for path in files if not path.startswith(".vidi/")} == {
        "trees/tree-1.webp",
        "trees/tree-2.webp",
        "card.jpg",
        "manifest.json",
        "log.jsonl",
        "report.html",
    }
    assert answer.stdout == "outputs/sandbox/two/manifest.json\n"


def test_the_manifest_is_as_published(two):
    run_sandbox(two)
    manifest = two.manifest("outputs/sandbox/two")
    jsonschema_rs.validator_for(manifest_schema()).validate(manifest)
    assert manifest["sandbox"] is True
    assert manifest["run"]["status"] == "succeeded"
    assert manifest["run"]["exit_code"] == 0
    assert manifest["run"]["job_file"] == "two.yaml"
    assert manifest["budget_usd"] == 0.1
    assert manifest["cost_usd"] == {
        "estimated_low": 0.056,
        "estimated_high": 0.056,
        "actual": 0.056,
        "in_doubt": 0,
        "saved": 0,
        "paid": 0.056,
    }
    tree, card = manifest["inferences"]
    assert (tree["status"], tree["reason"], tree["attempts"]) == ("succeeded", "new", 1)
    assert tree["params"] == {"aspect_ratio": "16:9", "prompt": "un árbol, 木", "num_outputs": 2}
    assert tree["cost_usd"]["basis"] == card["cost_usd"]["basis"] == "metered"
    assert [asset["path"] for asset in tree["assets"]] == ["trees/tree-1.webp", "trees/tree-2.webp"]
    assert (card["assets"][0]["width"], card["assets"][0]["height"]) == (1920, 1080)
    assert manifest["totals"]["by_status"] == {"succeeded": 2}


def test_the_log_has_the_events_of_each_inference_in_order(two):
    run_sandbox(two)
    lines = (two.folder / "outputs/sandbox/two/log.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["event"] for event in events if event.get("id") == "tree"] == [
        "intent",
        "submitted",
        "completed",
        "asset",
        "asset",
        "settled",
    ]
    assert (events[0]["event"], events[-1]["event"]) == ("run_started", "run_finished")


def test_the_same_command_again_buys_nothing(two):
    run_sandbox(two)
    (job,) = run_sandbox(two, "--json").json["jobs"]
    assert [entry["action"] for entry in job["inferences"]] == ["unchanged", "unchanged"]
    assert [entry["assets"] for entry in job["inferences"]] == [
        ["trees/tree-1.webp", "trees/tree-2.webp"],
        ["card.jpg"],
    ]
    assert [entry["actual_usd"] for entry in job["inferences"]] == [0, 0]
    assert [entry["paid_usd"] for entry in job["inferences"]] == [0.006, 0.05]
    manifest = two.manifest("outputs/sandbox/two")
    assert manifest["cost_usd"]["actual"] == manifest["cost_usd"]["paid"] == 0.056
    assert manifest["totals"]["by_status"] == {"succeeded": 2}


@pytest.mark.parametrize("concurrency", [1, 2, 16])
def test_results_do_not_depend_on_how_many_run_at_once(two, concurrency):
    run_sandbox(two, "-j", concurrency)
    manifest = two.manifest("outputs/sandbox/two")
    found = [
        (row["id"], row["status"], [asset["sha256"] for asset in row["assets"]])
        for row in manifest["inferences"]
    ]
    run_sandbox(two, "-o", "again")
    again = two.manifest("again")
    assert found == [
        (row["id"], row["status"], [asset["sha256"] for asset in row["assets"]])
        for row in again["inferences"]
    ]


def test_one_micro_dollar_under_the_estimate_is_refused_and_nothing_is_sent(two):
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            two._monkeypatch.setenv(name, value)
        answer = two("vidi-run", "two.yaml", "--budget", "0.055999")
        assert answer.exit_code == 3
        assert answer.stderr == (
            "this costs up to $0.056, which is $0.000001 over the budget of $0.055999\n"
            "  hint: Raise `budget` in the job file (or --budget), or leave some out with "
            "--exclude.\n"
        )
        assert served.requests == 0
        assert two("vidi-run", "two.yaml", "--budget", "0.056").exit_code == 0
        assert served.submits == 2


def test_a_ratio_reaches_the_provider_as_the_text_it_is(two):
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            two._monkeypatch.setenv(name, value)
        assert two("vidi-run", "two.yaml", "--select", "tree").exit_code == 0
        inputs = [work.input for work in served.sandbox.works.values()]
    assert inputs == [{"aspect_ratio": "16:9", "prompt": "un árbol, 木", "num_outputs": 2}]


def test_the_estimate_sends_nothing_writes_nothing_and_needs_no_key(two):
    answer = two("vidi-run", "two.yaml", "--estimate", "--json")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert list(two.folder.iterdir()) == [two.folder / "two.yaml"]
    found = answer.json
    assert found["command"] == "estimate"
    assert found["ok"] is True
    assert found["estimate_usd"] == {"low": 0.056, "expected": 0.056, "high": 0.056}
    assert found["budget_usd"] == 0.1
    (job,) = found["jobs"]
    assert [(each["id"], each["action"], each["reason"]) for each in job["inferences"]] == [
        ("tree", "run", "new"),
        ("card", "run", "new"),
    ]
    tree = job["inferences"][0]
    assert tree["estimate_usd"] == {"low": 0.006, "expected": 0.006, "high": 0.006}
    assert tree["unpriced"] is False
    assert tree["breakdown"][0]["rate_usd"] == 0.003
    assert (tree["status"], tree["actual_usd"], tree["assets"], job["manifest"]) == (
        None,
        None,
        [],
        None,
    )


TABLE = """\
two.yaml → outputs/two
inference  model                                     action  why  quantity × rate       estimate
tree       replicate/black-forest-labs/flux-schnell  run     new  2 image × $0.003      $0.006
card       fal/fal-ai/flux/dev                       run     new  2 megapixel × $0.025  $0.05
total     $0.056
budget    $0.10
verdict   within budget
"""


def test_the_estimate_is_a_table(two):
    told = two("vidi-run", "two.yaml", "--dry-run").stdout
    # How old the shipped prices are depends on the day: test_price_age.py looks at that.
    assert re.sub(r" !$|^  ! .*\n", "", told, flags=re.MULTILINE) == TABLE


@pytest.mark.parametrize(
    ("options", "made"),
    [
        (["--select", "tree"], {"tree"}),
        (["--select", "tag:cards"], {"card"}),
        (["--select", "model:replicate/*"], {"tree"}),
        (["--exclude", "c*"], {"tree"}),
        (["--select", "*", "--exclude", "tree,card"], set()),
    ],
)
def test_select_and_exclude(two, options, made):
    assert run_sandbox(two, *options).exit_code == 0
    rows = two.manifest("outputs/sandbox/two")["inferences"]
    assert {row["id"] for row in rows if row["status"] == "succeeded"} == made
    assert {row["id"] for row in rows if row["status"] == "skipped"} == {"tree", "card"} - made


def test_a_changed_entry_is_bought_again_and_the_old_asset_kept(two):
    run_sandbox(two)
    first = two.manifest("outputs/sandbox/two")["inferences"][1]["assets"][0]
    two.write("two.yaml", TWO.replace("a postcard", "a letter"))
    plan = two("vidi-run", "two.yaml", "--sandbox", "--estimate", "--json").json
    assert [entry["reason"] for entry in plan["jobs"][0]["inferences"]] == [
        "made before",
        "params changed: prompt",
    ]
    assert run_sandbox(two).exit_code == 0
    card = two.manifest("outputs/sandbox/two")["inferences"][1]
    kept = two.folder / "outputs/sandbox/two" / card["assets"][0]["replaced"]
    assert kept.stat().st_size == first["bytes"]
    assert card["assets"][0]["sha256"] != first["sha256"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.unlink(), "asset missing: card.jpg"),
        (lambda path: path.write_bytes(b"edited"), "asset differs: card.jpg"),
    ],
)
def test_a_spoilt_asset_is_made_again(two, spoil, reason):
    run_sandbox(two)
    spoil(two.folder / "outputs/sandbox/two/card.jpg")
    plan = two("vidi-run", "two.yaml", "--sandbox", "--estimate", "--json").json
    assert plan["jobs"][0]["inferences"][1]["reason"] == reason
    assert run_sandbox(two).exit_code == 0
    assert two("vidi", "verify", "outputs/sandbox/two").exit_code == 0


def test_frozen_refuses_what_would_have_to_be_bought(two):
    answer = run_sandbox(two, "--frozen")
    assert answer.exit_code == 3
    assert answer.stderr.startswith(
        "frozen, and 2 of the inferences would have to be bought: tree (new), card (new)\n"
    )
    run_sandbox(two)
    assert run_sandbox(two, "--frozen").exit_code == 0


def test_rebuy_buys_again(two):
    run_sandbox(two)
    run_sandbox(two, "--rebuy", "card")
    rows = two.manifest("outputs/sandbox/two")["inferences"]
    assert [(row["status"], row["reason"]) for row in rows] == [
        ("unchanged", "made before"),
        ("succeeded", "asked to buy again"),
    ]


def test_a_file_in_the_way_is_a_mistake_before_anything_is_spent(two):
    two.write("outputs/sandbox/two/card.jpg", "mine")
    two.write("two.yaml", TWO.replace("output: card", "output: card.jpg"))
    answer = run_sandbox(two)
    assert answer.exit_code == 2
    assert answer.stderr == (
        "two.yaml:13:13: outputs/sandbox/two/card.jpg exists already and vidi did not make it\n"
        "   13 |     output: card.jpg\n"
        "      |             ^\n"
        "      hint: Move it, choose another output, or allow it with --overwrite.\n"
        "1 mistake; nothing was sent.\n"
    )
    assert (two.folder / "outputs/sandbox/two/card.jpg").read_text() == "mine"
    assert run_sandbox(two, "--overwrite").exit_code == 0


def test_sandbox_and_real_runs_never_share_a_folder(two):
    run_sandbox(two, "-o", "shared")
    two._monkeypatch.setenv("REPLICATE_API_TOKEN", "key")
    answer = two("vidi-run", "two.yaml", "-o", "shared")
    assert answer.exit_code == 2
    assert answer.stderr == (
        "shared holds the assets of a sandbox run, and this is a real one\n"
        "  hint: Name another folder with -o.\n"
    )


def test_two_job_files_in_one_command(two):
    two.write("other.yaml", TWO.replace("name: two", "name: other"))
    answer = two("vidi-run", "two.yaml", "other.yaml", "--sandbox", "--json")
    assert [job["manifest"] for job in answer.json["jobs"]] == [
        "outputs/sandbox/two/manifest.json",
        "outputs/sandbox/other/manifest.json",
    ]


def test_two_job_files_that_share_a_folder_are_refused(two):
    two.write("other.yaml", TWO)
    answer = two("vidi-run", "two.yaml", "other.yaml", "--sandbox")
    assert answer.exit_code == 2
    assert answer.stderr.startswith("two.yaml and other.yaml both write to outputs/sandbox/two\n")


def test_a_mistake_in_one_file_stops_all_of_them(two):
    two.write("bad.yaml", "version: 2\n")
    assert two("vidi-run", "two.yaml", "bad.yaml", "--sandbox").exit_code == 2
    assert not (two.folder / "outputs").exists()


def test_quiet_says_nothing_when_all_is_well(two):
    answer = run_sandbox(two, "-q")
    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "", "")


def test_verbose_tells_each_step(two):
    answer = run_sandbox(two, "-v")
    assert "tree: submitting, $0.006 reserved\n" in answer.stderr
    assert "tree: downloading 2 of 2\n" in answer.stderr


def test_variables_come_from_the_command_line(two):
    two.write("two.yaml", TWO.replace("a postcard", '"{{ what }}"'))
    assert run_sandbox(two, "--var", "what=a map").exit_code == 0
    manifest = two.manifest("outputs/sandbox/two")
    assert manifest["inferences"][1]["params"]["prompt"] == "a map"
    assert manifest["run"]["vars"] == {"what": "a map"}


def test_a_project_folder_is_what_paths_are_relative_to(two):
    two.write("elsewhere/x.yaml", TWO)
    assert two("vidi-run", "elsewhere/x.yaml", "-C", "elsewhere", "--sandbox").exit_code == 0
    assert (two.folder / "elsewhere/outputs/sandbox/two/manifest.json").is_file()


def test_keys_come_from_an_env_file(two):
    with serve_sandbox() as served:
        lines = [f"{name}={value}" for name, value in served.environment.items()]
        two.write(".env", "\n".join(lines))
        assert two("vidi-run", "two.yaml").exit_code == 0
        two.write("other.env", "\n".join(lines))
        (two.folder / ".env").unlink()
        assert two("vidi-run", "two.yaml", "--env-file", "other.env", "-o", "x").exit_code == 0
    assert two("vidi-run", "two.yaml", "--env-file", "none.env").stderr == (
        "there is no env file none.env\n  hint: Check --env-file.\n"
    )


@pytest.mark.parametrize("option", [["--fail-fast"], ["--max-failures", "1"]])
def test_nothing_new_begins_after_enough_failures(two, option):
    with serve_sandbox([{"on": "submit", "fault": "422", "times": 0}]) as served:
        for name, value in served.environment.items():
            two._monkeypatch.setenv(name, value)
        assert two("vidi-run", "two.yaml", *option).exit_code == 1
        assert served.submits == 1
    rows = two.manifest("outputs/two")["inferences"]
    assert [row["status"] for row in rows] == ["failed", "skipped"]


def test_max_cost_is_a_cap_of_one_inference(two):
    two.write("two.yaml", TWO + "    max_cost: 0.01\n")
    answer = run_sandbox(two)
    assert answer.exit_code == 3
    assert answer.stderr.startswith("card costs up to $0.05, over its max_cost of $0.01\n")


def test_junit_is_written_where_it_is_asked_for(two):
    run_sandbox(two, "--junit", "ci/junit.xml", "--no-report")
    assert 'tests="2"' in (two.folder / "ci/junit.xml").read_text(encoding="utf-8")
    assert not (two.folder / "outputs/sandbox/two/report.html").exists()


def test_costs_in_the_manifest_are_what_the_provider_billed(two):
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            two._monkeypatch.setenv(name, value)
        two("vidi-run", "two.yaml")
        billed = served.sandbox.billing.total
    actual = two.manifest("outputs/two")["cost_usd"]["actual"]
    assert Decimal(str(actual)) == billed


ENTRIES = {
    "plain": "id: a, output: a.webp",
    "rows": "id: 'a-{{ item.x }}', output: '{{ id }}.webp', foreach: [{x: 1}, {x: 2}]",
    "matrix": "id: 'a-{{ x }}', output: '{{ id }}.webp', matrix: {x: [1, 2]}",
    "variable": "id: 'a-{{ x }}', output: '{{ id }}.webp', vars: {x: '{{ 1 + 1 }}'}",
}
NO_PARAMS = {
    "": {("missing", "'params' is missing")},
    ", params: 5": {("wrong-type", "'params' must be a mapping, not 5")},
    ", params: '{{ nope }}'": {("undefined", "'nope' is not defined")},
    ", param: {prompt: a}": {
        ("missing", "'params' is missing"),
        ("unknown-key", "unknown key 'param' in an inference"),
    },
}
UNKNOWN = {("unknown-model", "unknown model 'fal/nope'")}


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("params", NO_PARAMS)
@pytest.mark.parametrize(
    ("model", "told"), [("fal/nope", UNKNOWN), ("replicate/black-forest-labs/flux-schnell", set())]
)
def test_a_model_is_looked_for_whatever_is_wrong_with_its_params(here, entry, params, model, told):
    here.write(
        "job.yaml",
        f"version: 1\ninferences:\n  - {{model: {model}, {ENTRIES[entry]}{params}}}\n",
    )
    answer = here("vidi", "validate", "job.yaml", "--json")
    assert answer.exit_code == 2, answer.stderr
    assert {(each["code"], each["message"]) for each in answer.json["errors"]} == {
        *NO_PARAMS[params],
        *told,
    }
