"""Every model that may be named, as much of it as a list shows: read without a check, and fast."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.models.ids import split_version
from vidi.json_values import as_list, as_object
from vidi.runs.editing.description import describe_briefly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.inference.models.registry import ModelRegistry
    from vidi.inference.models.template import ModelInfo
    from vidi.json_values import JsonObject


class KnownModel(NamedTuple):
    """A model's ids, and a line on it."""

    names: tuple[str, ...]
    """Its id, and those that it had before."""
    has_versions: bool
    """Whether an id may pin a version of it."""
    brief: str


def list_known_models(registry: ModelRegistry) -> list[KnownModel]:
    """Every model of a registry, sorted by id; a broken template is left out.

    Raises:
        OSError: A file cannot be read.
    """
    return sorted(_read_all(registry))


def _read_all(registry: ModelRegistry) -> Iterator[KnownModel]:
    for each in registry.list_texts():
        with suppress(ValueError):
            template = as_object(json.loads(each.read()))
            if isinstance(template.get("id"), str):
                yield _known(template)


def _known(template: JsonObject) -> KnownModel:
    names = (str(template["id"]), *map(str, as_list(template.get("aliases"))))
    call = as_object(template.get("call"))
    retired = f"RETIRED: {template['retired']} " if template.get("retired") else ""
    brief = f"{retired}{template.get('title')}: {template.get('category')}"
    by_name = bool(call.get("official") or call.get("deployment"))
    return KnownModel(names, has_versions(names[0], by_name=by_name), brief)


def as_known(model: ModelInfo) -> KnownModel:
    """A model that has been read, with what its example costs."""
    by_name = model.call is not None and bool(model.call.official or model.call.deployment)
    pinned = has_versions(model.id, by_name=by_name)
    return KnownModel((model.id, *model.aliases), pinned, describe_briefly(model))


def has_versions(model_id: str, *, by_name: bool) -> bool:
    """Whether an id may pin a version of a model: official ones are run by name alone."""
    return model_id.startswith("replicate/") and not by_name and not split_version(model_id)[1]
