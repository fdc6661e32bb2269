"""Both providers through one engine, at the same time."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from vidi.inference import InferenceEngine

MODELS = {
    "replicate/black-forest-labs/flux-schnell": Decimal("0.003"),
    "fal/fal-ai/nano-banana": Decimal("0.0398"),  # one unit of the base price
}


def test_multi_provider():
    with InferenceEngine(sandbox=True) as engine, ThreadPoolExecutor(8) as threads:
        wanted = list(MODELS) * 4
        results = list(threads.map(lambda model: engine.infer(model, prompt="a tree"), wanted))
        assert [result.model for result in results] == wanted
        assert [result.cost for result in results] == list(MODELS.values()) * 4
        assert len({result.request_id for result in results}) == 8
        assert engine.get_costs_by_model() == {model: 4 * usd for model, usd in MODELS.items()}
