"""A template's file, in the form of all templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.models.discovery.template_text import render_template

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_json(path: Path, value: Mapping[str, object]) -> None:
    """Write the value, in the order of its keys, and make the folder if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_template(value), encoding="utf-8", newline="\n")
