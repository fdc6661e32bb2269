"""Every template of a registry, checked as one that a user drops in would be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vidi.errors import VidiError
from vidi.inference.models.pricing import estimate
from vidi.inference.models.schema import check_params

if TYPE_CHECKING:
    from vidi.inference.models.registry import ModelRegistry
    from vidi.inference.models.template import ModelInfo


def check_templates(registry: ModelRegistry) -> dict[str, list[str]]:
    """Model id to what is wrong with its template; nothing where it is right."""
    return {model.id: _check(model) for model in registry.list_models()}


def _check(model: ModelInfo) -> list[str]:
    problems = []
    checked = check_params(model, model.example, base=Path())
    problems += [
        f"example: {problem.message}"
        for problem in checked.problems
        if problem.severity == "error" and problem.code != "missing-file"
    ]
    try:
        price = estimate(model, checked)
    except VidiError as error:
        return [*problems, f"price: {error.message}"]
    if price.high is None and not price.reason:
        problems.append("price: unpriced without a reason")
    return problems
