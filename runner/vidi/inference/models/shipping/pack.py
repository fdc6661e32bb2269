"""A registry as one file: every template, and an index that leads to each without a search.

    {"format": 1, "version": 2, "date": "2026-11-29", "models": 1886, "sha256": "…"}
    {"templates": {"fal/fal-ai-flux-dev.json": [0, 4711], …}, "aliases": {"fal/old": "fal/….json"}}
    …the texts of the templates, one after another, where the index says

The same templates make the same bytes. Needs nothing but the standard library: it is run while the
wheel is built.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING

from vidi.inference.models.about import LONGEST_HEAD, PackError, RegistryVersion, read_version
from vidi.inference.models.shipping.sources import aliases_in
from vidi.json_values import as_list, as_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FORMAT = 1


def build_pack(templates: Mapping[str, str], about: RegistryVersion) -> bytes:
    """Pack templates.

    Args:
        templates: The text of each by its name, such as `fal/fal-ai-flux-dev.json`.
        about: Which registry they are.
    """
    index: dict[str, list[int]] = {}
    aliases: dict[str, str] = {}
    texts: list[bytes] = []
    at = 0
    for name, text in sorted(templates.items()):
        data = text.encode()
        index[name] = [at, len(data)]
        aliases |= dict.fromkeys(aliases_in(text), name)
        texts.append(data)
        at += len(data)
    rest = b"".join((_line({"templates": index, "aliases": aliases}), *texts))
    head = {"format": FORMAT, "version": about.version, "date": about.date, "models": len(index)}
    return _line({**head, "sha256": _hash(rest)}) + rest


def read_folder(folder: Path) -> dict[str, str]:
    """The text of every template of a folder, by its name."""
    paths = sorted(folder.glob("*/*.json"))
    return {f"{path.parent.name}/{path.name}": path.read_text(encoding="utf-8") for path in paths}


class TemplatePack:
    """The templates of a pack; its index is read when the first is looked for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def about(self) -> RegistryVersion:
        """Which registry it is.

        Raises:
            PackError: The file is none.
        """
        return read_version(self.path)

    def check_format(self) -> None:
        """See that this version of vidi can read it.

        Raises:
            PackError: It is no registry, or one of another format.
        """
        _ = self._head

    def verify(self) -> None:
        """See that the file is whole.

        Raises:
            PackError: It is not.
        """
        data = self.path.read_bytes()
        rest = data[data.index(b"\n") + 1 :] if b"\n" in data else b""
        if _hash(rest) != self._head["sha256"]:
            raise PackError("it is not whole: its checksum is another")

    def find(self, name: str) -> Path | None:
        """What a template is called in messages; None where there is none of that name."""
        return self.path / name if name in self._places else None

    def read(self, name: str) -> str:
        """The text of a template."""
        offset, length = self._places[name]
        with self.path.open("rb") as file:
            file.seek(self._begin + offset)
            return file.read(length).decode()

    def names(self) -> Iterator[str]:
        """The name of every template."""
        return iter(self._places)

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """Each other id of a model, and the name of its template."""
        return {alias: str(name) for alias, name in as_object(self._index["aliases"]).items()}

    @cached_property
    def _head(self) -> Mapping[str, object]:
        try:
            with self.path.open("rb") as file:
                head = json.loads(file.readline(LONGEST_HEAD))
        except (OSError, ValueError) as error:
            raise PackError(f"it is no registry: {error}") from error
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise PackError("it is no registry of a format that this version of vidi knows")
        return head

    @cached_property
    def _index(self) -> Mapping[str, object]:
        _ = self._head  # says that it is no registry before its index is looked for
        with self.path.open("rb") as file:
            file.readline()
            line = file.readline()
            self._begin = file.tell()
        return as_object(json.loads(line))

    @cached_property
    def _places(self) -> Mapping[str, tuple[int, int]]:
        places = as_object(self._index["templates"]).items()
        return {name: (int(str(as_list(at)[0])), int(str(as_list(at)[1]))) for name, at in places}

    _begin: int = 0
    """Where the texts begin."""


def _hash(data: bytes) -> str:
    import hashlib  # a lookup needs none

    return hashlib.sha256(data).hexdigest()


def _line(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
