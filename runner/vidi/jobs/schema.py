"""The JSON Schema of a job file, for editors; it says what `jobs.job` checks, as far as it can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.jobs.entry import REQUIRED
from vidi.jobs.job import FREE_PREFIX
from vidi.jobs.reading.fields import (
    ACCEPTED,
    MAX_ATTEMPTS,
    MAX_CONCURRENCY,
    MAX_ID,
    MAX_USD,
    RETRY_ON,
    VERSION,
)
from vidi.jobs.reading.limits import MOST

if TYPE_CHECKING:
    from collections.abc import Mapping

TEMPLATE: dict[str, object] = {"type": "string", "pattern": r"\{[{%#]"}
"""A text with `{{ … }}` in it: what it is, is known when it is rendered."""
ENABLED: dict[str, object] = {"properties": {"enabled": {"not": {"const": False}}}}
"""Of an entry: that it is looked at."""
_LINE = r"^(?=.*\S)[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$"
_NAME = {"type": "string", "pattern": _LINE}
_IDENTIFIER = r"^[^\x00-@\[-\^`{-\x7f][^\x00-/:-@\[-\^`{-\x7f]*$"
"""ASCII letters, digits and _, and everything beyond ASCII: editors know no other `\\w`."""
_USD = {"type": "number", "minimum": 0, "maximum": MAX_USD}
_DURATION = r"^\s*(?=\d)(\d+(\.\d+)?\s*h)?\s*(\d+(\.\d+)?\s*m(in)?)?\s*(\d+(\.\d+)?\s*s)?\s*$"
_USD_TEXT = {"type": "string", "pattern": r"^\s*\+?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$"}


def job_schema() -> dict[str, object]:
    """The schema (2020-12) that `vidi schema` prints."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "vidi job file",
        "description": "Paid inferences to run: what to make, with which model, and where to.",
        "type": "object",
        "required": ["version", "inferences"],
        "properties": _root(),
        "patternProperties": {f"^{FREE_PREFIX}": True},
        "additionalProperties": False,
        "allOf": [_need(key) for key in REQUIRED if key != "id"],
        "$defs": {
            "defaults": _object(_per_inference(), "What every inference has unless it says else."),
            "inference": {
                **_object(
                    {"id": _id(), **_per_inference()}, "One inference, or a pattern of many."
                ),
                "required": ["id"],
            },
        },
    }


def _need(key: str) -> dict[str, object]:
    """That each entry has it where the defaults have not."""
    given = {"properties": {"defaults": {"required": [key]}}, "required": ["defaults"]}
    entries = {"items": {"if": ENABLED, "then": {"required": [key]}}}
    return {"if": {"not": given}, "then": {"properties": {"inferences": entries}}}


def _object(properties: dict[str, object], description: str) -> dict[str, object]:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "additionalProperties": False,
    }


def _root() -> dict[str, object]:
    plain = {"type": "string", "pattern": _LINE, "not": {"pattern": r"\{[{%#]"}}
    return {
        "version": {"const": VERSION, "description": "The version of this format."},
        "name": {**plain, "description": "Default: the file's stem."},
        "budget": {
            "anyOf": [_USD, {"type": "null"}],
            "description": "The most that one run may cost, in USD; null for no cap.",
        },
        "gate": {
            "enum": ["high", "expected"],
            "description": "Which sum of the estimates must fit the budget before a run begins. "
            "Default: high.",
        },
        "accept": {
            "type": "array",
            "items": {"enum": sorted(ACCEPTED)},
            "description": "What leaves the exit code at 0: entries that a filter refused.",
        },
        "output_dir": {
            **plain,
            "description": "Default: outputs/<name>, in the project. Also s3://, gs:// or az://BUCKET/PREFIX.",
        },
        "concurrency": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_CONCURRENCY,
            "description": "How many inferences run at once. Default: 1, one after another.",
        },
        "portable_names": {
            "type": "boolean",
            "description": "false allows outputs that not every system can hold. Default: true.",
        },
        "limits": {
            "type": "object",
            "description": "What each provider is given at most, over all runs of a ledger.",
            "additionalProperties": _object(
                {
                    name: {"type": "integer", "minimum": 1, "maximum": most}
                    for name, most in MOST.items()
                },
                "Of one provider: inferences at once, creates a minute.",
            ),
        },
        "vars": {
            "anyOf": [_names("Variables for templates."), {"type": "null"}],
            "description": "Variables for templates.",
        },
        "defaults": {"$ref": "#/$defs/defaults"},
        "inferences": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/inference"}},
    }


