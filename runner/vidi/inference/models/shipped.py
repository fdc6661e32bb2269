"""The registry that vidi brings along: in the wheel one file, in a checkout the folder itself.

A newer one that `vidi models update` has fetched takes its place.
"""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.errors import Place, UsageError
from vidi.inference.models.pack import (
    NAME,
    PackError,
    RegistryVersion,
    TemplatePack,
    read_about,
)
from vidi.inference.models.sources import TemplateFolder

if TYPE_CHECKING:
    from vidi.inference.models.sources import TemplateSource

SETTING = "VIDI_REGISTRY"
"""Where the fetched registry is, from the environment alone: it prices what is bought, so no `.env`
of a stranger's branch may name it."""


def shipped_templates() -> Path:
    """The folder that vidi's own templates are in: in the wheel as one file."""
    packaged = Path(str(files("vidi.inference.models"))) / "templates"
    return packaged if packaged.is_dir() else Path(__file__).parents[4] / "templates"


def fetched_registry() -> Path:
    """Where `vidi models update` puts the registry that it fetches."""
    named = os.environ.get(SETTING, "").strip()
    if named:
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("vidi", appauthor=False) / NAME


def open_shipped() -> TemplateSource:
    """The newest registry that is here.

    Raises:
        UsageError: The fetched one cannot be read.
    """
    fetched = _open_fetched()
    if fetched is not None:
        return fetched
    folder = shipped_templates()
    packed = folder / NAME
    return TemplatePack(packed) if packed.is_file() else TemplateFolder(folder)


def registry_version() -> RegistryVersion:
    """Which registry is in use.

    Raises:
        UsageError: The fetched one cannot be read.
    """
    fetched = _open_fetched()
    return fetched.about if fetched is not None else _own_version()


def _open_fetched() -> TemplatePack | None:
    """The fetched registry, where it is newer than vidi's own."""
    path = fetched_registry()
    if not path.is_file():
        return None
    pack = TemplatePack(path)
    try:
        return pack if pack.about > _own_version() else None
    except PackError as error:
        raise UsageError(
            f"the fetched registry cannot be read: {error}",
            hint="Remove the file, or fetch it again with `vidi models update`.",
            place=Place(str(path)),
        ) from error


def _own_version() -> RegistryVersion:
    folder = shipped_templates()
    packed = folder / NAME
    return TemplatePack(packed).about if packed.is_file() else read_about(folder)
