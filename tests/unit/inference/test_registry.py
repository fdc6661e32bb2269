"""The registry of models."""

from decimal import Decimal

import pytest

from vidi.inference import ModelRegistry, OutputType
from vidi.inference.models.registry import ParamsError

SCHNELL = "replicate/black-forest-labs/flux-schnell"


def test_load_templates():
    registry = ModelRegistry()
    model = registry.get_template("fal/fal-ai/elevenlabs/tts/eleven-v3")
    assert (model.provider, model.output_type) == ("fal", OutputType.AUDIO)
    assert "text" in model.required_params
    assert "voice" in model.optional_params
    assert {model.provider for model in registry.list_models()} == {"replicate", "fal"}


def test_estimate_cost():
    price = ModelRegistry().estimate_cost(SCHNELL, {"prompt": "a tree", "num_outputs": 2})
    assert (price.low, price.high) == (Decimal("0.006"), Decimal("0.006"))


def test_validate_parameters():
    registry = ModelRegistry()
    params = registry.validate_parameters(SCHNELL, {"prompt": "a tree", "num_outputs": 2.0})
    assert params == {"prompt": "a tree", "num_outputs": 2}
    with pytest.raises(ParamsError, match=r"(?m)flux-schnell: 'prompt' is required$"):
        registry.validate_parameters(SCHNELL, {})
