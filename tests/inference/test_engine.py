"""The engine wherever it is called from, and whatever goes wrong."""

import asyncio
import gc
import json
import os
import subprocess
import sys
from concurrent.futures import CancelledError, ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

import vidi
from support.engines import BANANA, MODELS, SCHNELL, serve_engine
from vidi.errors import (
    CredentialsError,
    DownloadError,
    FailedError,
    RefusedError,
    RejectedError,
    UsageError,
)
from vidi.inference import InferenceEngine, ModelRegistry, OutputType
from vidi.inference.models.registry import ParamsError
from vidi.inference.settings import Settings

providers = pytest.mark.parametrize("provider", ["replicate", "fal"])


@pytest.fixture(scope="module")
def engine():
    with InferenceEngine(sandbox=True) as engine:
        yield engine


def test_in_a_thread(engine):
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(engine.infer, SCHNELL, prompt="a tree").result().cost


async def test_under_a_running_loop(engine):
    assert engine.infer(SCHNELL, prompt="a tree").url


async def test_awaited_many_at_once(engine):
    results = await asyncio.gather(*(engine.ainfer(BANANA, prompt=f"{n}") for n in range(12)))
    assert len({result.request_id for result in results}) == 12


async def test_as_asynchronous_context():
    async with InferenceEngine(sandbox=True) as engine:
        assert (await engine.ainfer(SCHNELL, prompt="a tree")).cost == Decimal("0.003")
    with pytest.raises(UsageError, match=r"(?m)^the engine is closed$"):
        await engine.ainfer(SCHNELL, prompt="a tree")


def test_used_again_after_its_loop_has_rested(engine):
    first = engine.infer(SCHNELL, prompt="a tree")
    assert engine.infer(SCHNELL, prompt="a tree").request_id != first.request_id


def test_closed_twice_and_closed_unused():
    engine = InferenceEngine(sandbox=True)
    engine.close()
    engine.close()
    with pytest.raises(UsageError, match=r"(?m)^the engine is closed$"):
        engine.infer(SCHNELL, prompt="a tree")


def test_left_open_it_is_collected_without_a_warning():
    InferenceEngine(sandbox=True).infer(SCHNELL, prompt="a tree")
    gc.collect()


def test_left_open_to_the_end_of_a_program_it_ends_without_a_warning(tmp_path):
    program = (
        "from vidi.inference import InferenceEngine\n"
        "engine = InferenceEngine(sandbox=True)\n"
        f"print(engine.infer(model={SCHNELL!r}, prompt='a tree').cost)\n"
    )
    command = [sys.executable, "-W", "error", "-X", "dev", "-c", program]
    environ = {**os.environ, "PYTHONPATH": str(Path(vidi.__file__).parents[1])}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env=environ, timeout=30
    )
    assert (done.stdout, done.returncode) == ("0.003\n", 0)
    assert "Warning" not in done.stderr
    assert "Traceback" not in done.stderr


def test_it_does_not_follow_a_fork(tmp_path):
    program = (
        "import os\n"
        "from vidi.errors import UsageError\n"
        "from vidi.inference import InferenceEngine\n"
        "engine = InferenceEngine(sandbox=True)\n"
        f"engine.infer(model={SCHNELL!r}, prompt='a tree')\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    try:\n"
        f"        engine.infer(model={SCHNELL!r}, prompt='a tree')\n"
        "    except UsageError as error:\n"
        "        print(error.message, flush=True)\n"
        "else:\n"
        "    print(os.waitpid(child, 0)[1])\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(vidi.__file__).parents[1])}
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env=environ, timeout=30
    )
    message = "the engine belongs to another process, which this one was forked from"
    assert done.stdout == f"{message}\n0\n", done.stderr


@providers
def test_events_come_in_order(provider):
    events = []
    with serve_engine(latency=0.2) as (engine, served):
        result = engine.infer(MODELS[provider], prompt="a tree", on_event=events.append)
    names = list(dict.fromkeys(event.name for event in events))
    assert names[:2] == ["intent", "submitted"]
    assert {event.inference for event in events} == {result.metadata["idempotency_key"]}
    assert events[0].detail == {
        "reserved": Decimal("0.003" if provider == "replicate" else "0.0398")
    }
    assert events[1].detail == {"request_id": result.request_id}
    assert served.submits == 1


def test_a_callback_that_raises_costs_nobody_a_result(engine, caplog):
    def fail(event):
        raise ValueError(event.name)

    assert engine.infer(SCHNELL, prompt="a tree", on_event=fail).url
    assert "ValueError: intent" in caplog.text


def test_a_callback_cannot_wait_for_another_inference(engine, caplog):
    assert engine.infer(
        SCHNELL, prompt="a tree", on_event=lambda _: engine.infer(SCHNELL, prompt="b")
    ).url
    assert "an inference cannot be waited for from an event callback" in caplog.text


def test_a_local_file_is_sent(tmp_path, engine):
    image = tmp_path / "face.png"
    image.write_bytes(b"\x89PNG\r\n\x1a\nnot really")
    model = "fal/fal-ai/nano-banana/edit"
    for name in (image, str(image)):
        assert engine.infer(model, prompt="older", image_urls=[name]).url
    start = next(each for each in engine.get_inference_history() if each["model"] == model)
    assert start["params"]["image_urls"] == [{"file": "face.png", "bytes": 18}]


