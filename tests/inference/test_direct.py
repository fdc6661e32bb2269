"""`Provider.infer`: one provider, one inference, nothing else."""

import asyncio

import pytest

from support.engines import BANANA, SCHNELL
from vidi.errors import CredentialsError, UsageError
from vidi.inference import FalProvider, ModelRegistry
from vidi.inference.models.registry import ParamsError
from vidi.inference.settings import Settings
from vidi.sandbox.app import create_app
from vidi.sandbox.serving.transport import SandboxTransport

REGISTRY = ModelRegistry()
PARAMS = {"prompt": "a tree"}


@pytest.fixture
def fal():
    return FalProvider(Settings(keys={"fal": "a-key"}), SandboxTransport(create_app(REGISTRY)))


async def test_again_and_under_a_running_loop(fal):
    template = REGISTRY.get_template(BANANA)
    first = fal.infer(BANANA, PARAMS, template)
    second = await asyncio.to_thread(fal.infer, BANANA, PARAMS, template)
    assert first.request_id != second.request_id


@pytest.mark.parametrize(
    ("model", "template"), [(BANANA, "fal/fal-ai/flux/dev"), (SCHNELL, SCHNELL)]
)
def test_the_template_must_fit(fal, model, template):
    with pytest.raises(UsageError, match=r"(?m)^the template of .* does not fit .* of fal$"):
        fal.infer(model, PARAMS, REGISTRY.get_template(template))


def test_wrong_params(fal):
    with pytest.raises(ParamsError, match="'prompt' is required"):
        fal.infer(BANANA, {}, REGISTRY.get_template(BANANA))


def test_without_a_key():
    with pytest.raises(CredentialsError, match="FAL_KEY is not set"):
        FalProvider(Settings()).infer(BANANA, PARAMS, REGISTRY.get_template(BANANA))