def _id() -> dict[str, object]:
    pattern = r"^[^\s\u0000-\u001f\u007f-\u009f](.*[^\s])?$"
    return {
        "anyOf": [{"type": "string", "pattern": pattern, "maxLength": MAX_ID}, TEMPLATE],
        "description": "A name of its own; with a matrix or foreach, a template.",
    }


def _per_inference() -> dict[str, object]:
    return {
        "model": _or_template(_NAME, "replicate/OWNER/NAME or fal/ENDPOINT."),
        "params": _or_template({"type": "object"}, "What the model is sent."),
        "output": _or_template(
            {
                "type": "string",
                "pattern": _LINE,
                "not": {"pattern": r"^/|\\|/$|^[A-Za-z]:|(^|/)\.\.(/|$)"},
            },
            "The file to write, inside output_dir.",
        ),
        "matrix": _or_template(_matrix(), "Names with lists of values: one inference for each."),
        "foreach": {
            "anyOf": [_NAME, {"type": "array", "minItems": 1}],
            "description": "A list, or a file (CSV, TSV, XLSX, JSON, JSONL, YAML, TXT; #part names "
            "a sheet or a list in it), or folders such as shots/*: one inference for each.",
        },
        "vars": _names("Variables for this inference's templates."),
        "tags": _or_template({"type": "array", "items": _NAME}, "Words to select by."),
        "max_cost": _money("The most that this inference may cost, in USD."),
        "assume_cost": _money("The price to reckon with where none is known, in USD."),
        "timeout": _or_template(
            {
                "anyOf": [
                    {"type": "number", "exclusiveMinimum": 0},
                    {"type": "string", "pattern": _DURATION},
                ]
            },
            "In seconds, or text such as 90s, 5m, 1h30m.",
        ),
        "retry": _or_template(_retry(), "How often it may be attempted, and after which failures."),
        "keep": _or_template({"type": "boolean"}, "Never buy it again once it is there."),
        "mark": _or_template(
            {"type": "boolean"}, "Write into its files, as XMP, that a model made them, and which."
        ),
        "enabled": _or_template({"type": "boolean"}, "false leaves it out."),
    }


def _or_template(schema: Mapping[str, object], description: str) -> dict[str, object]:
    return {"anyOf": [schema, TEMPLATE], "description": description}


def _money(description: str) -> dict[str, object]:
    return {"anyOf": [_USD, _USD_TEXT, TEMPLATE], "description": description}


def _names(description: str) -> dict[str, object]:
    return {
        "type": "object",
        "description": description,
        "propertyNames": {"pattern": _IDENTIFIER, "not": {"enum": ["id", "index", "item"]}},
    }


def _matrix() -> dict[str, object]:
    values = {"anyOf": [{"type": "array", "minItems": 1}, TEMPLATE]}
    return {**_names("Names."), "minProperties": 1, "additionalProperties": values}


def _retry() -> dict[str, object]:
    attempts = {"type": "integer", "minimum": 1, "maximum": MAX_ATTEMPTS}
    return {
        "type": "object",
        "properties": {
            "attempts": {"anyOf": [attempts, TEMPLATE]},
            "on": {"anyOf": [{"enum": list(RETRY_ON)}, TEMPLATE]},
        },
        "minProperties": 1,
        "additionalProperties": False,
    }
