"""The template files of a registry: all of them, the broken ones too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vidi.cli.running.job_run import open_registry
from vidi.errors import UsageError
from vidi.inference.models.registry import PROVIDER_NAMES, shipped_templates

if TYPE_CHECKING:
    from vidi.inference.models.template import ModelInfo


def find_templates(templates: Path | None) -> list[Path]:
    """Every template file, sorted by name; a file in an earlier folder hides a later one.

    Raises:
        UsageError: The folder of --templates is not there.
    """
    if templates is not None and not templates.is_dir():
        raise UsageError(f"there is no folder {templates}", hint="Check --templates.")
    folders = [*([templates] if templates else []), Path("templates"), shipped_templates()]
    found: dict[str, Path] = {}
    for folder in folders:
        for provider in PROVIDER_NAMES:
            for path in (folder / provider).glob("*.json"):
                found.setdefault(f"{provider}/{path.name}", path)
    return [found[name] for name in sorted(found)]


def read_models(templates: Path | None) -> list[ModelInfo]:
    """Every model, sorted by id.

    Raises:
        UsageError: The folder of --templates is not there.
        TemplateError: A template is broken.
    """
    return open_registry(Path(), templates).list_models()
