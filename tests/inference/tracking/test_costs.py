"""The cost tracker: alerts, resets, and where costs are kept."""

import gc
import warnings
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from support.engines import SCHNELL
from vidi.errors import UsageError
from vidi.inference import CostTracker, InferenceEngine, InferenceResult, ModelRegistry
from vidi.inference.models.registry import ParamsError
from vidi.inference.tracking.cost_stores import LedgerCosts, MemoryCosts, NoCosts
from vidi.inference.tracking.costs import CostAlertWarning, choose_store


def a_result(usd="0.003", request_id="r1", **metadata):
    cost = None if usd is None else Decimal(usd)
    return InferenceResult(model=SCHNELL, cost=cost, request_id=request_id, metadata=metadata)


@pytest.fixture(params=["memory", "ledger"])
def tracker(request):
    tracker = CostTracker.in_memory() if request.param == "memory" else CostTracker()
    yield tracker
    tracker.close()


def test_every_result_is_counted_once(tracker):
    for request_id in ("r1", "r1", "r2"):
        tracker.track_inference_cost(a_result(request_id=request_id))
    assert tracker.get_total_cost() == Decimal("0.006")
    tracker.track_inference_cost(a_result(usd=None, request_id="r3"))
    assert tracker.get_total_cost() == Decimal("0.006")


def test_results_without_an_id_are_each_counted(tracker):
    for _ in range(2):
        tracker.track_inference_cost(a_result(request_id=""))
    assert tracker.get_total_cost() == Decimal("0.006")


def test_a_result_of_an_engine_is_known_by_its_key(tracker):
    for request_id in ("r1", "r2"):
        tracker.track_inference_cost(a_result(request_id=request_id, run="a", idempotency_key="b"))
    assert tracker.get_total_cost() == Decimal("0.003")


def test_other_periods(tracker):
    tracker.track_inference_cost(a_result())
    assert tracker.get_daily_cost(date(2020, 1, 1)) == 0
    assert tracker.get_weekly_cost(date(2020, 1, 1)) == 0
    assert tracker.get_monthly_cost(date(2020, 1, 1)) == 0
    today = datetime.now(UTC).date()
    assert tracker.get_daily_cost(today) == tracker.get_weekly_cost(today) == Decimal("0.003")


def test_reset(tracker):
    tracker.track_inference_cost(a_result())
    tracker.reset_costs()
    assert (tracker.get_total_cost(), tracker.get_costs_by_model()) == (0, {})
    assert tracker.get_periodic_costs() == {"daily": {}, "weekly": {}, "monthly": {}}
    tracker.track_inference_cost(a_result(request_id="r2"))
    tracker.reset_costs()
    tracker.track_inference_cost(a_result("0.05", request_id="r3"))
    assert tracker.get_total_cost() == tracker.get_monthly_cost() == Decimal("0.05")


def test_the_ledger_outlasts_the_tracker_and_a_reset():
    first = CostTracker()
    first.track_inference_cost(a_result())
    first.reset_costs()
    first.close()
    second = CostTracker()
    assert second.get_total_cost() == Decimal("0.003")
    del first, second
    gc.collect()


def test_an_alert_comes_once():
    tracker, received_signals = CostTracker.in_memory(), []
    tracker.set_alert_threshold("0.005", received_signals.append)
    tracker.track_inference_cost(a_result())
    assert received_signals == []
    words = r"^\$0\.006 spent: the threshold of \$0\.005 is reached$"
    with pytest.warns(CostAlertWarning, match=words):
        tracker.track_inference_cost(a_result(request_id="r2"))
    tracker.track_inference_cost(a_result(request_id="r3"))
    assert received_signals == [Decimal("0.006")]


def test_an_alert_may_do_without_a_callback_and_be_taken_away(caplog):
    tracker = CostTracker.in_memory()
    tracker.set_alert_threshold(0)
    tracker.set_alert_threshold(None)
    tracker.track_inference_cost(a_result())
    tracker.set_alert_threshold(Decimal("0.001"))
    with pytest.warns(CostAlertWarning):
        tracker.track_inference_cost(a_result(request_id="r2"))
    assert "the threshold of $0.001 is reached" in caplog.text


@pytest.mark.parametrize("amount", ["much", "-1", "NaN", "Infinity"])
def test_a_threshold_is_an_amount(amount):
    with pytest.raises(UsageError, match=f"(?m)^'{amount}' is not an amount in USD$"):
        CostTracker.in_memory().set_alert_threshold(amount)


def test_an_alert_that_raises_costs_nobody_a_result(caplog):
    with InferenceEngine(sandbox=True) as engine, warnings.catch_warnings():
        warnings.simplefilter("error")
        engine.costs.set_alert_threshold("0.001")
        assert engine.infer(SCHNELL, prompt="a tree").url
    assert "CostAlertWarning" in caplog.text


def test_wrong_params_have_no_cost():
    template = ModelRegistry().get_template(SCHNELL)
    with pytest.raises(ParamsError, match=r"(?m)'prompt' is required$"):
        CostTracker.in_memory().calculate_cost(template, {})


def test_turned_off_it_keeps_nothing(monkeypatch):
    monkeypatch.setenv("VIDI_COSTS", "off")
    tracker = CostTracker()
    tracker.track_inference_cost(a_result())
    assert (tracker.get_total_cost(), tracker.get_costs_by_model()) == (0, {})
    tracker.close()


@pytest.mark.parametrize(
    ("environ", "kind"), [({"VIDI_COSTS": "off"}, NoCosts), ({"VIDI_LEDGER": "x"}, LedgerCosts)]
)
def test_the_environment_chooses(environ, kind):
    assert isinstance(choose_store(environ), kind)


def test_reading_makes_no_ledger(tmp_path):
    store = LedgerCosts(str(tmp_path / "ledger.sqlite3"))
    assert store.sums("model") == {}
    assert not (tmp_path / "ledger.sqlite3").exists()


def test_memory_sums_by_provider_and_run():
    store = MemoryCosts()
    tracker = CostTracker(store)
    tracker.track_inference_cost(a_result(run="run-1", idempotency_key="tree"))
    assert store.sums("provider") == {"replicate": Decimal("0.003")}
    assert store.sums("run") == {"run-1": Decimal("0.003")}
