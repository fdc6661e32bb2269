"""Model ids in a schema: which there are, and whether an entry has one of some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.jobs.schema import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidi.runs.editing.known_models import KnownModel
    from vidi.runs.editing.params import Schema

_HASH = "[0-9a-f]{64}"


def ids_schema(known: Sequence[KnownModel]) -> Schema:
    """Every id that a model has, those that it had before too, and one version of it."""
    briefly = {name: each.brief for each in known for name in each.names}
    ids: Schema = {
        "enum": list(briefly),
        "enumDescriptions": list(briefly.values()),
        "errorMessage": "vidi has no such model; `vidi models pull ID` makes a template.",
    }
    return {"anyOf": [ids, *_versions_of(known), TEMPLATE]}


def has_model_of(models: Sequence[KnownModel]) -> Schema:
    """Of an entry, or of the defaults: that its model is one of these."""
    ids: Schema = {"enum": [name for each in models for name in each.names]}
    pinned = _versions_of(models)
    named = {"anyOf": [ids, *pinned]} if pinned else ids
    return {"properties": {"model": named}, "required": ["model"]}


def _versions_of(models: Sequence[KnownModel]) -> list[Schema]:
    """The ids that pin a version of one of them."""
    # An id has nothing but dots to escape; `\\-` is no pattern in an editor.
    having = [each.names[0].replace(".", r"\.") for each in models if each.has_versions]
    return [{"type": "string", "pattern": f"^({'|'.join(having)}):{_HASH}$"}] if having else []
