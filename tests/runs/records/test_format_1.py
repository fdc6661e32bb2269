"""A folder that an older vidi left, in format 1: read, resumed and brought forward."""

import json
import shutil
from pathlib import Path

import jsonschema_rs
import pytest

from vidi.runs.records.manifest.schema import manifest_schema

OLD = Path(__file__).with_name("format_1")
FOLDER = "outputs/sandbox/old"


@pytest.fixture
def project(here):
    """Twins, and an entry whose prompt has changed: bought by the vidi that wrote format 1."""
    shutil.copy(OLD / "job.yaml", here.folder)
    shutil.copytree(OLD / "made", here.folder / FOLDER)
    return here


def run(project, change=lambda text: text, *options):
    path = project.folder / "job.yaml"
    path.write_text(change(path.read_text()))
    answer = project("vidi-run", "job.yaml", "--sandbox", "--json", *options)
    assert answer.exit_code == 0, answer.stderr
    return [(each["action"], each["reason"]) for each in answer.json["jobs"][0]["inferences"]]


def count_bought(project):
    log = (project.folder / FOLDER / "log.jsonl").read_text()
    return log.count('"event":"intent"')


def test_nothing_is_bought_again_and_the_manifest_is_brought_forward(project):
    assert run(project) == [("unchanged", "made before")] * 3
    assert count_bought(project) == 4
    manifest = project.manifest(FOLDER)
    jsonschema_rs.validator_for(manifest_schema()).validate(manifest)
    paid = [row["cost_usd"]["paid"] for row in manifest["inferences"]]
    assert (manifest["schema_version"], paid) == (2, [0.003] * 3)
    assert project("vidi", "verify", FOLDER).exit_code == 0


def test_what_had_made_way_and_what_has_another_id_is_found_in_it(project):
    assert run(project, lambda text: text.replace("id: a,", "id: d,"))[0] == (
        "move",
        "renamed from a",
    )
    back = run(project, lambda text: text.replace("prompt: z", "prompt: y"))
    assert back[2] == ("restore", "restored from .vidi/replaced")
    assert run(project, lambda text: text.replace("prompt: y", "prompt: z"))[2][0] == "restore"
    assert count_bought(project) == 4


def test_a_third_twin_is_bought_and_no_other(project):
    third = '  - {id: third, params: {prompt: x, megapixels: "0.25"}, output: third.webp}\n'
    assert [action for action, _ in run(project, lambda text: text + third)] == [
        *["unchanged"] * 3,
        "run",
    ]
    log = (project.folder / FOLDER / "log.jsonl").read_text().splitlines()
    numbers = [json.loads(line).get("number") for line in log if '"event":"intent"' in line]
    assert numbers == [None] * 4 + [3]


def test_its_page_is_made_of_either_format(project):
    assert project("vidi", "report", FOLDER).exit_code == 0
    (project.folder / FOLDER / "manifest.json").unlink()
    assert project("vidi", "report", FOLDER).exit_code == 0
