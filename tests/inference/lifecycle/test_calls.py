"""Templates that are wrong about how their model is called: mended by the call itself."""

import json
from dataclasses import replace

import pytest

from support.servers.altered_sandbox import serve_altered
from support.servers.sandbox import serve_sandbox
from vidi.inference.models.registry import ModelRegistry

OFFICIAL, COMMUNITY = "black-forest-labs/flux-schnell", "ai-forever/kandinsky-2.2"
WRONG = {OFFICIAL: {"version": "0" * 64}, COMMUNITY: {"official": True}}
"""How a template has each called, the other way round."""
NAME = {OFFICIAL: "by its name", COMMUNITY: "by its version "}


def write_template(here, model, call, new_id=None):
    path = ModelRegistry().get_template(f"replicate/{model}").path
    template = json.loads(path.read_text(encoding="utf-8")) | {"call": call}
    if new_id:
        template["id"] = f"replicate/{new_id}"
    name = template["id"].removeprefix("replicate/").replace("/", "_")
    here.write(f"templates/replicate/{name}.json", json.dumps(template))


def write_job(here, model, count):
    entries = "".join(f"  - {{id: a{n}, params: {{prompt: p{n}}}}}\n" for n in range(count))
    here.write(
        "job.yaml",
        f"version: 1\nname: job\nbudget: 5\ndefaults: {{model: replicate/{model}, "
        f'output: "{{{{ id }}}}"}}\ninferences:\n{entries}',
    )


def lead_to(here, served):
    for name, value in served.environment.items():
        here._monkeypatch.setenv(name, value)


@pytest.fixture
def run(here):
    def run(*options):
        return here("vidi-run", "job.yaml", "--no-report", *options)

    return run


@pytest.mark.parametrize("model", WRONG)
def test_the_other_form_is_called_once_and_remembered_and_said(here, run, model):
    write_template(here, model, WRONG[model])
    write_job(here, model, 2)
    with serve_sandbox() as served:
        lead_to(here, served)
        answer = run()
        assert (answer.exit_code, served.submits, len(served.sandbox.works)) == (0, 3, 2)
        said = f"is now called {NAME[model]}"
        assert answer.stderr.count(f"a0: replicate/{model} {said}") == 1
        assert f"`vidi models pull replicate/{model}` mends its template" in answer.stderr
        for row in here.manifest("outputs/job")["inferences"]:
            assert (row["status"], row["attempts"]) == ("succeeded", 1)
            (asset,) = row["assets"]
            assert said in asset["warning"]
            assert (here.folder / "outputs/job" / asset["path"]).is_file()
        write_job(here, model, 3)
        again = run("--json")
        assert (again.exit_code, served.submits) == (0, 4), "the journal knows the form"
        assert any(said in each["message"] for each in again.json["warnings"])
        assert here("vidi", "costs", "--json").json["total_usd"] == float(
            served.sandbox.billing.total
        )


@pytest.mark.parametrize("call", [{"official": True}, {"version": "0" * 64}])
def test_a_model_that_is_not_there_is_refused_after_one_submit(here, run, call):
    write_template(here, OFFICIAL, call, "nobody/nothing")
    write_job(here, "nobody/nothing", 1)
    with serve_sandbox() as served:
        lead_to(here, served)
        answer = run()
        assert (answer.exit_code, served.submits) == (1, 1)
    (row,) = here.manifest("outputs/job")["inferences"]
    assert (row["status"], row["error"]["code"]) == ("failed", "rejected")
    assert row["cost_usd"]["actual"] == 0
    assert "vidi models pull replicate/nobody/nothing" in row["error"]["hint"]


def test_a_version_that_the_user_names_is_never_another(here, run):
    refusal = {"title": "Invalid version or not permitted", "detail": "no such version"}

    def refuse(exchange):
        if not exchange.is_receipt:
            return exchange
        return replace(exchange.saying({**refusal, "status": 422}), status=422)

    write_job(here, f"{COMMUNITY}:{'1' * 64}", 1)
    with serve_altered(here, refuse) as served:
        answer = run()
        assert (answer.exit_code, served.submits) == (1, 1)
        assert served.count("GET", "/v1/models/{owner}/{name}") == 0
    assert "Replicate refused it: no such version" in answer.stderr


def test_an_official_model_has_no_version_to_name(here, run):
    write_job(here, f"{OFFICIAL}:{'1' * 64}", 1)
    with serve_sandbox() as served:
        lead_to(here, served)
        answer = run()
        assert (answer.exit_code, served.submits) == (2, 0)
    assert "is an official model, which Replicate runs by name alone" in answer.stderr


def test_program_calls_are_mended_too(here):
    from vidi.inference import CostTracker, InferenceEngine
    from vidi.inference.settings import Settings

    write_template(here, OFFICIAL, WRONG[OFFICIAL])
    with serve_sandbox() as served:
        settings = Settings.from_environment(served.environment)
        costs = CostTracker.in_memory()
        with InferenceEngine(settings=settings, costs=costs, project=here.folder) as engine:
            for prompt in ("a", "b"):
                assert engine.infer(model=f"replicate/{OFFICIAL}", prompt=prompt).url
        assert (served.submits, len(served.sandbox.works)) == (3, 2)
