"""`mark: true`: files say that a model made them, and are as whole as any other."""

import hashlib
import json

import jsonschema_rs
import pytest

from vidi.inference.outputs.marking.xmp import MADE_BY_A_MODEL
from vidi.runs.records.manifest.schema import manifest_schema

FLUX = "fal/fal-ai/flux/dev"
JOB = """\
version: 1
budget: 9
defaults: {mark: true}
inferences:
  - {id: png, model: fal/fal-ai/flux/dev, params: {prompt: x, output_format: png}, output: a.png}
  - {id: plain, model: fal/fal-ai/flux/dev, params: {prompt: x}, output: b.jpg, mark: false}
  - {id: by-row, model: replicate/black-forest-labs/flux-schnell, params: {prompt: x},
     output: "{{ item.name }}.webp", foreach: [{name: c, wanted: "yes"}],
     mark: "{{ item.wanted == 'yes' }}"}
  - {id: film, model: fal/fal-ai/kling-video/v2.5-turbo/pro/text-to-video,
     params: {prompt: x, duration: 5}, output: d.mp4}
  - {id: voice, model: fal/fal-ai/elevenlabs/tts/eleven-v3, params: {text: x, voice: Rachel},
     output: e.mp3}
"""
RUN = ("vidi-run", "jobs/a.yaml", "--sandbox", "-j", "4")
OUT = "outputs/sandbox/a"


def assets_of(here, folder=OUT):
    return {row["id"]: row["assets"][0] for row in here.manifest(folder)["inferences"]}


def content(here, asset, folder=OUT):
    return (here.folder / folder / asset["path"]).read_bytes()


@pytest.fixture
def marked(here, monkeypatch):
    monkeypatch.setenv("VIDI_STORE", str(here.folder / "store"))
    here.write("jobs/a.yaml", JOB)
    answer = here(*RUN)
    assert answer.exit_code == 0, answer.stderr
    return answer


def test_marked_files_are_on_record_with_what_they_were_before(here, marked):
    jsonschema_rs.validator_for(manifest_schema()).validate(here.manifest(OUT))
    assets = assets_of(here)
    for name, asset in assets.items():
        whole = content(here, asset)
        assert hashlib.sha256(whole).hexdigest() == asset["sha256"]
        assert len(whole) == asset["bytes"]
        wanted = name in {"png", "by-row", "film"}
        assert (MADE_BY_A_MODEL.encode() in whole) == wanted, name
        assert ("original_sha256" in asset) == wanted
    assert "it is not marked as made by AI" in assets["voice"]["warning"]
    assert "it is not marked as made by AI" in marked.stderr
    assert here("vidi", "verify", OUT).exit_code == 0


@pytest.mark.usefixtures("marked")
def test_a_marked_file_is_whole_and_is_fetched_again_the_same(here):
    before = assets_of(here)
    assert here(*RUN).exit_code == 0
    kept = here("vidi-run", "jobs/a.yaml", "--sandbox", "--frozen", "--estimate", "--json").json
    assert {row["action"] for row in kept["jobs"][0]["inferences"]} == {"unchanged"}
    # As after a kill between the file and its record, and as after somebody's broom.
    (here.folder / OUT / "a.png").unlink()
    (here.folder / OUT / "c.webp").write_bytes(b"RIFF")
    again = here(*RUN, "--json").json
    assert again["spent_usd"] == 0
    assert {name: each["sha256"] for name, each in assets_of(here).items()} == {
        name: each["sha256"] for name, each in before.items()
    }


@pytest.mark.usefixtures("marked")
def test_the_store_gives_a_marked_file_and_a_mark_to_one_without(here):
    here.write("jobs/b.yaml", JOB.replace("mark: true", "mark: false"))
    here.write("jobs/c.yaml", JOB.replace(", mark: false}", "}"))
    for name in ("b", "c"):
        answer = here("vidi-run", f"jobs/{name}.yaml", "--sandbox", "--json").json
        assert answer["spent_usd"] == 0
        assert here("vidi", "verify", f"outputs/sandbox/{name}").exit_code == 0
    first, other, third = (assets_of(here, f"outputs/sandbox/{name}") for name in "abc")
    assert other["png"]["sha256"] == first["png"]["sha256"]  # what was bought is what it is
    assert third["plain"]["original_sha256"] == first["plain"]["sha256"]
    assert MADE_BY_A_MODEL.encode() in content(here, third["plain"], "outputs/sandbox/c")


def test_a_project_marks_where_a_job_says_nothing(here):
    here.write("vidi.toml", "mark = true\n")
    here.write("jobs/a.yaml", JOB.replace("defaults: {mark: true}\n", ""))
    assert here(*RUN).exit_code == 0
    assets = assets_of(here)
    assert "original_sha256" in assets["film"]
    assert "original_sha256" not in assets["plain"]
    here.write("vidi.toml", "mark = 'yes'\n")
    assert here(*RUN).exit_code == 2


@pytest.mark.usefixtures("marked")
def test_the_journal_has_both_hashes(here):
    lines = (here.folder / OUT / "log.jsonl").read_text("utf-8").splitlines()
    events = [event for event in map(json.loads, lines) if event["event"] == "asset"]
    assert {each["id"] for each in events if "original_sha256" in each} == {"png", "by-row", "film"}


@pytest.mark.parametrize("value", ["1", "'yes'", "[true]"])
def test_a_mark_is_true_or_false(here, value):
    here.write("jobs/a.yaml", JOB.replace("mark: true", f"mark: {value}"))
    answer = here("vidi", "validate", "jobs/a.yaml")
    assert answer.exit_code == 2
    assert "'mark' must be true or false" in answer.stderr
