"""Many inferences under one cap, and what was bought before given back for nothing."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from support.engines import BANANA, SCHNELL
from vidi.errors import RefusedError, UsageError
from vidi.inference import InferenceEngine
from vidi.inference.models.registry import ParamsError

FLUX = "fal/fal-ai/flux/dev"
LLM = "replicate/openai/gpt-4o-mini"


@pytest.fixture(autouse=True)
def _store(monkeypatch, tmp_path):
    monkeypatch.setenv("VIDI_STORE", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)


def test_a_map_keeps_the_order_and_shows_a_bar(capsys):
    with InferenceEngine(sandbox=True) as engine:
        made = engine.map(
            SCHNELL, ({"prompt": f"p{n}"} for n in range(5)), output_format="png", progress=True
        )
        history = engine.get_inference_history()
    assert [each.metadata["answer"] is not None for each in made] == [True] * 5
    assert made.cost == Decimal("0.015")
    assert repr(made) == "<5 results, $0.015>"
    bar = capsys.readouterr().err
    assert bar.startswith("\r████")
    assert bar.endswith("5/5 $0.015\n")
    assert sorted(each["params"]["prompt"] for each in history if each["event"] == "start") == [
        f"p{n}" for n in range(5)
    ]


@pytest.mark.parametrize("budget", ["0.0599", 0.0599, Decimal("0.0599")])
def test_an_engine_never_spends_more_than_its_budget(budget):
    with InferenceEngine(sandbox=True, budget=budget) as engine:
        made = engine.map(FLUX, [{"prompt": f"p{n}"} for n in range(6)], progress=False)
        assert (len(made.results), len(made.errors)) == (2, 4)
        assert engine.get_total_cost() == made.cost == Decimal("0.05")
        assert {type(each) for each in made.errors} == {RefusedError}
        with pytest.raises(RefusedError, match=r"\$0\.0099 of the budget is left") as refused:
            engine.infer(FLUX, prompt="one more")
        assert refused.value.hint == "Give a higher `budget` to InferenceEngine, or leave it out."
        assert engine.infer(SCHNELL, prompt="a cheaper one").cost == Decimal("0.003")
    assert "4 failed" in made._repr_html_()


@pytest.mark.parametrize("budget", [-1, "much", float("nan")])
def test_a_budget_is_an_amount(budget):
    with pytest.raises(UsageError, match="is not an amount in USD"):
        InferenceEngine(sandbox=True, budget=budget)


def test_every_mistake_of_a_map_comes_before_anything_is_bought():
    with InferenceEngine(sandbox=True) as engine:
        with pytest.raises(ParamsError) as wrong:
            engine.map(SCHNELL, [{"prompt": "a"}, {"promt": "b"}, {"prompt": 3}])
        assert engine.get_total_cost() == 0
    assert {each.path[0] for each in wrong.value.problems} == {1, 2}
    assert "inputs[2]: 'prompt' must be text" in str(wrong.value)


def test_what_was_bought_is_given_back_by_another_engine(tmp_path):
    (tmp_path / "face.png").write_bytes(b"\x89PNG\r\n\x1a\na face")
    asked = {
        FLUX: {"prompt": "a tree", "num_images": 2},
        BANANA + "/edit": {"prompt": "older", "image_urls": ["face.png"]},
        LLM: {"prompt": "a poem"},
    }
    with InferenceEngine(sandbox=True, cache=True) as engine:
        first = {model: engine.infer(model, params=params) for model, params in asked.items()}
        spent = engine.get_total_cost()
        assert spent == sum(each.cost for each in first.values()) > 0
        again = engine.infer(FLUX, params=asked[FLUX])
        assert again.metadata["replayed"]
        assert engine.get_total_cost() == spent
    # A kernel that was restarted, and a file of another name with the same content.
    (tmp_path / "face.png").rename(tmp_path / "renamed.png")
    asked[BANANA + "/edit"]["image_urls"] = ["renamed.png"]
    with InferenceEngine(sandbox=True) as engine:
        for model, params in asked.items():
            again = engine.infer(model, params=params, cache=True)
            assert (again.request_id, again.cost) == (first[model].request_id, first[model].cost)
            assert (again.urls, again.text) == (first[model].urls, first[model].text)
            assert [again.read(at) for at in range(len(again.outputs))] == [
                first[model].read(at) for at in range(len(again.outputs))
            ]
        assert engine.get_total_cost() == 0
        assert len(again.save_to("saved")) == 1
        other = engine.infer(FLUX, params={**asked[FLUX], "prompt": "a bush"}, cache=True)
        assert not other.metadata["replayed"]
        engine.infer(FLUX, params=asked[FLUX])  # not asked for: bought
        assert engine.get_total_cost() == 2 * other.cost


def test_equal_ones_at_once_are_one_purchase():
    with InferenceEngine(sandbox=True, cache=True) as engine:
        made = engine.map(FLUX, [{"prompt": "the same"}] * 6, progress=False)
        with ThreadPoolExecutor() as threads:
            more = list(threads.map(lambda _: engine.infer(FLUX, prompt="the same"), range(4)))
        assert len({each.request_id for each in [*made, *more]}) == 1
        assert engine.get_total_cost() == Decimal("0.025") == made.cost


def test_a_store_that_cannot_be_written_costs_nobody_a_result(tmp_path):
    (tmp_path / "store").write_text("a file")
    with InferenceEngine(sandbox=True, cache=True) as engine:
        assert engine.infer(FLUX, prompt="a tree").image.size == (1024, 768)


def test_a_crash_in_the_middle_of_a_cached_purchase_is_found_again():
    with InferenceEngine(sandbox=True, journal="j.jsonl") as engine:
        bought = engine.infer(FLUX, prompt="a tree", cache=True)
    with InferenceEngine(sandbox=True, journal="j.jsonl", cache=True) as engine:
        assert engine.infer(FLUX, prompt="a tree").request_id == bought.request_id
        assert engine.get_total_cost() == 0
