"""`--plan` and `--apply`: exactly what was shown is carried out, or nothing."""

import json
from dataclasses import fields
from pathlib import Path

import jsonschema_rs
import pytest
from PIL import Image

from support.servers.sandbox import serve_sandbox
from vidi.cli.run_options import RunOptions
from vidi.cli.running.applying.command_line import SAID
from vidi.runs.plan_file.schema import plan_schema
from vidi.runs.plan_file.shape import SavedOptions

CHECKOUT = Path(__file__).parents[4]
TEMPLATE = "templates/replicate/black-forest-labs_flux-schnell.json"
JOB = """\
version: 1
name: a
budget: 0.50
vars: {style: flat}
defaults:
  model: replicate/black-forest-labs/flux-schnell
inferences:
  - id: forest
    params: {prompt: "a black forest, {{ style }}, {{ file('style.txt') }}"}
    output: forest.webp
  - id: "row-{{ item.sku }}"
    foreach: data/rows.csv
    params: {prompt: "{{ item.title }}"}
    output: "{{ id }}.webp"
    tags: [rows]
"""
FRAME = """\
version: 1
name: frame
budget: 5
inferences:
  - id: move
    model: fal/fal-ai/kling-video/v2.1/standard/image-to-video
    params: {prompt: it moves, image_url: a.png}
    output: m.mp4
"""
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0"
    "000003010100c9fe92ef0000000049454e44ae426082"
)
PLAN = ("--estimate", "--plan", "plan.json")
APPLY = ("--apply", "plan.json")


@pytest.fixture
def project(here):
    here.write("jobs/a.yaml", JOB)
    here.write("data/rows.csv", "sku,title\n1,one\n2,two\n")
    here.write("style.txt", "in oil")
    return here


def plan(here, *options):
    answer = here("vidi-run", *(options or ("jobs/a.yaml",)), "--sandbox", *PLAN)
    assert answer.exit_code == 0, answer.stderr
    written = json.loads((here.folder / "plan.json").read_text("utf-8"))
    jsonschema_rs.validator_for(plan_schema()).validate(written)
    return written


def apply(here, *options):
    return here("vidi-run", *APPLY, *options, "--json")


def spent(answer):
    return answer.json["spent_usd"]


def test_what_was_planned_is_bought_once(project):
    written = plan(project, "jobs/a.yaml", "--var", "style=deep", "--select", "tag:rows", "-o", "x")
    assert written["estimate_usd"]["high"] == 0.006
    assert [each["action"] for each in written["jobs"][0]["inferences"]] == ["skip", "run", "run"]
    assert sorted(written["jobs"][0]["files"]) == ["data/rows.csv", "style.txt"]
    again = plan(project, "jobs/a.yaml", "--shard", "1/2", "-o", "y")
    actions = {each["action"] for each in again["jobs"][0]["inferences"]}
    assert (again["options"]["shard"], actions) == ("1/2", {"run", "skip"})
    part = sum(each["reserve_usd"] for each in again["jobs"][0]["inferences"])
    assert spent(apply(project)) == pytest.approx(part)
    plan(project, "jobs/a.yaml", "--var", "style=deep", "--select", "tag:rows", "-o", "x")
    first, second = apply(project), apply(project)
    assert (first.exit_code, spent(first)) == (0, 0.006), first.stderr
    assert (second.exit_code, spent(second)) == (0, 0)
    assert sorted(path.name for path in (project.folder / "x").glob("*.webp")) == [
        "row-1.webp",
        "row-2.webp",
    ]


def test_what_is_planned_is_what_a_server_is_asked_for_and_what_is_left_of_it(project):
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            project._monkeypatch.setenv(name, value)
        assert project("vidi-run", "jobs/a.yaml", *PLAN).exit_code == 0
        assert served.requests == 0
        assert project("vidi-run", "jobs/a.yaml", "--select", "row-1").exit_code == 0
        before = served.submits
        assert apply(project).exit_code == 0
        assert served.submits == before + 2
        assert apply(project).exit_code == 0
        assert served.submits == before + 2


