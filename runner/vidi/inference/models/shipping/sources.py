"""Where the text of templates comes from: a folder of files, one for each model."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

from vidi.file_kinds import check_regular, real_path
from vidi.inference.models.provider_names import provider_names
from vidi.json_values import as_list, as_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class TemplateSource(Protocol):
    """Templates by their file's name under its folder, such as `fal/fal-ai-flux-dev.json`."""

    def find(self, name: str) -> Path | None:
        """What the template is called in messages; None where there is none."""

    def read(self, name: str) -> str:
        """Its text.

        Raises:
            OSError: It cannot be read.
            UnicodeDecodeError: It is no text.
        """

    def names(self) -> Iterator[str]:
        """The name of every template."""

    @property
    def aliases(self) -> Mapping[str, str]:
        """Each other id of a model, and the name of the model's template."""


class TemplateText(NamedTuple):
    """A template that has not been read yet."""

    path: Path
    """What messages call it."""
    source: TemplateSource
    name: str

    def read(self) -> str:
        """Its text.

        Raises:
            OSError: It cannot be read.
            UnicodeDecodeError: It is no text.
        """
        return self.source.read(self.name)


class TemplateFolder:
    """A folder with a file for each model, in a folder for each provider.

    Args:
        folder: The folder.
        within: What no file may lead out of; None where whoever runs it has named the folder.
    """

    def __init__(self, folder: Path, within: Path | None = None) -> None:
        self.folder = folder
        self._within = within

    def find(self, name: str) -> Path | None:
        """The file of that name, if there is one."""
        path = self.folder / name
        return path if path.is_file() else None

    def read(self, name: str) -> str:
        """The text of a file."""
        path = self.folder / name
        if self._within and not real_path(path).is_relative_to(real_path(self._within)):
            raise PermissionError("it is outside the project: name its folder with --templates")
        check_regular(path)
        return path.read_text(encoding="utf-8")

    def names(self) -> Iterator[str]:
        """Every file, provider by provider."""
        for provider in provider_names():
            for path in (self.folder / provider).glob("*.json"):
                yield f"{provider}/{path.name}"

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """Read from every file; asked for only where no file has the id itself."""
        found: dict[str, str] = {}
        for name in self.names():
            # A broken file is told of when it is asked for, not while another is looked for.
            with suppress(OSError, ValueError):
                found.update(dict.fromkeys(aliases_in(self.read(name)), name))
        return found


def aliases_in(text: str) -> list[str]:
    """The other ids that a template names, without reading the many that name none.

    Raises:
        ValueError: It is no JSON.
    """
    if '"aliases"' not in text:
        return []
    return [str(each) for each in as_list(as_object(json.loads(text)).get("aliases"))]
