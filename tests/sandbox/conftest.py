"""A few small models of every shape, a clock that is set by hand, and callers of the sandbox."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from vidi.errors import UsageError
from vidi.inference.models.template import Call, ModelInfo, OutputType
from vidi.sandbox.app import create_app, sandbox_of
from vidi.sandbox.faults import FaultPlan
from vidi.sandbox.serving.transport import SandboxTransport

VERSION = "c" * 64

PROMPT = {"type": "string", "description": "What to make", "x-order": 0}


def price(unit="usd_per_image", usd="0.003", **line):
    """Pricing with one row of one line."""
    line = {"label": "outputs", "rates": [{unit: Decimal(usd)}], **line}
    row = {"from": "2026-01-01", "source": "https://example.com", "checked": "2026-01-01",
           "confidence": "high", "lines": [line]}  # fmt: skip
    return {"rows": [row]}


def make_model(model_id, output_type, output, properties=None, **more):
    """A model with a prompt and these further params."""
    values = {
        "category": f"text-to-{output_type}",
        "params": {
            "type": "object",
            "properties": {"prompt": PROMPT, **(properties or {})},
            "required": ["prompt"],
            "additionalProperties": False,
        },
        "pricing": price(),
        "example": {"prompt": "a lighthouse"},
        **more,
    }
    return ModelInfo(
        id=model_id,
        title=model_id.rpartition("/")[2],
        output_type=OutputType(output_type),
        output=output,
        timeout_s=600,
        sources=("https://example.com",),
        as_of={"params": "2026-01", "pricing": "2026-01"},
        confidence={"params": "high", "pricing": "high"},
        page="https://example.com",
        path=Path("template.json"),
        **values,
    )


COUNT = {"type": "integer", "minimum": 1, "maximum": 4, "default": 1}
FORMAT = {"type": "string", "enum": ["webp", "jpg", "png"], "default": "webp"}
SIZE = {"default": "landscape_4_3", "anyOf": [{"type": "string"}, {"type": "object"}]}

MODELS = [
    make_model(
        "replicate/acme/paint", "image", "output[]",
        {"num_outputs": COUNT, "output_format": FORMAT, "aspect_ratio": {"type": "string"},
         "image": {"type": "string", "x-file": "image"},
         "style": {"type": "string", "minLength": 2, "maxLength": 4},
         "seed": {"type": "integer", "multipleOf": 2}},
        pricing=price(quantity={"param": "num_outputs"}, metered_by="image_output_count"),
    ),
    make_model(
        "replicate/acme/film", "video", "output",
        {"duration": {"type": "integer", "default": 5}, "resolution": {"type": "string"}},
        pricing=price("usd_per_second", "0.05", quantity={"seconds": "duration"},
                      metered_by="video_output_duration_seconds"),
    ),
    make_model(
        "replicate/acme/slow", "image", "output", call=Call(version=VERSION),
        pricing=price("usd_per_compute_second", "0.001",
                      quantity={"metric": "predict_time", "low": 0, "high": "timeout"}),
    ),
    make_model("replicate/acme/talk", "text", "output[] (join)"),
    make_model("replicate/acme/parts", "audio", "output.audio, output.spectrogram"),
    make_model("replicate/acme/facts", "json", "output (json), output.srt_file"),
    make_model(
        "fal/acme/paint/fast", "image", "images[].url",
        {"num_images": COUNT, "image_size": SIZE, "seed": {"type": "integer"},
         "image_url": {"type": "string", "x-file": "image"}},
        pricing=price(usd="0.01", quantity={"param": "num_images"}),
    ),
    make_model("fal/acme/film", "video", "video.url", pricing=price("usd_per_video", "0.4")),
    make_model("fal/acme/voice", "audio", "audio.url", category="text-to-speech",
               pricing=price("usd_per_1k_characters", "0.1", quantity={"characters": "prompt"})),
    make_model(
        "fal/acme/enlarge", "image", "image.url",
        {"image_url": {"type": "string", "x-file": "image"}, "upscale_factor": {"type": "number"},
         "megapixels": {"type": "number"}, "aspect_ratio": {"type": "string"},
         "image_size": {"type": "object"}},
        category="upscale",
    ),
    make_model(
        "fal/acme/sync", "video", "video.url",
        {"video_url": {"type": "string", "x-file": "video"}, "resolution": {"type": "string"},
         "audio_url": {"type": "string", "x-file": "audio"}, "duration": {"type": "number"},
         "images": {"type": "array", "items": {"type": "string", "x-file": "image"}}},
        category="lip-sync",
    ),
    make_model("fal/acme/mesh", "3d", "model_mesh.url"),
    make_model("fal/acme/say", "text", "text (text)"),
    make_model("fal/acme/judge", "json", "results (json)"),
    make_model("fal/acme/link", "video", "video_url"),
]  # fmt: skip


class SmallRegistry:
    """The models above."""

    def get_template(self, model_id):
        for model in MODELS:
            if model.id == model_id:
                return model
        raise UsageError(f"unknown model '{model_id}'")

    def list_models(self, *, provider=None):
        return [model for model in MODELS if provider in {None, model.provider}]


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self):
        self.now = 1_790_000_000.0

    def __call__(self):
        return self.now


class Caller:
    """An HTTP client of one sandbox, in process, with keys that it accepts."""

    def __init__(self, *, faults=(), latency=0.0, registry=None):
        self.clock = Clock()
        plan = FaultPlan(faults)
        self.app = create_app(
            registry or SmallRegistry(), latency=latency, faults=plan, clock=self.clock
        )
        self.sandbox = sandbox_of(self.app)
        self.http = httpx.AsyncClient(transport=SandboxTransport(self.app))

    async def replicate(self, method, path, *, key="r8_key", **more):
        url = path if path.startswith("http") else f"https://api.replicate.com/v1{path}"
        headers = {"Authorization": f"Bearer {key}"} | more.pop("headers", {})
        return await self.http.request(method, url, headers=headers, **more)

    async def fal(self, method, path, *, key="key", host="queue.fal.run", **more):
        url = path if path.startswith("http") else f"https://{host}{path}"
        headers = {"Authorization": f"Key {key}"} | more.pop("headers", {})
        return await self.http.request(method, url, headers=headers, **more)

    async def predict(self, name="acme/paint", **params):
        """Create a prediction; the answer to it."""
        body = {"input": {"prompt": "a lighthouse", **params}}
        return await self.replicate("POST", f"/models/{name}/predictions", json=body)

    async def prediction(self, name="acme/paint", **params):
        """A prediction, created and looked at again."""
        created = await self.predict(name, **params)
        return (await self.replicate("GET", created.json()["urls"]["get"])).json()

    async def submit(self, name="acme/paint/fast", **params):
        """Submit to the queue; the answer to it."""
        return await self.fal("POST", f"/{name}", json={"prompt": "a lighthouse", **params})

    async def result(self, name="acme/paint/fast", **params):
        """Submit to the queue and fetch the result."""
        submitted = await self.submit(name, **params)
        return await self.fal("GET", submitted.json()["response_url"])


@pytest.fixture
def call():
    """Callers of sandboxes of their own: `call(faults=[...], latency=2)`."""
    return Caller