def test_what_was_left_running_is_collected_by_the_same_plan(project):
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            project._monkeypatch.setenv(name, value)
        assert project("vidi-run", "jobs/a.yaml", *PLAN).exit_code == 0
        left = apply(project, "--detach")
        assert (left.exit_code, served.submits) == (5, 3), left.stderr
        assert (apply(project).exit_code, served.submits) == (0, 3)
        assert (apply(project).exit_code, served.submits) == (0, 3)


def change_text(name, old, new):
    def change(here):
        path = here.folder / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    return change


def make_dearer(here):
    change_text(TEMPLATE, '"usd_per_image": 0.003', '"usd_per_image": 0.002')(here)


def edit_picture(here):
    Image.new("RGB", (64, 64), "red").save(here.folder / "out/a/forest.webp")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            change_text("jobs/a.yaml", "a black", "a red"),
            "jobs/a.yaml has changed; forest asks for",
        ),
        (change_text("jobs/a.yaml", "budget: 0.50", "budget: 5"), "its budget is $5.00, planned"),
        (change_text("jobs/a.yaml", "params: {", "param: {"), "jobs/a.yaml has changed"),
        (change_text("jobs/a.yaml", "version: 1", "version: ["), "jobs/a.yaml has changed"),
        (lambda here: (here.folder / "jobs/a.yaml").unlink(), "jobs/a.yaml has changed"),
        (change_text("data/rows.csv", "two", "three"), "data/rows.csv has changed; row-2 asks"),
        (change_text("data/rows.csv", "2,two", "2,two\n3,x"), "row-3 is new"),
        (change_text("data/rows.csv", "2,two\n", ""), "row-2 is gone"),
        (lambda here: (here.folder / "data/rows.csv").unlink(), "data/rows.csv is gone"),
        (change_text("style.txt", "oil", "ink"), "style.txt has changed"),
        (change_text("vars.yaml", "deep", "high"), "vars.yaml has changed"),
        (lambda here: (here.folder / "a.png").write_bytes(PNG + b"0"), "a.png has changed"),
        (make_dearer, "the prices of replicate/black-forest-labs/flux-schnell have changed"),
        (change_text(TEMPLATE, '"title": "', '"title": "X'), "the template of replicate/"),
        (lambda here: (here.folder / "out/a/forest.webp").unlink(), "planned unchanged"),
        (edit_picture, "forest: unchanged (edited), planned unchanged"),
        (lambda here: here.write("out/a/row-1.webp", "mine"), "row-1.webp exists already"),
    ],
)
def test_whatever_differs_since_is_refused_by_name(project, change, said):
    project.write(TEMPLATE, (CHECKOUT / TEMPLATE).read_text("utf-8"))
    project.write("vars.yaml", "style: deep")
    project.write("jobs/frame.yaml", FRAME)
    (project.folder / "a.png").write_bytes(PNG)
    change_text("jobs/a.yaml", "name: a\n", "name: a\noutput_dir: out/a\n")(project)
    options = ("jobs/a.yaml", "-o", "out/a", "--vars-file", "vars.yaml")
    if said.startswith("a.png"):
        options = ("jobs/frame.yaml",)
    if "unchanged" in said:
        made = project("vidi-run", *options, "--sandbox", "--select", "forest")
        assert made.exit_code == 0, made.stderr
    plan(project, *options)
    change(project)
    answer = apply(project)
    assert (answer.exit_code, spent(answer)) == (3, 0)
    assert "not as planned: " in answer.stderr
    assert said in answer.stderr
    assert not (project.folder / "out/a/row-2.webp").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--budget", "0.10"), "--budget is $0.10, planned with $0.40"),
        (("--budget", "0"), "--budget is $0.00, planned with $0.40"),
        (("--var", "api_token=x"), "--var api_token is another"),
        (("--var", "style=deep"), "--var style"),
        (("--select", "forest"), "--select is forest, planned with none"),
        (("-o", "elsewhere"), "-o is elsewhere, planned with none"),
        (("--frozen",), "--frozen is given, planned with none"),
    ],
)
def test_a_command_line_that_says_otherwise_is_refused(project, options, said):
    plan(project, "jobs/a.yaml", "--budget", "0.40", "--var", "style=flat")
    answer = apply(project, *options)
    assert answer.exit_code == 3
    assert said in answer.stderr
    assert apply(project, "--budget", "0.40", "--var", "style=flat", "-j", "2").exit_code == 0


