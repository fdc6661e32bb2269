"""Answers of both providers, read: receipts, statuses, results, lists, errors, headers."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from fuzz.inputs import ODD, altered, as_json, edited, one_of, piped, values
from fuzz.target import Target
from support.assets import model_of
from vidi.errors import VidiError
from vidi.inference.models.template import OutputType
from vidi.inference.outputs.finding.find import find_outputs
from vidi.inference.providers.fal import answers as fal
from vidi.inference.providers.fal.history import match_request, read_kept
from vidi.inference.providers.fal.own_list import match_own, read_units
from vidi.inference.providers.fal.result import read_result
from vidi.inference.providers.fal.usage import read_usage
from vidi.inference.providers.provider import Submission, Succeeded
from vidi.inference.providers.replicate import answers as replicate
from vidi.inference.providers.transport.answer import Answer
from vidi.inference.providers.transport.retry_after import read_retry_after

NOW = datetime(2026, 11, 29, tzinfo=UTC)
KEYS = (
    "id", "request_id", "status", "output", "error", "urls", "get", "cancel", "metrics", "logs",
    "predict_time", "detail", "title", "invalid_fields", "msg", "type", "loc", "images", "url",
    "content_type", "file_name", "width", "seed", "has_nsfw_concepts", "queue_position",
    "status_url",
    "response_url", "results", "next", "input", "model", "created_at", "json_input", "started_at",
    "sent_at", "units", "cost", "data_removed", "retry_after", "timings", "requests", "ended_at",
)  # fmt: skip
SAMPLES = (
    {"id": "abc123", "status": "succeeded", "output": ["https://replicate.delivery/x/a.webp"],
     "urls": {"get": "https://api.replicate.com/v1/predictions/abc123"}, "error": None, "logs": "x",
     "metrics": {"predict_time": 0.5, "image_count": 1}, "created_at": "2026-11-29T00:00:00Z",
     "input": {"prompt": "x"}, "model": "acme/maker"},
    {"request_id": "01a22825-c631-7ddb-ae47-dabf32ff570c", "status": "COMPLETED",
     "status_url": "https://queue.fal.run/a/b/requests/1/status",
     "metrics": {"inference_time": 1.5},
     "images": [{"url": "https://fal.media/a.png", "content_type": "image/png", "width": 5}],
     "has_nsfw_concepts": [False], "seed": 5},
    {"detail": [{"loc": ["body", "prompt"], "msg": "flagged", "type": "content_policy_violation"}]},
    {"results": [{"id": "abc", "input": {"prompt": "x"}, "created_at": "2026-11-29T00:00:00Z"}],
     "next": None, "requests": [{"request_id": "r", "json_input": {"prompt": "x"}, "units": 1}]},
    {"title": "Unprocessable", "detail": "- input.x is required", "status": 422,
     "invalid_fields": [{"type": "required", "field": "x", "description": "y"}], "retry_after": 5},
)  # fmt: skip
HEADERS = (
    "retry-after",
    "x-fal-billable-units",
    "x-fal-retryable",
    "x-fal-error-type",
    "x-fal-served-from",
)
STATUSES = (
    200,
    201,
    202,
    204,
    400,
    401,
    402,
    403,
    404,
    405,
    408,
    410,
    422,
    429,
    499,
    500,
    502,
    503,
    504,
)
MODELS = [
    model_of(output, kind, provider)
    for provider, output, kind in (
        ("replicate", "output[]", OutputType.IMAGE), ("replicate", "output", OutputType.TEXT),
        ("replicate", "output", OutputType.JSON), ("fal", "images[].url", OutputType.IMAGE),
        ("fal", "video.url", OutputType.VIDEO), ("fal", "output", OutputType.TEXT),
        ("fal", "audio.url, words:json", OutputType.AUDIO), ("fal", "model_mesh.url",
        OutputType.THREE_D),
    )
]  # fmt: skip
BODIES = one_of(
    piped(altered(SAMPLES, KEYS), as_json),
    piped(altered(SAMPLES, KEYS), as_json),
    piped(values(KEYS), as_json),
    edited([as_json(each) for each in SAMPLES]),
)


def make(chance: Random) -> bytes:
    told = {chance.choice(HEADERS): str(chance.choice(ODD)) for _ in range(chance.randrange(3))}
    return json.dumps([chance.choice(STATUSES), told]).encode() + b"\n" + BODIES(chance)


def check(data: bytes) -> str:
    head, _, body = data.partition(b"\n")
    status, headers = json.loads(head)
    return _read(Answer(status, headers, body), MODELS[sum(data) % len(MODELS)])


def _read(answer: Answer, model) -> str:
    ends = set()
    for step in _steps(answer, model):
        try:
            ends.add(type(step()).__name__)
        except VidiError as error:
            ends.add(type(error).__name__)
    return ",".join(sorted(ends))


def _steps(answer: Answer, model) -> Iterator:
    fields = answer.fields()
    submission = Submission(model, {"prompt": "x"}, deadline_s=5)
    yield lambda: read_retry_after(answer, now=NOW)
    yield lambda: find_outputs(model, answer.json())
    if model.provider == "replicate":
        yield lambda: replicate.read_receipt(answer, model)
        yield lambda: replicate.read_prediction(fields, may_be_empty=True)
        yield lambda: _outputs(replicate.read_prediction(fields), model)
        yield lambda: replicate.read_call(fields, model)
        yield lambda: replicate.match_prediction(fields, submission, NOW, NOW)
        yield lambda: replicate.read_next(fields, "https://api.replicate.com/v1/predictions")
    else:
        yield lambda: fal.read_receipt(answer, model)
        yield lambda: fal.read_running(fields)
        yield lambda: fal.read_end("data:" + answer.body.decode(errors="replace"))
        yield lambda: _outputs(read_result(answer, fields), model)
        yield lambda: read_kept(fields, NOW)
        yield lambda: read_units(fields)
        yield lambda: read_usage(fields)
        yield lambda: match_own(fields, submission, NOW, NOW)
        yield lambda: match_request(fields, submission, NOW, NOW)


def _outputs(result, model):
    return find_outputs(model, result.output) if isinstance(result, Succeeded) else result


TARGET = Target(make, check)