def test_a_file_that_is_not_there_is_named(engine):
    with pytest.raises(ParamsError, match=r"(?m)names no file: 'face\.png'$"):
        engine.infer("fal/fal-ai/nano-banana/edit", prompt="x", image_urls=[Path("face.png")])


def test_inputs_that_are_named_like_arguments_go_into_params(engine):
    with pytest.raises(ParamsError, match="'timeout'"):
        engine.infer(SCHNELL, params={"prompt": "a tree", "timeout": 3})


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan")])
def test_a_timeout_is_a_number_of_seconds(engine, timeout):
    with pytest.raises(UsageError, match=r"(?m)which is not a number of seconds above 0$"):
        engine.infer(SCHNELL, prompt="a tree", timeout=timeout)


@pytest.mark.parametrize(
    ("model", "variable"), [(SCHNELL, "REPLICATE_API_TOKEN"), (BANANA, "FAL_KEY")]
)
def test_without_a_key_nothing_begins(model, variable):
    with (
        InferenceEngine(settings=Settings()) as engine,
        pytest.raises(CredentialsError, match=f"(?m){variable} is not set$"),
    ):
        engine.infer(model, prompt="a tree")
    assert engine.get_inference_history() == []


def test_keys_are_read_from_the_env_file_of_the_project(tmp_path):
    (tmp_path / ".env").write_text("FAL_KEY=a-key-from-the-file\nVIDI_COSTS=off\n")
    with InferenceEngine(project=tmp_path) as engine:
        assert engine._config.settings.keys == {"fal": "a-key-from-the-file"}
        assert engine.get_total_cost() == 0


@pytest.mark.parametrize("argument", ["project", "templates"])
def test_a_folder_that_is_not_there(argument):
    with pytest.raises(UsageError, match=r"(?m)^there is no folder nowhere$"):
        InferenceEngine(**{argument: "nowhere"})


@providers
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"on": "submit", "fault": "422", "times": 0}, RejectedError),
        ({"on": "submit", "fault": "401", "times": 0}, CredentialsError),
        ({"on": "result", "fault": "failed", "times": 0}, FailedError),
        ({"on": "result", "fault": "moderated", "times": 0}, FailedError),
        ({"on": "result", "fault": "no-output", "times": 0}, (FailedError, DownloadError)),
    ],
)
def test_what_goes_wrong_has_a_name(provider, fault, error):
    with serve_engine(fault) as (engine, served):
        with pytest.raises(error):
            engine.infer(MODELS[provider], prompt="a tree")
        assert engine.get_inference_history()[-1]["event"] == "error"
        assert served.submits == 1


def test_closing_ends_what_runs():
    with serve_engine(latency=30) as (engine, served), ThreadPoolExecutor(2) as threads:

        def hear(event):
            if event.name == "submitted":
                threads.submit(engine.close)

        asked = threads.submit(engine.infer, SCHNELL, prompt="a tree", on_event=hear)
        assert isinstance(asked.exception(10), CancelledError)
        assert served.submits == 1


def test_models(engine):
    assert engine.get_model_info(SCHNELL).output_type is OutputType.IMAGE
    audio = engine.list_models("audio")
    assert {model.output_type for model in audio} == {OutputType.AUDIO}
    assert {model.category for model in engine.list_models("text-to-speech")} == {"text-to-speech"}
    assert len(engine.list_models()) > len(audio)
    with pytest.raises(UsageError, match=r"(?m)^there is no model type 'smell'$"):
        engine.list_models("smell")


def test_estimates(engine):
    price = engine.estimate_cost(SCHNELL, {"prompt": "a tree", "num_outputs": 3})
    assert price.high == Decimal("0.009")


def test_costs_of_an_engine():
    with InferenceEngine(sandbox=True) as engine:
        engine.infer(SCHNELL, prompt="a tree")
        usd = Decimal("0.003")
        assert engine.get_costs_by_model() == {SCHNELL: usd}
        assert engine.get_daily_cost() == engine.get_weekly_cost() == usd
        assert engine.get_monthly_cost() == usd


def test_what_has_no_price_needs_one_of_the_callers(engine):
    model = engine.get_model_info("fal/openai/gpt-image-2")
    unpriced = {**model.example, "image_size": {"width": 512, "height": 512}}
    with pytest.raises(RefusedError, match=r"^nobody knows what this costs: ") as caught:
        engine.infer(model.id, params=unpriced)
    assert "assume_cost" in caught.value.hint
    for wrong in ("NaN", "-1"):
        with pytest.raises(UsageError, match=r"^assume_cost is "):
            engine.infer(model.id, params=unpriced, assume_cost=Decimal(wrong))
    bought = engine.infer(model.id, params=unpriced, assume_cost=Decimal("1.5"))
    assert bought.cost == 1, "what fal bills: one unit of a dollar"


def test_a_retired_model_and_a_dropped_param_are_warned_of(tmp_path, caplog):
    template = json.loads(ModelRegistry().get_template(SCHNELL).path.read_text(encoding="utf-8"))
    template |= {"id": "replicate/me/old", "retired": "use another"}
    template["params"]["properties"]["old"] = {"type": "string", "x-legacy": True}
    (tmp_path / "mine/replicate").mkdir(parents=True)
    (tmp_path / "mine/replicate/me_old.json").write_text(json.dumps(template))
    with InferenceEngine(sandbox=True, project=tmp_path, templates="mine") as engine:
        assert engine.infer("replicate/me/old", prompt="a tree", old="x").url
    assert "replicate/me/old is retired: use another" in caplog.text
    assert "'old' is" in caplog.text
