"""The ids that job files may name: versions, deployments, workflows, apps of one's own, aliases."""

import json

import pytest

from support.models.templates import template
from support.servers.sandbox import serve_sandbox
from vidi.inference.models.ids import file_name
from vidi.inference.models.registry import ModelRegistry

OLD, NEW = "1" * 64, "2" * 64
PAINTER = "replicate/acme/painter"


def put(here, model_id, **changes):
    here.write(f"templates/{file_name(model_id)}", json.dumps(template(model_id, **changes)))


def job(here, model, **more):
    entry = {"id": "a", "model": model, "params": {"prompt": "x"}, "output": "a.png", **more}
    here.write("job.yaml", json.dumps({"version": 1, "budget": 1, "inferences": [entry]}))


@pytest.fixture
def served(here, monkeypatch):
    """The sandbox as a real provider, with the project's own templates."""
    with serve_sandbox() as sandbox:
        for name, value in sandbox.environment.items():
            monkeypatch.setenv(name, value)
        sandbox.sandbox.registry = ModelRegistry([here.folder / "templates"])
        yield sandbox


IDS = {
    PAINTER: {"call": {"version": OLD}, "output": "output"},
    f"{PAINTER}:{NEW}": {"call": {"version": NEW}, "output": "output"},
    "replicate/deployments/acme/painter": {
        "call": {"deployment": "acme/painter"}, "output": "output"
    },
    "fal/workflows/me/two-steps": {},
    "fal/me/my-app": {},
    "fal/me/my-app/fast": {},
}  # fmt: skip


@pytest.mark.parametrize("model", IDS)
def test_every_form_of_an_id_is_bought_once(here, served, model):
    put(here, model, **IDS[model])
    job(here, model)
    for status in ("succeeded", "unchanged"):
        answer = here("vidi-run", "job.yaml", "-y", "--json")
        assert answer.exit_code == 0, answer.stderr
        (inference,) = answer.json["jobs"][0]["inferences"]
        assert inference["status"] in {status, None}
    assert served.submits == 1
    assert here("vidi", "models", "check", model).exit_code == 0


def test_a_pinned_version_goes_by_the_template_of_the_model(here, served):
    put(here, PAINTER, **IDS[PAINTER])
    job(here, f"{PAINTER}:{NEW}")
    answer = here("vidi-run", "job.yaml", "-y", "--json")
    assert answer.exit_code == 0, answer.stderr
    (warning,) = (each for each in answer.json["warnings"] if each["code"] == "version-params")
    assert warning["hint"] == f"`vidi models pull {PAINTER}:{NEW}` reads its own."
    (work,) = served.sandbox.works.values()
    assert work.model.version == NEW


def test_the_latest_version_by_its_hash_is_the_same_purchase(here, served):
    put(here, PAINTER, **IDS[PAINTER])
    job(here, PAINTER)
    assert here("vidi-run", "job.yaml", "-y").exit_code == 0
    job(here, f"{PAINTER}:{OLD}")
    assert here("vidi-run", "job.yaml", "-y", "--frozen").exit_code == 0
    job(here, f"{PAINTER}:{NEW}")
    assert here("vidi-run", "job.yaml", "-y", "--frozen").exit_code == 3
    assert served.submits == 1


def test_another_name_of_a_model_buys_nothing_again(here, served):
    put(here, "fal/acme/brush")
    job(here, "fal/acme/brush")
    assert here("vidi-run", "job.yaml", "-y").exit_code == 0
    (here.folder / "templates/fal/acme-brush.json").unlink()
    put(here, "fal/acme/painter", aliases=["fal/acme/brush", "fal/acme/pencil"])
    served.sandbox.registry = ModelRegistry([here.folder / "templates"])
    for model in ("fal/acme/brush", "fal/acme/pencil", "fal/acme/painter"):
        job(here, model)
        answer = here("vidi-run", "job.yaml", "-y", "--frozen", "--json")
        assert answer.exit_code == 0, answer.stderr
        codes = {each["code"] for each in answer.json["warnings"]}
        assert ("renamed-model" in codes) is (model != "fal/acme/painter")
    assert served.submits == 1
    job(here, "fal/acme/pencil", params={"prompt": "y"})
    assert here("vidi-run", "job.yaml", "-y").exit_code == 0
    assert {work.model.id for work in served.sandbox.works.values()} >= {"fal/acme/painter"}


def test_a_version_of_an_official_model_is_a_mistake_of_the_file(here):
    put(here, PAINTER, call={"official": True}, output="output")
    job(here, f"{PAINTER}:{NEW}")
    answer = here("vidi", "validate", "job.yaml")
    assert answer.exit_code == 2
    assert "is an official model, which Replicate runs by name alone" in answer.stderr
    assert f"hint: Write `model: {PAINTER}`." in answer.stderr
