"""The engine, from a model's id to a result."""

from decimal import Decimal

import pytest

from vidi.inference import InferenceEngine, OutputType
from vidi.inference.models.registry import ParamsError, UnknownModelError

SCHNELL = "replicate/black-forest-labs/flux-schnell"


@pytest.fixture
def engine():
    with InferenceEngine(sandbox=True) as engine:
        yield engine


def test_infer_success(engine):
    result = engine.infer(model=SCHNELL, prompt="Una imagen de un bosque negro", num_outputs=1)
    assert result.url == result.urls[0]
    assert (result.cost, result.output_type) == (Decimal("0.003"), OutputType.IMAGE)
    assert result.metadata["basis"] == "metered"
    assert engine.get_total_cost() == Decimal("0.003")


def test_infer_invalid_model(engine):
    with pytest.raises(UnknownModelError, match=r"(?m)^unknown model 'replicate/nobody/nothing'$"):
        engine.infer(model="replicate/nobody/nothing", prompt="x")
    assert engine.get_inference_history() == []


def test_validate_parameters(engine):
    with pytest.raises(ParamsError) as caught:
        engine.infer(model=SCHNELL, aspect_ratio="16:10", num_outputs=9)
    assert {problem.path for problem in caught.value.problems} == {
        (),
        ("aspect_ratio",),
        ("num_outputs",),
    }
