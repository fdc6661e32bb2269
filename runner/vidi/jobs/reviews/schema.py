"""The JSON Schema of reviews.yaml."""

from __future__ import annotations

from vidi.jobs.reviews.read import VERSION
from vidi.jobs.reviews.review import MAX_NOTE, MAX_SEED, VERDICTS

Schema = dict[str, object]


def reviews_schema() -> Schema:
    """What a reviews.yaml may hold, as JSON Schema 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What people have said of what vidi made",
        "type": "object",
        "additionalProperties": False,
        "required": ["version"],
        "properties": {
            "version": {"const": VERSION},
            "reviews": {"type": "array", "items": _review()},
        },
    }


def _review() -> Schema:
    return {
        "type": "object",
        "description": "What is said of one content; of two lines about the same the later holds.",
        "additionalProperties": False,
        "required": ["id", "fingerprint", "asset", "at"],
        "properties": {
            "id": _text("The inference, as its job file has it.", minLength=1, maxLength=200),
            "mark": {
                "enum": list(VERDICTS),
                "description": "approved: never bought again; rejected: by `vidi-run --rejected`.",
            },
            "favourite": {"type": "boolean"},
            "note": _text("Why.", maxLength=MAX_NOTE),
            "seed": {
                "type": "integer",
                "minimum": 0,
                "maximum": MAX_SEED,
                "description": "With which it is bought instead, where its model takes a seed.",
            },
            "sandbox": {
                "type": "boolean",
                "description": "Whether it is about what the sandbox made.",
            },
            "fingerprint": _hash("Of what was asked for."),
            "asset": _hash("The sha256 of the first file that came of it."),
            "at": _text("When it was said, with its offset from UTC.", format="date-time"),
        },
    }


def _text(description: str, **rules: object) -> Schema:
    return {"type": "string", "description": description, **rules}


def _hash(description: str) -> Schema:
    return _text(description, pattern="^[0-9a-f]{64}$")
