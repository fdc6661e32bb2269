"""The log: to logging, the console, a file, and back."""

import json
import logging

import pytest

from vidi.errors import FailedError, StorageError, UsageError
from vidi.inference import InferenceEngine, InferenceLogger, ModelRegistry
from vidi.inference.settings import Settings


def test_it_is_silent_by_default(capfd):
    InferenceLogger().log_inference_error("fal/m", FailedError("no"))
    assert capfd.readouterr() == ("", "")
    assert any(
        isinstance(handler, logging.NullHandler)
        for handler in logging.getLogger("vidi.inference").handlers
    )


def test_it_speaks_to_logging_and_to_the_console(caplog, capsys):
    caplog.set_level(logging.INFO, logger="vidi.inference")
    InferenceLogger(console=True).log_inference_start("fal/m", {"prompt": "a tree"})
    line = capsys.readouterr().err
    assert json.loads(line)["params"] == {"prompt": "a tree"}
    assert caplog.messages == [line.rstrip()]


def test_a_model_tells_what_is_a_file():
    model = ModelRegistry().get_template("fal/fal-ai/nano-banana/edit")
    logger = InferenceLogger()
    logger.log_inference_start(model, {"image_urls": ["faces/a.png"]})
    logger.log_inference_error(model, ValueError("x"))
    start, error = logger.get_inference_history()
    assert start["params"] == {"image_urls": [{"file": "a.png"}]}
    assert (error["code"], error["message"], error["model"]) == ("ValueError", "x", model.id)


def test_keys_are_not_logged(tmp_path):
    settings = Settings(keys={"fal": "a-very-secret-key"})
    log = tmp_path / "log.jsonl"
    with InferenceEngine(log_file=log, settings=settings) as engine:
        engine.logger.log_inference_start("fal/m", {"prompt": "it is a-very-secret-key"})
    assert "[FAL_KEY]" in log.read_text()
    assert "a-very-secret-key" not in log.read_text()


def test_lines_that_are_no_records_are_passed_over(tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text('{"event": "start"}\nnot json\n[1]\n{"event": "succ')
    assert InferenceLogger(log).get_inference_history() == [{"event": "start"}]


@pytest.mark.parametrize(("limit", "found"), [(0, []), (1, ["b"]), (9, ["a", "b"])])
def test_limits(limit, found):
    logger = InferenceLogger()
    for model in ("a", "b"):
        logger.log_inference_start(model, {})
    assert [record["model"] for record in logger.get_inference_history(limit)] == found


def test_a_limit_below_zero():
    with pytest.raises(UsageError, match=r"(?m)^limit is -1$"):
        InferenceLogger().get_inference_history(-1)


def test_a_file_that_cannot_be_written_or_read(tmp_path, caplog):
    logger = InferenceLogger(tmp_path)
    logger.log_inference_start("fal/m", {})
    assert caplog.messages[-1].startswith(f"cannot write the log {tmp_path}: ")
    with pytest.raises(StorageError, match=r"^cannot read the log "):
        logger.get_inference_history()
