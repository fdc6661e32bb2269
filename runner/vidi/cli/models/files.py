"""The template files of a registry: all of them, the broken ones too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vidi.cli.running.job_run import open_registry

if TYPE_CHECKING:
    from vidi.inference.models.shipping.sources import TemplateText
    from vidi.inference.models.template import ModelInfo


def find_templates(templates: Path | None) -> list[TemplateText]:
    """Every template, sorted by name; a file in an earlier folder hides a later one.

    Raises:
        UsageError: The folder of --templates is not there.
    """
    return open_registry(Path(), templates).list_texts()


def read_models(templates: Path | None) -> list[ModelInfo]:
    """Every model, sorted by id.

    Raises:
        UsageError: The folder of --templates is not there.
        TemplateError: A template is broken.
    """
    return open_registry(Path(), templates).list_models()
