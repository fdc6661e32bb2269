"""`vidi schema`: printed, written where editors look, and read there by a language server."""

import json
import os

import pytest

from support.language_server import LanguageServer, why_missing
from vidi.cli.commands.setup.schema import SCHEMAS

FLUX = "fal/fal-ai/flux/dev"
JOB = f"""\
version: 1
inferences:
  - id: a
    model: {FLUX}
    params:
      prompt: x
      acceleration: high
    output: a.png
"""
LINE = "# yaml-language-server: $schema="


@pytest.mark.parametrize("which", SCHEMAS)
def test_each_is_a_schema(here, which):
    assert here("vidi", "schema", which).json["$schema"].endswith("2020-12/schema")


@pytest.mark.skipif(os.environ.get("VIDI_ALL_TEMPLATES") != "1", reason="reads every template")
def test_all_has_every_model(here):
    parts = here("vidi", "schema", "job", "--all").json["$defs"]
    models = [name for name in parts if name.startswith("params of ")]
    assert {each.removeprefix("params of ") for each in models} <= {
        *parts["model"]["anyOf"][0]["enum"]
    }
    assert len(models) > 1800


@pytest.mark.parametrize(
    "arguments", [("manifest", "--for", "a.yaml"), ("answer", "--all"), ("job", "--vscode")]
)
def test_what_makes_no_sense_is_refused(here, arguments):
    here.write("a.yaml", JOB)
    assert here("vidi", "schema", *arguments).exit_code == 2


@pytest.mark.parametrize(
    ("name", "before", "after", "end"),
    [
        ("jobs/a.yaml", "", f"{LINE}a.schema.json\n", "\n"),
        ("jobs/案 内.yaml", "# mine\n", f"{LINE}案-内.schema.json\n# mine\n", "\r\n"),
        ("a.yaml", f"# x\n{LINE}http://old/x.json\n", f"# x\n{LINE}a.schema.json\n", "\r\n"),
        ("a.yaml", "\ufeff", f"\ufeff{LINE}a.schema.json\n", "\n"),
    ],
)
def test_a_job_file_names_its_schema_and_nothing_else_of_it_changes(here, name, before, after, end):
    path = here.write(name, "")
    path.write_bytes(f"{before}{JOB}".replace("\n", end).encode())
    answer = here("vidi", "schema", "--for", name, "--write")
    schema = after.partition("$schema=")[2].partition("\n")[0]
    assert answer.exit_code == 0
    assert answer.stdout.endswith(f"{schema}, {name}\n")
    assert path.read_bytes().decode() == f"{after}{JOB}".replace("\n", end)
    assert json.loads((path.parent / schema).read_text("utf-8"))["title"] == "vidi job file"
    again = here("vidi", "schema", "--for", name, "--write")
    assert again.stdout.endswith(f"{schema}\n")
    assert here("vidi", "validate", name).exit_code == 0


SETTINGS = [
    None,
    "",
    "{}",
    '{"editor.tabSize": 2}',
    '{\n  // mine: {"yaml.schemas": {\n  "a": [1, {"b": "}"}], /* , */\n}\n',
    '{"yaml.schemas": {}}',
    '{"yaml.schemas": {\n    // theirs\n    "x.json": "y.yaml",\n}, "z": 1}',
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_settings_keep_what_they_have(here, settings):
    path = here.folder / ".vscode/settings.json"
    if settings is not None:
        here.write(".vscode/settings.json", settings)
    here.write("jobs/a.yaml", JOB)
    answer = here("vidi", "schema", "--for", "jobs/a.yaml", "--write", "--vscode")
    assert answer.stdout.endswith(".vscode/settings.json\n"), answer.stderr
    text = path.read_text("utf-8")
    entry = '"./jobs/a.schema.json": ["jobs/a.yaml"]'
    assert text.count(entry) == text.replace('{"yaml.schemas": {\n  "a"', "").count(entry) == 1
    left = text.replace(entry, "", 1)
    for piece in (settings or "").replace("{", " ").replace("}", " ").split():
        assert piece.strip(",:") in left
    again = here("vidi", "schema", "--for", "jobs/a.yaml", "--write", "--vscode")
    assert again.stdout == "wrote jobs/a.schema.json\n"
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize("settings", ["[]", "{", '{"yaml.schemas": []}', '"x"', "\x00"])
def test_settings_that_are_no_settings_are_left_alone(here, settings):
    path = here.write(".vscode/settings.json", settings)
    answer = here("vidi", "schema", "--write", "--vscode")
    assert answer.exit_code == 2
    assert 'Write "yaml.schemas"' in answer.stderr
    assert path.read_text("utf-8") == settings


@pytest.fixture(scope="module")
def server():
    if why := why_missing():
        pytest.skip(why)
    server = LanguageServer()
    yield server
    server.close()


def test_an_editor_completes_and_checks_a_job_file(here, server):
    path = here.write("jobs/a.yaml", JOB.replace("x\n", "x\n      \n") + "  - id: b\n    model: \n")
    assert here("vidi", "schema", "--for", "jobs/a.yaml", "--write").exit_code == 0
    server.open(path)
    params = server.complete(path, 7, 6)
    assert {"image_size", "num_images", "seed"} <= params.keys()
    assert "acceleration" not in params  # it is there already
    assert {"none", "regular", "high"} <= server.complete(path, 8, 20).keys()
    models = server.complete(path, 11, 11)
    assert "replicate/black-forest-labs/flux-schnell" in models
    assert len(models) > 1800
    assert "Flux / Dev: text-to-image, $0.025" in server.hover(path, 4, 14)
    wrong = JOB.replace("high", "higher").replace("prompt", "promt")
    other = here.write("jobs/b.yaml", f"{LINE}a.schema.json\n{wrong}")
    server.open(other)
    said = "\n".join(server.problems(other))
    assert 'Valid values: "none", "regular", "high"' in said
    assert "This model has no such param." in said
    assert 'Missing property "prompt"' in said


def test_a_new_job_file_completes_at_once(here, server):
    assert here("vidi", "init", "--no-input").exit_code == 0
    path = here.folder / "jobs/first.yaml"
    text = path.read_text("utf-8")
    assert text.startswith(f"{LINE}first.schema.json\n")
    server.open(path)
    assert server.problems(path) == []
    line = next(at for at, each in enumerate(text.splitlines()) if "params: {aspect" in each)
    assert "num_outputs" in server.complete(path, line, text.splitlines()[line].index("{") + 1)
