"""Which registry of models is in use: its version, its date, and where it is.

Light: `--version` says it, and takes hardly longer than click alone.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

from vidi.errors import Place, UsageError

NAME = "registry.pack"
"""A registry as one file (pack.py)."""
ABOUT = "registry.json"
"""Beside the templates of a folder: the version and the date of the registry that they are."""
SETTING = "VIDI_REGISTRY"
"""Where the fetched registry is, from the environment alone: it prices what is bought, so no `.env`
of a stranger's branch may name it."""
HAS_XDG = os.name == "posix" and str(sys.platform) != "darwin"
"""Whether the system keeps data where https://specifications.freedesktop.org/basedir says."""
LONGEST_HEAD = 1000
"""Bytes of the first line of a pack, and of `registry.json`."""
_SAYS = re.compile(rb'"version":\s*(\d+),\s*"date":\s*"([^"]+)"')


class PackError(ValueError):
    """A file is no registry, or one of another format."""


class RegistryVersion(NamedTuple):
    """Which registry it is: the later has the greater number."""

    version: int
    date: str
    """Of its latest change, ISO 8601."""

    def __str__(self) -> str:
        return f"registry {self.version} of {self.date}"


def shipped_templates() -> Path:
    """The folder that vidi's own templates are in: in the wheel as one file."""
    packaged = Path(__file__).parent / "templates"
    return packaged if packaged.is_dir() else Path(__file__).parents[4] / "templates"


def fetched_registry() -> Path:
    """Where `vidi models update` puts the registry that it fetches."""
    named = os.environ.get(SETTING, "").strip()
    if named:
        return Path(named)
    if HAS_XDG:
        # As platformdirs has it, whose import alone takes 5 of the 40 ms of `--version`.
        data = os.environ.get("XDG_DATA_HOME", "").strip()
        return (Path(data) if data else Path.home() / ".local" / "share") / "vidi" / NAME
    from platformdirs import user_data_path

    return user_data_path("vidi", appauthor=False) / NAME


def registry_version() -> RegistryVersion:
    """Which registry is in use: the fetched one where it is newer.

    Raises:
        UsageError: The fetched one cannot be read.
    """
    fetched, own = fetched_registry(), own_version()
    if not fetched.is_file():
        return own
    try:
        return max(read_version(fetched), own)
    except PackError as error:
        raise tell_unreadable(fetched, error) from error


def tell_unreadable(path: Path, error: PackError) -> UsageError:
    """What to say of a fetched registry that cannot be read: passed over, prices would be older."""
    return UsageError(
        f"the fetched registry cannot be read: {error}",
        hint="Remove the file, or fetch it again with `vidi models update`.",
        place=Place(str(path)),
    )


def own_version() -> RegistryVersion:
    """Which registry vidi came with."""
    folder = shipped_templates()
    packed = folder / NAME
    return read_version(packed) if packed.is_file() else read_about(folder)


def read_about(folder: Path) -> RegistryVersion:
    """Which registry a folder of templates is; one that does not say is older than any other."""
    try:
        return read_version(folder / ABOUT)
    except PackError:
        return RegistryVersion(0, "an unknown day")


def read_version(path: Path) -> RegistryVersion:
    """What a pack, or a `registry.json`, says at its beginning.

    Raises:
        PackError: It says nothing.
    """
    try:
        with path.open("rb") as file:
            head = file.read(LONGEST_HEAD).partition(b"\n")[0]
    except OSError as error:
        raise PackError(f"it is no registry: {error.strerror}") from error
    found = _SAYS.search(head)
    if found is None:
        raise PackError("it is no registry: its first line has no version")
    return RegistryVersion(int(found[1]), found[2].decode(errors="replace"))
