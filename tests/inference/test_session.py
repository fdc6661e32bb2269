"""What outlasts an engine: its journal, its ledger."""

import json
from decimal import Decimal

import pytest

from support.engines import BANANA, SCHNELL, serve_engine
from support.servers.sandbox import serve_sandbox
from vidi.errors import (
    FailedError,
    FolderLockedError,
    InDoubtError,
    RefusedError,
    StorageError,
    UsageError,
)
from vidi.inference import CostTracker, InferenceEngine


def events_of(path):
    return [json.loads(line)["event"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_journal_holds_a_key_for_later_programs(tmp_path):
    path = tmp_path / "made/journal.jsonl"
    with serve_sandbox() as served, pytest.MonkeyPatch.context() as patch:
        for name, value in served.environment.items():
            patch.setenv(name, value)
        costs = []
        for _ in range(2):
            with InferenceEngine(journal=path) as engine:
                result = engine.infer(SCHNELL, prompt="a tree", idempotency_key="tree")
                costs.append((result.cost, engine.get_total_cost()))
                assert result.download(tmp_path / "tree.webp", overwrite=True).stat().st_size
        assert served.submits == 1
    assert costs == [(Decimal("0.003"), Decimal("0.003"))] * 2
    steps = ["run_started", "intent", "submitted", "completed", "settled", "run_started"]
    assert events_of(path) == steps


def test_a_journal_takes_up_what_was_cut_off(tmp_path):
    path = tmp_path / "journal.jsonl"
    fault = {"on": "submit", "fault": "reset-after", "times": 1}
    nothing = {"on": "list", "fault": "500", "times": 2}  # fal has two lists
    with serve_engine(fault, nothing, journal=path) as (engine, served):
        with pytest.raises(InDoubtError):
            engine.infer(BANANA, prompt="a tree", idempotency_key="tree")
        settings = engine._config.settings
        engine.close()
        with InferenceEngine(
            journal=path, settings=settings, costs=CostTracker.in_memory()
        ) as later:
            assert later.infer(BANANA, prompt="a tree", idempotency_key="tree").url
            assert later.get_total_cost() == Decimal("0.0398")  # one unit of the base price
        assert served.submits == 1


def test_a_journal_is_one_engines_at_a_time(tmp_path):
    path = tmp_path / "journal.jsonl"
    with InferenceEngine(sandbox=True, journal=path) as first:
        first.infer(SCHNELL, prompt="a tree")
        with (
            InferenceEngine(sandbox=True, journal=path) as second,
            pytest.raises(FolderLockedError, match=r"^another engine holds the journal "),
        ):
            second.infer(SCHNELL, prompt="a tree")


def test_a_journal_is_real_or_the_sandboxs(tmp_path):
    path = tmp_path / "journal.jsonl"
    with InferenceEngine(sandbox=True, journal=path) as engine:
        engine.infer(SCHNELL, prompt="a tree")
    with (
        serve_engine(journal=path) as (engine, served),
        pytest.raises(UsageError, match="is the journal of a sandbox engine, and this is a real"),
    ):
        engine.infer(SCHNELL, prompt="a tree")
    assert served.submits == 0


def test_a_journal_that_cannot_be_written_is_told_of_before_anything_is_sent(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        serve_engine(journal=tmp_path / "file/journal.jsonl") as (engine, served),
        pytest.raises(StorageError, match=r"^cannot use the journal "),
    ):
        engine.infer(SCHNELL, prompt="a tree")
    assert served.submits == 0


def test_the_ledger_has_the_costs_of_every_engine():
    for _ in range(2):
        with serve_engine(costs=CostTracker()) as (engine, _):
            engine.infer(SCHNELL, prompt="a tree")
            engine.costs.close()
    tracker = CostTracker()
    assert tracker.get_costs_by_model() == {SCHNELL: Decimal("0.006")}
    tracker.close()


def test_a_failure_that_cost_something_is_counted():
    with serve_engine({"on": "result", "fault": "failed", "times": 0}) as (engine, served):
        with pytest.raises(FailedError):
            engine.infer(SCHNELL, prompt="a tree")
        assert engine.get_total_cost() == served.sandbox.billing.total


def test_the_caps_of_the_project_hold(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("VIDI_BUDGET_DAY", "0.004")
    costs = CostTracker()
    with serve_engine(costs=costs, project=tmp_path) as (engine, served):
        engine.infer(SCHNELL, prompt="a tree")
        with pytest.raises(RefusedError, match=r"^this needs up to \$0\.003"):
            engine.infer(SCHNELL, prompt="a bush")
        assert served.submits == 1
    costs.close()
    assert "50 % of the day's budget" in caplog.text
