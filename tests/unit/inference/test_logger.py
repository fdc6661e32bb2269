"""The log of inferences."""

import hashlib
from decimal import Decimal

from vidi.errors import FailedError
from vidi.inference import InferenceLogger, InferenceResult
from vidi.inference.tracking.logger import sanitize_parameters


def test_log_start_success(tmp_path):
    logger = InferenceLogger(tmp_path / "log.jsonl")
    logger.log_inference_start("fal/m", {"prompt": "a tree"})
    logger.log_inference_success(
        InferenceResult(
            url="https://a.test/a.png", cost=Decimal("0.003"), model="fal/m", request_id="r1"
        ),
        1.5,
    )
    start, success = logger.get_inference_history()
    assert (start.pop("ts") <= success.pop("ts")) is True
    assert start == {"event": "start", "model": "fal/m", "params": {"prompt": "a tree"}}
    assert success == {
        "event": "success",
        "model": "fal/m",
        "request_id": "r1",
        "urls": ["https://a.test/a.png"],
        "cost_usd": Decimal("0.003"),
        "duration_s": Decimal("1.5"),
    }


def test_get_history(tmp_path):
    logger = InferenceLogger(tmp_path / "log.jsonl")
    for number in range(5):
        logger.log_inference_error("fal/m", FailedError(f"failure {number}"))
    assert [record["message"] for record in logger.get_inference_history(2)] == [
        "failure 3",
        "failure 4",
    ]
    assert len(InferenceLogger(tmp_path / "log.jsonl").get_inference_history()) == 5
    assert InferenceLogger(tmp_path / "none.jsonl").get_inference_history() == []


def test_sanitize_parameters(tmp_path):
    image = tmp_path / "face.png"
    image.write_bytes(b"12345")
    data, text = "data:image/png;base64,AAAA", "word " * 200
    assert sanitize_parameters(
        {"prompt": "a tree", "image": image, "mask": data, "api_key": "k", "long": text}
    ) == {
        "prompt": "a tree",
        "image": {"file": "face.png", "bytes": 5},
        "mask": {
            "data": "image/png",
            "characters": 26,
            "sha256": hashlib.sha256(data.encode()).hexdigest(),
        },
        "api_key": "[redacted]",
        "long": {
            "text": f"{text[:80]}…",
            "characters": 1000,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        },
    }
