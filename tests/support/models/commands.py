"""`vidi models` on copies of two shipped templates."""

import json
from datetime import UTC, datetime

from vidi.inference.models.registry import shipped_templates

SCHNELL = "replicate/black-forest-labs/flux-schnell"
DEV = "fal/fal-ai/flux/dev"
FILES = {
    SCHNELL: "replicate/black-forest-labs_flux-schnell.json",
    DEV: "fal/fal-ai-flux-dev.json",
}
TODAY = datetime.now(UTC).date().isoformat()


def models(here, *arguments):
    return here("vidi", "models", *arguments)


def own(here, model=SCHNELL, change=dict.copy, folder="templates"):
    """Put a changed copy of a shipped template into the project."""
    template = json.loads((shipped_templates() / FILES[model]).read_text(encoding="utf-8"))
    change(template)
    return here.write(f"{folder}/{FILES[model]}", json.dumps(template))


def written(here, model=SCHNELL, folder="templates"):
    return json.loads((here.folder / folder / FILES[model]).read_text(encoding="utf-8"))


def without_seed(template):
    del template["params"]["properties"]["seed"]


def change_params(template):
    properties = template["params"]["properties"]
    del properties["seed"]
    properties["gone"] = {"type": "string"}
    properties["output_format"]["enum"] = ["webp", "bmp"]
    template["params"]["required"] = []