NOT_PLANNED = {
    # how it is carried out and told, not what is bought
    *("estimate", "plan", "apply", "concurrency", "detach", "fail_fast", "max_failures"),
    *("json_wanted", "junit", "summary_markdown", "code_quality", "report", "no_input", "yes"),
    *("quiet", "verbose", "no_progress", "fleet"),
}
OTHERWISE = {"var": "vars", "vars_file": "vars_files", "budget": "budget_usd"}
"""Options that a plan has under another name."""


def test_every_option_of_a_plan_is_held_against_what_is_said():
    held = {each.name for each in fields(SavedOptions)} - {"job_files", "vars", "secret_vars"}
    assert SAID.keys() == held


def test_every_option_that_says_what_is_planned_is_in_a_plan():
    options = {each.name for each in fields(RunOptions)} - NOT_PLANNED
    saved = {each.name for each in fields(SavedOptions)} - {"secret_vars"}
    assert {OTHERWISE.get(name, name) for name in options} == saved


def test_a_shard_is_planned_and_carried_out_as_one(project):
    plan(project, "jobs/a.yaml", "--shard", "1/2")
    assert apply(project, "--shard", "2/2").exit_code == 3
    first = spent(apply(project))
    plan(project, "jobs/a.yaml", "--shard", "2/2")
    assert [first, spent(apply(project))] == [0.006, 0.003]


def test_what_is_bought_again_is_bought_again_once(project):
    assert project("vidi-run", "jobs/a.yaml", "--sandbox").exit_code == 0
    written = plan(project, "jobs/a.yaml", "--rebuy", "forest")
    assert [each["again"] for each in written["jobs"][0]["inferences"]] == [True, False, False]
    assert [spent(apply(project)) for _ in range(2)] == [0.003, 0]


def test_what_was_paid_for_and_is_gone_is_not_bought_once_more(project):
    plan(project)
    assert spent(apply(project)) == 0.009
    (project.folder / "outputs/sandbox/a/forest.webp").unlink()
    answer = apply(project)
    assert (answer.exit_code, spent(answer)) == (3, 0)
    assert "forest: paid for since, and it would be bought once more" in answer.stderr


def test_of_several_job_files_none_is_run_where_one_differs(project):
    project.write("jobs/b.yaml", JOB.replace("name: a", "name: b"))
    written = plan(project, "jobs", "--budget", "0.02")
    assert [each["job_file"] for each in written["jobs"]] == ["jobs/a.yaml", "jobs/b.yaml"]
    project.write("jobs/c.yaml", JOB.replace("name: a", "name: c"))
    text = JOB.replace("name: a", "name: b")
    project.write("jobs/b.yaml", text.replace("a black", "a red"))
    answer = apply(project)
    assert (answer.exit_code, spent(answer)) == (3, 0)
    assert "jobs/b.yaml: not as planned: jobs/b.yaml has changed" in answer.stderr
    project.write("jobs/b.yaml", text)
    answer = apply(project)
    assert (answer.exit_code, spent(answer), len(answer.json["jobs"])) == (0, 0.018, 2)


