"""Model templates of a project: whatever they hold, an estimate ends in words."""

import json
from pathlib import Path

from fuzz.inputs import altered, as_json, edited, one_of, piped
from fuzz.room import empty_room, run
from fuzz.target import Target

_SHIPPED = Path(__file__).parents[3] / "templates"
NAMES = (
    "replicate/black-forest-labs_flux-schnell.json",
    "fal/fal-ai-flux-dev.json",
    "fal/fal-ai-elevenlabs-tts-eleven-v3.json",
    "fal/fal-ai-kling-video-v2.5-turbo-pro-text-to-video.json",
    "replicate/openai_gpt-image-1.5.json",
)
TEXTS = [path.read_text("utf-8") for name in NAMES if (path := _SHIPPED / name).is_file()]
KEYS = (
    "id", "title", "category", "output_type", "output", "params", "call", "pricing", "billing",
    "example", "timeout_s", "retired", "replaced_by", "aliases", "sources", "as_of", "confidence",
    "properties", "type", "enum", "default", "minimum", "maximum", "required", "rows", "from",
    "until",
    "lines", "quantity", "per", "usd", "when", "rates", "multiply", "unit", "unit_usd", "x-order",
    "format", "items", "anyOf", "$ref", "x-file", "x-secret", "typical_usd", "minItems", "pattern",
)  # fmt: skip
PLACE = "templates/fal/mine.json"


def check(data: bytes) -> str:
    with empty_room() as room:
        path = room / PLACE
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        job = {"version": 1, "budget": 9, "inferences": [_use(data)]}
        (room / "job.json").write_text(json.dumps(job), encoding="utf-8")
        code = run("vidi-run", "job.json", "--estimate", "--json")
        assert code in {"0", "2", "3"}, code
        shown = run("vidi", "models", "show", str(job["inferences"][0]["model"]))
    assert shown in {"0", "2"}, shown
    return f"{code} {shown}"


def _use(data: bytes) -> dict[str, object]:
    """An entry that uses the template, as far as it says how."""
    try:
        told = json.loads(data)
        model, params = str(told["id"]), told.get("example", {})
    except (ValueError, LookupError, TypeError, AttributeError):
        model, params = "fal/mine", {}
    model = "fal/mine" if model.startswith("-") or "\0" in model else model
    params = params if isinstance(params, dict) else {}
    return {"id": "a", "model": model.encode(errors="replace").decode(), "params": params,
            "output": "a.png"}  # fmt: skip


SAMPLES = [json.loads(text) for text in TEXTS]
TARGET = Target(
    one_of(piped(altered(SAMPLES, KEYS), as_json), edited([text.encode() for text in TEXTS])), check
)
