"""An inference's input checked against its template, in neither provider's words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from json import dumps
from typing import TYPE_CHECKING

import jsonschema_rs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vidi.inference.models.template import ModelInfo

_IGNORED = {"additionalProperties", "unevaluatedProperties"}
"""Unknown keys inside the input are ignored by both providers, as far as anyone has seen."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One value that the model refuses."""

    path: tuple[str | int, ...]
    """Where in the input; for a missing value, where it should be."""
    rule: str
    """The JSON Schema keyword that it breaks, or `url` for a file that is no URL."""
    expected: object
    """What the keyword says."""
    given: object

    @property
    def name(self) -> str:
        """The value's place, with dots."""
        return ".".join(str(step) for step in self.path)


def find_violations(model: ModelInfo, params: Mapping[str, object]) -> tuple[Violation, ...]:
    """Everything that the model refuses about its input."""
    validator = _validator(dumps(dict(model.params), default=float))
    broken = [each for error in validator.iter_errors(dict(params)) for each in _read(error)]
    return (*broken, *_unreachable_files(model, params))


def with_defaults(model: ModelInfo, params: Mapping[str, object]) -> dict[str, object]:
    """The input with the template's defaults, as the model will see it, in exact decimals."""
    properties = model.params["properties"]
    defaults = {name: each["default"] for name, each in properties.items() if "default" in each}
    return defaults | {name: _exact(value) for name, value in params.items() if value is not None}


def _exact(value: object) -> object:
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, list):
        return [_exact(each) for each in value]
    if isinstance(value, dict):
        return {name: _exact(each) for name, each in value.items()}
    return value


@lru_cache(maxsize=256)
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema)


def _read(error: jsonschema_rs.ValidationError) -> Iterator[Violation]:
    rule = str(error.schema_path[-1]) if error.schema_path else ""
    kind = error.kind
    path = tuple(error.instance_path)
    if rule in _IGNORED:
        return
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        yield Violation((*path, kind.property), "required", True, error.instance)
        return
    names = (name for name in ("limit", "options", "types") if hasattr(kind, name))
    expected = next((getattr(kind, name) for name in names), None)
    yield Violation(path, rule, expected, error.instance)


def _unreachable_files(model: ModelInfo, params: Mapping[str, object]) -> Iterator[Violation]:
    for name, schema in model.params["properties"].items():
        marks = (schema, schema.get("items", {}))
        if not any("x-file" in each and "x-file-or-id" not in each for each in marks):
            continue
        value = params.get(name)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str) and not each.startswith(("https://", "http://", "data:")):
                yield Violation((name,), "url", "a URL", each)
