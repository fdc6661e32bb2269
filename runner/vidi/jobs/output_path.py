"""Where an asset may land: inside the output folder, and nowhere that vidi itself writes."""

from __future__ import annotations

import re
import unicodedata

from vidi.jobs.mistakes import MistakeError
from vidi.jobs.reading.fields import read_text

RESERVED = frozenset((".vidi", "manifest.json", "log.jsonl", "report.html"))
"""What a run writes itself, at the top of the output folder."""
TEMPORARY_PREFIX = ".vidi-tmp-"
MAX_NAME_BYTES = 220
"""A file system allows 255; a number, an extension and a temporary prefix must fit as well."""
MAX_PATH_BYTES = 3000
_DRIVE = re.compile(r"[A-Za-z]:")


def read_output(value: object) -> str:
    """A file's path below the output folder, `./` and doubled slashes removed.

    Raises:
        MistakeError: It would leave the folder, or no file can have this name everywhere.
    """
    text = read_text("output", value)
    if text.startswith(("/", "\\")) or _DRIVE.match(text):
        raise _bad(f"'output' must be relative, not {text!r}", "It starts at `output_dir`.")
    if "\\" in text:
        raise _bad(f"'output' has a backslash: {text!r}", "Write folders with `/`.")
    if text.endswith("/"):
        raise _bad(f"'output' names a folder, not a file: {text!r}", "Add a file name.")
    parts = [part for part in text.split("/") if part not in {"", "."}]
    if not parts:
        raise _bad(f"'output' names no file: {text!r}", "Add a file name.")
    for part in parts:
        _check_part(part, text)
    if parts[0].casefold() in RESERVED:
        raise _bad(f"'output' is a name that vidi writes itself: {text!r}", "Choose another name.")
    if len("/".join(parts).encode()) > MAX_PATH_BYTES:
        raise _bad(f"'output' is longer than {MAX_PATH_BYTES} bytes")
    return "/".join(parts)


def _check_part(part: str, text: str) -> None:
    if part == "..":
        raise _bad(f"'output' leaves the output folder: {text!r}", "Remove the `..`.")
    if part[-1] in ". ":
        raise _bad(f"'output' has a name that ends with a dot or a space: {text!r}")
    if part.casefold().startswith(TEMPORARY_PREFIX):
        raise _bad(f"'output' has a name that vidi uses itself: {text!r}", "Choose another name.")
    if len(part.encode()) > MAX_NAME_BYTES:
        raise _bad(f"'output' has a name longer than {MAX_NAME_BYTES} bytes: {part[:40]!r}…")


def same_file_key(path: str) -> str:
    """Equal for two paths that are one file on some file system (case, Unicode form)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _bad(message: str, hint: str = "") -> MistakeError:
    return MistakeError(message, kind="bad-output", hint=hint)
