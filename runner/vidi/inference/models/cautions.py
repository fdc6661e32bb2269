"""What is to be said of a model before it is bought from, though nothing is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.models.ids import split_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.inference.models.template import ModelInfo

SHOWN = 12
"""Characters of a version."""


class Caution(NamedTuple):
    """One warning about a model."""

    code: str
    message: str
    hint: str = ""


def tell_repriced(model: ModelInfo, folder: str) -> Caution:
    """Say that a project's own template, which may be a stranger's, prices a model that is shipped.

    Args:
        model: The model.
        folder: What the folder of its template is called.
    """
    return Caution(
        "project-price",
        f"{model.id}: price of {folder}, not of vidi's own template",
        "Compare it with the provider's page before you trust it.",
    )


def list_cautions(model: ModelInfo, asked: str) -> Iterator[Caution]:
    """Every warning about a model.

    Args:
        model: The model.
        asked: The id that the job file has for it.
    """
    if asked != model.id:
        yield Caution(
            "renamed-model", f"{asked} is called {model.id} now", f"Write `model: {model.id}`."
        )
    if model.retired:
        others = " or ".join(model.replaced_by)
        hint = f"Use {others}." if others else ""
        yield Caution("retired-model", f"{model.id} is retired: {model.retired}", hint)
    if model.described_version:
        version = split_version(model.id)[1]
        yield Caution(
            "version-params",
            f"version {version[:SHOWN]} is checked by the params of version "
            f"{model.described_version[:SHOWN]}",
            f"`vidi models pull {model.id}` reads its own.",
        )
