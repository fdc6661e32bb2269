"""Replicate's own word on how a model is run, whatever a template says."""

from dataclasses import replace

from vidi.inference.models.registry import ModelRegistry
from vidi.inference.models.template import Call
from vidi.sandbox.facts.official import is_official, version_of

REGISTRY = ModelRegistry()
OFFICIAL, COMMUNITY = "replicate/openai/gpt-5.2", "replicate/adirik/styletts2"
STALE = "d" * 64


class Mistaken:
    """A registry whose templates say of each model that it is run in the other way."""

    def get_template(self, model_id):
        model = REGISTRY.get_template(model_id)
        other = Call(version=STALE) if is_official(model) else Call(official=True)
        return replace(model, call=other)

    def list_models(self, *, provider=None):
        models = [self.get_template(model_id) for model_id in (OFFICIAL, COMMUNITY)]
        return [model for model in models if provider in {None, model.provider}]


def test_the_shipped_templates_call_models_as_replicate_does():
    models = REGISTRY.list_models(provider="replicate")
    wrong = [model.id for model in models if model.call.official != is_official(model)]
    assert (len(models) >= 300, wrong) == (True, [])


async def test_an_official_model_is_refused_by_version(call):
    body = {"version": STALE, "input": {"prompt": "x"}}
    answer = await call(registry=Mistaken()).replicate("POST", "/predictions", json=body)
    assert (answer.status_code, answer.json()["title"]) == (422, "Invalid version or not permitted")


async def test_a_community_model_is_not_found_by_name_and_tells_its_version(call):
    caller = call(registry=Mistaken())
    name = COMMUNITY.removeprefix("replicate/")
    answer = await caller.replicate("POST", f"/models/{name}/predictions", json={"input": {}})
    assert answer.status_code == 404
    told = (await caller.replicate("GET", f"/models/{name}")).json()
    assert told["is_official"] is False
    assert told["latest_version"]["id"] == version_of(Mistaken().get_template(COMMUNITY))
    body = {"version": told["latest_version"]["id"], "input": {"text": "x"}}
    assert (await caller.replicate("POST", "/predictions", json=body)).status_code == 201


async def test_an_official_model_says_so(call):
    told = await call(registry=Mistaken()).replicate("GET", "/models/openai/gpt-5.2")
    assert told.json()["is_official"] is True
