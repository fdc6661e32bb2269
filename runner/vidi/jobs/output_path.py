"""Where an asset may land: inside the output folder, and nowhere that vidi itself writes."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from vidi.jobs.mistakes import MistakeError
from vidi.jobs.reading.fields import read_text

if TYPE_CHECKING:
    from collections.abc import Sequence

RESERVED = frozenset((".vidi", "manifest.json", "log.jsonl", "report.html"))
"""What a run writes itself, at the top of the output folder."""
TEMPORARY_PREFIX = ".vidi-tmp-"
MAX_NAME_BYTES = 220
"""A file system allows 255; a number, an extension and a temporary prefix must fit as well."""
MAX_PATH_BYTES = 3000
_UNPORTABLE = re.compile(r'[<>:"|?*]')
_NUMBERED = tuple(f"{port}{number}" for port in ("com", "lpt") for number in "123456789¹²³")
_DEVICES = frozenset(("con", "prn", "aux", "nul", "conin$", "conout$", *_NUMBERED))
"""https://learn.microsoft.com/windows/win32/fileio/naming-a-file: with any extension, too."""
_ORDINARY = re.compile(r"(?:[\w-]+/)*[\w-]+\.\w+", re.ASCII)
"""Nearly every path: one look, where it is short enough, instead of one at each of its parts."""
_SUSPECT = re.compile(
    r'[<>:"|?*{]|[. ](?:/|\Z)|(?:\A|/)(?:con|prn|aux|nul|com.|lpt.)[^/.]*(?:[/.]|\Z)', re.IGNORECASE
)
"""Every path that `refuse_unportable` could have to refuse."""
_MARKER = re.compile(r"\{(index[^{}/]*|key)\}")
_DRIVE = re.compile(r"[A-Za-z]:")


def read_output(value: object) -> str:
    """A file's path below the output folder, `./` and doubled slashes removed.

    Raises:
        MistakeError: It would leave the folder, or no file can have this name everywhere.
    """
    text = read_text("output", value)
    if len(text) <= MAX_NAME_BYTES and _ORDINARY.fullmatch(text) and text.lower() not in RESERVED:
        return text
    if text.startswith(("/", "\\")) or _DRIVE.match(text):
        raise _bad(f"'output' must be relative, not {text!r}", "It starts at `output_dir`.")
    if "\\" in text:
        raise _bad(f"'output' has a backslash: {text!r}", "Write folders with `/`.")
    if text.endswith("/"):
        raise _bad(f"'output' names a folder, not a file: {text!r}", "Add a file name.")
    parts = [part for part in text.split("/") if part not in {"", "."}]
    _check_parts(parts, text)
    return "/".join(parts)


def _check_parts(parts: Sequence[str], text: str) -> None:
    if not parts:
        raise _bad(f"'output' names no file: {text!r}", "Add a file name.")
    for part in parts:
        _check_part(part, text)
    if parts[0].casefold() in RESERVED:
        raise _bad(f"'output' is a name that vidi writes itself: {text!r}", "Choose another name.")
    if len("/".join(parts).encode()) > MAX_PATH_BYTES:
        raise _bad(f"'output' is longer than {MAX_PATH_BYTES} bytes")


def _check_part(part: str, text: str) -> None:
    if part == "..":
        raise _bad(f"'output' leaves the output folder: {text!r}", "Remove the `..`.")
    if part.casefold().startswith(TEMPORARY_PREFIX):
        raise _bad(f"'output' has a name that vidi uses itself: {text!r}", "Choose another name.")
    if len(part.encode()) > MAX_NAME_BYTES:
        raise _bad(f"'output' has a name longer than {MAX_NAME_BYTES} bytes: {part[:40]!r}…")


def refuse_unportable(output: str) -> None:
    """Refuse a path that some system cannot hold, as Windows and the disks of cameras.

    Raises:
        MistakeError: A part of it is such a name.
    """
    if not _SUSPECT.search(output):
        return
    for part in _MARKER.sub("1", output).split("/"):
        found = _UNPORTABLE.search(part)
        what = ""
        if found:
            what = f"the character {found.group()!r}, which not every system can have in a name"
        elif part[-1] in ". ":
            what = "a name that ends with a dot or a space, which not every system can hold"
        elif part.partition(".")[0].rstrip().casefold() in _DEVICES:
            what = f"the name {part!r}, which is a device on Windows"
        if what:
            raise _bad(
                f"'output' has {what}: {output!r}",
                "Choose another name (the filter `slug` makes safe ones), or write "
                "`portable_names: false` at the top of the job file.",
            )


def same_file_key(path: str) -> str:
    """Equal for two paths that are one file on some file system (case, Unicode form)."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _bad(message: str, hint: str = "") -> MistakeError:
    return MistakeError(message, kind="bad-output", hint=hint)
