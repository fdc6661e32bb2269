"""The pieces that published JSON Schemas are made of: each a keyword or two and its description."""

from __future__ import annotations

Schema = dict[str, object]


def an_object(description: str, properties: Schema, *, optional: tuple[str, ...] = ()) -> Schema:
    """An object with these properties and no others; each that is not optional is there."""
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }


def described(description: str, schema: Schema) -> Schema:
    """A schema with its description."""
    return {**schema, "description": description}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    return {**schema, "type": [schema["type"], "null"]}


def money(description: str) -> Schema:
    """An amount in US dollars."""
    # No multipleOf: 0.000001 is no binary fraction, so validators disagree about its multiples.
    return {"type": "number", "minimum": 0, "description": f"{description} At most 6 decimals."}


def text(description: str, *, pattern: str | None = None) -> Schema:
    """A text of at least one character, or of a pattern."""
    rule = {"minLength": 1} if pattern is None else {"pattern": pattern}
    return {"type": "string", **rule, "description": description}


def sha256(description: str) -> Schema:
    """A SHA-256 in hexadecimal."""
    return text(description, pattern="^[0-9a-f]{64}$")


def time(description: str) -> Schema:
    """A time, ISO 8601 with an offset."""
    return {"type": "string", "format": "date-time", "description": description}


def seconds(description: str) -> Schema:
    """A duration in seconds."""
    return {"type": "number", "minimum": 0, "description": description}


def count(description: str, *, maximum: int | None = None) -> Schema:
    """A whole number from 0."""
    bound = {} if maximum is None else {"maximum": maximum}
    return {"type": "integer", "minimum": 0, **bound, "description": description}


def integer(description: str) -> Schema:
    """A whole number, negative ones too."""
    return {"type": "integer", "description": description}


def one_of(description: str, values: tuple[str, ...]) -> Schema:
    """One of these texts."""
    return {"enum": list(values), "description": description}


def a_list(description: str, of: str) -> Schema:
    """A list of what a definition describes."""
    return {"type": "array", "description": description, "items": {"$ref": f"#/$defs/{of}"}}


def a_table(description: str, of: str) -> Schema:
    """An object from any name to what a definition describes."""
    return {
        "type": "object",
        "description": description,
        "additionalProperties": {"$ref": f"#/$defs/{of}"},
    }
