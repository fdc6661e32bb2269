"""Template files of our own making, as a user would drop them beside a job."""

import json

PARAMS = {
    "type": "object",
    "properties": {"prompt": {"type": "string"}, "num_images": {"type": "integer", "default": 1}},
    "required": ["prompt"],
    "additionalProperties": False,
}
LINE = {
    "label": "images",
    "quantity": {"param": "num_images"},
    "rates": [{"usd_per_image": 0.1}],
}
ROW = {"from": "2020-01-01", "source": "https://example.com/prices", "lines": [LINE]}


def template(model_id="fal/acme/painter", **changes):
    """A whole template, with changes; None takes a key out."""
    whole = {
        "id": model_id,
        "title": "Painter",
        "category": "text-to-image",
        "output_type": "image",
        "output": "images[].url",
        "params": PARAMS,
        "pricing": {"rows": [ROW]},
        "example": {"prompt": "a lighthouse"},
        "timeout_s": 300,
        "sources": ["https://example.com"],
        "as_of": {"params": "2026-05"},
        "confidence": {"params": "high"},
        "page": "https://example.com/painter",
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def write_template(folder, name="fal/acme-painter.json", content=None, **changes):
    """Write a template, or a text that is none, under its folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content or json.dumps(template(**changes), indent=1), encoding="utf-8")
    return path
