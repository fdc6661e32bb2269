"""What the providers say now, against what the templates say: each model's news."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidi.errors import VidiError
from vidi.inference.models.discovery.difference import Change
from vidi.inference.models.discovery.template import list_changes
from vidi.inference.providers.asking import NoSuchModelError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vidi.inference.models.discovery.discovery import Discovery
    from vidi.inference.models.template import ModelInfo


@dataclass(frozen=True, slots=True)
class ModelNews:
    """What is new about one model."""

    id: str
    changes: tuple[Change, ...] = ()
    error: VidiError | None = None
    """Why the provider could not be asked, or its answer not be read."""


def gather_news(
    models: Sequence[ModelInfo], found: Mapping[str, Discovery | VidiError]
) -> list[ModelNews]:
    """The news of each model, in the given order; models without news too."""
    return [_compare(model, found[model.id]) for model in models]


def _compare(model: ModelInfo, found: Discovery | VidiError) -> ModelNews:
    if isinstance(found, NoSuchModelError):
        return ModelNews(model.id, (Change("gone", "", found.message),))
    if isinstance(found, VidiError):
        return ModelNews(model.id, error=found)
    changes = list_changes(model, found)
    if found.renamed_to:
        changes.append(Change("renamed", "", f"its provider calls it {found.renamed_to} now"))
    return ModelNews(model.id, tuple(changes))