def test_secrets_are_not_in_a_plan_and_are_to_be_given_again(project):
    change_text("jobs/a.yaml", "{{ style }}", "{{ api_token }} {{ style }}")(project)
    plan(project, "jobs/a.yaml", "--var", "api_token=sesame-12345")
    assert "sesame" not in (project.folder / "plan.json").read_text("utf-8")
    missing = apply(project)
    assert missing.exit_code == 2
    assert "--var api_token" in missing.stderr
    other = apply(project, "--var", "api_token=sesame-54321")
    assert (other.exit_code, spent(other)) == (3, 0)
    assert apply(project, "--var", "api_token=sesame-12345").exit_code == 0


def test_leave_is_given_by_who_applies(project):
    project.write("outputs/sandbox/a/forest.webp", "mine")
    plan(project, "jobs/a.yaml", "--overwrite", "--allow-outside")
    for options in ((), ("--overwrite",), ("--allow-outside",)):
        answer = apply(project, *options)
        assert answer.exit_code == 3
        assert "must be given again" in answer.stderr
    assert apply(project, "--overwrite", "--allow-outside").exit_code == 0


def test_a_plan_leads_into_no_folder_of_other_things(project, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    plan(project, "jobs/a.yaml", "-o", elsewhere)
    (elsewhere / "report.html").write_text("mine")
    answer = apply(project)
    assert answer.exit_code == 3
    assert "holds other files" in answer.stderr
    (elsewhere / "report.html").unlink()
    assert apply(project).exit_code == 0


def forge(here, **changes):
    path = here.folder / "plan.json"
    written = json.loads(path.read_text("utf-8"))
    for where, value in changes.items():
        entry = written["jobs"][0]["inferences"][0]
        (entry if where in entry else written["options"])[where] = value
    path.write_text(json.dumps(written), "utf-8")


@pytest.mark.parametrize(
    "changes",
    [
        {"estimate_usd": {"low": 0, "expected": 0, "high": 0}},
        {"reserve_usd": 0},
        {"fingerprint": "0" * 64},
        {"action": "unchanged"},
        {"output": "other.webp"},
        {"output_dir": "a\0b"},
        {"output_dir": "a\ud800b"},
        {"output_dir": "../../../../../../../../etc"},
        {"project": "/"},
        {"job_files": ["data/rows.csv"]},
        {"job_files": []},
        {"budget_usd": 0.001},
        {"vars": {"style": "other"}},
    ],
)
def test_a_forged_plan_buys_nothing(project, changes):
    plan(project)
    forge(project, **changes)
    answer = apply(project)
    assert answer.exit_code in {2, 3}, answer.stderr
    assert spent(answer) == 0
    assert not (project.folder / "outputs").exists()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "[" * 100_000, '{"schema_version": 2}', '{"schema_version": 1}', "\x00\xff",
     '{"schema_version": 1e999}'],
)  # fmt: skip
def test_what_is_no_plan_is_said(project, text):
    project.write("plan.json", text)
    answer = project("vidi-run", *APPLY)
    assert answer.exit_code == 2
    assert "plan.json" in answer.stderr


def test_a_plan_is_written_over_nothing_but_a_plan_and_only_where_it_fits(project):
    over = project("vidi-run", "jobs/a.yaml", "--sandbox", "--estimate", "--plan", "jobs/a.yaml")
    assert (over.exit_code, (project.folder / "jobs/a.yaml").read_text("utf-8")) == (2, JOB)
    refused = project("vidi-run", "jobs/a.yaml", "--sandbox", "--budget", "0.001", *PLAN)
    assert refused.exit_code == 3
    assert not (project.folder / "plan.json").exists()
    for options, said in (
        (("jobs/a.yaml", "--plan", "plan.json"), "Add --estimate"),
        (("-", *PLAN), "Save it as a file"),
        (("jobs/a.yaml", *APPLY), "neither JOB_FILE"),
        ((*APPLY, "--estimate"), "neither JOB_FILE"),
        ((), "Missing argument 'JOB_FILE...'"),
        (APPLY, "cannot read plan.json"),
    ):
        answer = project("vidi-run", *options)
        assert answer.exit_code == 2
        assert said in answer.stderr
