"""The cost tracker."""

from datetime import UTC, datetime
from decimal import Decimal

from vidi.inference import CostTracker, InferenceResult, ModelRegistry

SCHNELL = "replicate/black-forest-labs/flux-schnell"


def a_result(usd: str, request_id: str, model: str = SCHNELL) -> InferenceResult:
    return InferenceResult(
        url="https://a.test/a.png", cost=Decimal(usd), model=model, request_id=request_id
    )


def test_calculate_cost():
    template = ModelRegistry().get_template(SCHNELL)
    cost = CostTracker.in_memory().calculate_cost(template, {"prompt": "a tree", "num_outputs": 4})
    assert (cost.low, cost.high) == (Decimal("0.012"), Decimal("0.012"))
    assert [line.unit for line in cost.lines] == ["image"]


def test_track_inference():
    tracker = CostTracker.in_memory()
    tracker.track_inference_cost(a_result("0.003", "r1"))
    tracker.track_inference_cost(a_result("0.003", "r1"))
    tracker.track_inference_cost(a_result("0.05", "r2", model="fal/fal-ai/flux/dev"))
    assert tracker.get_total_cost() == Decimal("0.053")
    assert tracker.get_costs_by_model() == {
        SCHNELL: Decimal("0.003"),
        "fal/fal-ai/flux/dev": Decimal("0.05"),
    }


def test_get_periodic_costs():
    tracker = CostTracker.in_memory()
    tracker.track_inference_cost(a_result("0.003", "r1"))
    now = datetime.now(UTC)
    year, week, _ = now.isocalendar()
    usd = Decimal("0.003")
    assert tracker.get_periodic_costs() == {
        "daily": {f"{now:%Y-%m-%d}": usd},
        "weekly": {f"{year}-W{week:02}": usd},
        "monthly": {f"{now:%Y-%m}": usd},
    }
    assert (tracker.get_daily_cost(), tracker.get_weekly_cost()) == (usd, usd)
    assert tracker.get_monthly_cost() == usd
