"""Each provider by itself, through its synchronous `infer`."""

from decimal import Decimal

import pytest

from vidi.inference import FalProvider, ModelRegistry, ReplicateProvider
from vidi.inference.settings import Settings
from vidi.sandbox.app import create_app
from vidi.sandbox.serving.transport import SandboxTransport

REGISTRY = ModelRegistry()
KEYS = {"replicate": "a-replicate-key", "fal": "a-fal-key"}


def open_in_sandbox(provider):
    return provider(Settings(keys=KEYS), SandboxTransport(create_app(REGISTRY)))


def infer(provider, model, **parameters):
    return open_in_sandbox(provider).infer(model, parameters, REGISTRY.get_template(model))


def test_replicate_infer(tmp_path):
    result = infer(ReplicateProvider, "replicate/black-forest-labs/flux-schnell", prompt="a tree")
    assert result.cost == Decimal("0.003")
    assert result.download(tmp_path / "tree").suffix == ".webp"


def test_fal_infer(tmp_path):
    result = infer(FalProvider, "fal/fal-ai/nano-banana", prompt="a tree")
    assert result.cost == Decimal("0.0398")  # one unit of the base price
    assert result.download(tmp_path / "tree").suffix == ".png"


@pytest.mark.parametrize(
    ("provider", "name"), [(ReplicateProvider, "replicate"), (FalProvider, "fal")]
)
def test_is_available(provider, name):
    assert provider(Settings(keys=KEYS)).is_available()
    assert not provider(Settings()).is_available()
    assert provider(Settings()).get_provider_name() == name
