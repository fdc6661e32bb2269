"""The schema of job files with models in it: their ids, and the params of each.

JSON Schema cannot merge an entry with its defaults, so what depends on both is said at the root:
the params of an entry without a model, and what is required where the defaults have it not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vidi.jobs.schema import ENABLED, TEMPLATE, job_schema
from vidi.runs.editing.description import describe_briefly, describe_model
from vidi.runs.editing.known_models import as_known
from vidi.runs.editing.model_ids import has_model_of, ids_schema
from vidi.runs.editing.params import NULL, PARTS, params_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vidi.inference.models.template import ModelInfo
    from vidi.runs.editing.known_models import KnownModel
    from vidi.runs.editing.params import Schema

_IDS: Schema = {"$ref": "#/$defs/model"}
_LEAVES_MODEL: Mapping[str, object] = {**ENABLED, "not": {"required": ["model"]}}
"""Of an entry: that its model is the defaults'."""


def job_schema_for(models: Sequence[ModelInfo], known: Sequence[KnownModel]) -> Schema:
    """The schema (2020-12) of job files that use certain models.

    Args:
        models: Those whose params are in it.
        known: Those that may be named.
    """
    schema: dict[str, Any] = job_schema()
    parts = schema["$defs"]
    own = [as_known(model) for model in models]
    told = {each.names: each for each in (*known, *own)}
    parts |= PARTS | {"model": ids_schema(list(told.values()))}
    parts |= {f"params of {model.id}": _params_part(model) for model in models}
    of_entries = [{"if": has_model_of([each]), "then": _params_of(each.names[0])} for each in own]
    looked_at = {"properties": {"model": _IDS}, "allOf": [True, *of_entries]}
    entry = parts["inference"]
    entry["properties"]["model"] = True
    entry["allOf"] = [{"if": ENABLED, "then": looked_at}]
    parts["defaults"]["properties"]["model"] = _IDS
    schema["allOf"] += [
        {
            "if": {"properties": {"inferences": {"contains": _LEAVES_MODEL}}},
            "then": {"allOf": [True, *map(_rule_for_defaults, own)]},
        }
    ]
    for name, needing in _by_required_param(models).items():
        schema["allOf"] += _rules_for_required(name, needing)
    return schema


def _params_part(model: ModelInfo) -> Schema:
    """An entry, or the defaults, of a model."""
    params = {"title": model.title, "description": describe_model(model), **params_schema(model)}
    said = {"title": model.title, "description": describe_briefly(model)}
    return {"properties": {"model": said, "params": {"anyOf": [params, TEMPLATE]}}}


def _params_of(model_id: str) -> Schema:
    # A $ref has a `~1` for each slash of its key: https://www.rfc-editor.org/rfc/rfc6901
    part = f"params of {model_id}".replace("~", "~0").replace("/", "~1").replace(" ", "%20")
    return {"$ref": f"#/$defs/{part}"}


def _defaults(meant: Schema) -> Schema:
    """Of a job file: that it has such defaults."""
    return {"properties": {"defaults": meant}, "required": ["defaults"]}


def _each_entry(meant: Mapping[str, object]) -> Schema:
    """Of a job file: that it has such entries."""
    return {"properties": {"inferences": {"items": meant}}}


def _rule_for_defaults(model: KnownModel) -> Schema:
    """Entries that leave their model to the defaults, and the defaults themselves."""
    meant = _params_of(model.names[0])
    entries = _each_entry({"if": _LEAVES_MODEL, "then": meant})
    entries["properties"] |= {"defaults": meant}  # type: ignore[operator]  # a dict of ours
    return {"if": _defaults(has_model_of([model])), "then": entries}


def _by_required_param(models: Iterable[ModelInfo]) -> dict[str, list[KnownModel]]:
    needing: dict[str, list[KnownModel]] = {}
    for model in models:
        for name in model.required_params:
            needing.setdefault(name, []).append(as_known(model))
    return needing


def _rules_for_required(name: str, needing: Sequence[KnownModel]) -> list[Schema]:
    """That entries of these models have a param which the defaults have not."""
    has_it: Schema = {
        "properties": {"params": {"properties": {name: {"not": NULL}}, "required": [name]}},
        "required": ["params"],
    }
    named = has_model_of(needing)
    absent = {"not": _defaults(has_it)}  # a template for `params` has it: `required` is of objects
    of_model = {"if": {"allOf": [ENABLED, named]}, "then": has_it}
    of_defaults = {"if": _LEAVES_MODEL, "then": has_it}
    return [
        {"if": absent, "then": _each_entry(of_model)},
        {"if": {"allOf": [absent, _defaults(named)]}, "then": _each_entry(of_defaults)},
    ]
