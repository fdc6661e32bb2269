"""The local files that params name: found, looked at, and refused where they cannot be sent."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from vidi.file_kinds import real_path
from vidi.inference.models.params.checked import InputFile, ParamProblem
from vidi.inference.models.params.coercion import branch_for
from vidi.inference.models.params.wording import dotted, quoted
from vidi.inference.models.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.inference.models.params.checked import At

MIB = 1024**2
SIZE_LIMITS = {
    "replicate": (100 * MIB, "Replicate takes at most 100 MiB"),
    "fal": (1024 * MIB, "vidi uploads at most 1,024 MiB to fal"),
}
"""Bytes of one file, and whose rule it is. Replicate's is for uploads:
https://replicate.com/docs/topics/predictions/input-files. fal states none: that one is ours."""
UNKNOWN_LIMIT = (1024 * MIB, "vidi sends at most 1,024 MiB")
"""For the providers of plug-ins."""
_LOOKED_AT = 200
"""How many names of a folder are compared to find the one that was meant."""
_PASSED = re.compile(r"(https?://|data:)", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://|file:", re.IGNORECASE)
_RELATIVE = "Paths are relative to the project directory."
_ALLOW = "Copy it into the project, or allow it with --allow-outside."
_INSTEAD = "Write a path relative to the project directory, or an https URL."


class _RefusedError(Exception):
    """A file that cannot be sent: code, what is wrong and the hint."""

    def __init__(self, code: str, what: str, hint: str) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.hint = hint


@dataclass(frozen=True, slots=True)
class FileFinder:
    """Finds the files of one inference; each path is looked at once."""

    base: Path | None
    """None: whoever asks has no files; none is looked for, and none is missed."""
    provider: str
    allow_outside: bool
    """Whether files outside of `base` may be sent: a job file may come from a stranger."""
    _sizes: dict[str, int | _RefusedError] = field(default_factory=dict)

    def find(self, at: At, name: str, field: ParamSchema) -> InputFile | ParamProblem | None:
        """The file that a value names, or what is wrong with it; None for what is sent as it is.

        Args:
            at: Where the value stands.
            name: The value.
            field: The schema that marks it as a file.
        """
        if field.get("x-file-as") == "url":
            return None if _ADDRESS.match(name) else _not_an_address(at, name, field)
        if self.base is None or _PASSED.match(name):
            return None
        base, path = self.base, self.base / name
        if field.get("x-file-or-id") and not path.is_file():
            return None
        if name not in self._sizes:
            try:
                self._sizes[name] = self._measure(base, name)
            except _RefusedError as error:
                self._sizes[name] = error
        size = self._sizes[name]
        if isinstance(size, int):
            return InputFile(at, path, name, size)
        return ParamProblem(at, False, size.code, f"'{dotted(at)}' {size.what}", size.hint)

    def _measure(self, base: Path, name: str) -> int:
        """The size of a file that can be sent, in bytes."""
        _refuse_other_names(name)
        path = base / name
        try:
            self._refuse_outside(base, path, name)
            found = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            hint = _suggest_file(path, name)
            raise _RefusedError("missing-file", f"names no file: {quoted(name)}", hint) from None
        except OSError as error:
            what = f"names a file that cannot be read: {quoted(name)} ({error.strerror})"
            raise _RefusedError("bad-file", what, _RELATIVE) from error
        self._refuse_bad(path, name, found)
        return found.st_size

    def _refuse_outside(self, base: Path, path: Path, name: str) -> None:
        if not (self.allow_outside or real_path(path).is_relative_to(real_path(base))):
            what = f"names a file outside the project directory: {quoted(name)}"
            raise _RefusedError("outside", what, _ALLOW)

    def _refuse_bad(self, path: Path, name: str, found: os.stat_result) -> None:
        limit, rule = SIZE_LIMITS.get(self.provider, UNKNOWN_LIMIT)
        if stat.S_ISDIR(found.st_mode):
            what, hint = f"names a folder: {quoted(name)}", "Name a file in it."
        elif not stat.S_ISREG(found.st_mode):
            what, hint = f"names no regular file: {quoted(name)}", "Copy it to a file first."
        elif not os.access(path, os.R_OK):
            what = f"names a file that may not be read: {quoted(name)}"
            hint = "Give yourself the right to read it."
        elif found.st_size == 0:
            what, hint = f"names an empty file: {quoted(name)}", "Write the file, or name another."
        elif found.st_size > limit:
            size = f"{found.st_size / MIB:,.1f} MiB"
            what = f"names a file that is too large: {quoted(name)} has {size}, {rule}"
            hint = "Make it smaller, or write the https URL of a copy."
            raise _RefusedError("file-too-large", what, hint)
        else:
            return
        raise _RefusedError("bad-file", what, hint)


def named_files(
    value: object, schema: ParamSchema, at: At = ()
) -> Iterator[tuple[At, str, ParamSchema]]:
    """Every text in converted params that stands for a file: its place, itself, its schema."""
    branch = branch_for(value, schema) or {}
    if isinstance(value, str):
        marked = next((each for each in (branch, schema) if "x-file" in each), None)
        if marked is not None:
            yield at, value, marked
    elif isinstance(value, Mapping):
        fields = branch.get("properties", {})
        for key, each in value.items():
            yield from named_files(each, fields.get(key, {}), (*at, key))
    elif isinstance(value, list):
        items = branch.get("items", {})
        for index, each in enumerate(value):
            yield from named_files(each, items, (*at, index))


def holds_files(schema: ParamSchema) -> bool:
    """Whether values of this schema may name files anywhere."""
    parts = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    return "x-file" in schema or any(
        map(holds_files, [*parts, schema.get("items", {})] if schema else parts)
    )


def _not_an_address(at: At, name: str, field: ParamSchema) -> ParamProblem:
    """A file where the model takes an address only: it would be sent as this text."""
    twin = field.get("x-twin")
    what = f"is sent as text and must be an http(s) address, not {quoted(name)}"
    hint = f"Use '{twin}' for a file of your own." if twin else "Write the https URL of the file."
    return ParamProblem(at, False, "bad-url", f"'{dotted(at)}' {what}", hint)


def _refuse_other_names(name: str) -> None:
    """Refuse what looks like no path."""
    if _OTHER_SCHEME.match(name):
        raise _RefusedError("bad-url", f"is a URL that is not sent: {quoted(name)}", _INSTEAD)
    if not name.strip():
        hint = "Write a path or an https URL, or take the param out."
        raise _RefusedError("missing-file", "is empty; it names a file", hint)
    if "\0" in name or len(name) > 4096:
        hint = "Base64 starts with its type: data:image/png;base64,…"
        raise _RefusedError("bad-file", f"is no file name: {quoted(name)}", hint)


def _suggest_file(path: Path, name: str) -> str:
    try:
        with os.scandir(path.parent) as entries:
            names = [each.name for each in islice(entries, _LOOKED_AT)]
    except OSError:
        folder = name.rpartition("/")[0]
        return f"There is no folder '{folder}'. {_RELATIVE}" if folder else _RELATIVE
    close = nearest(path.name, names, count=1)
    return f"Did you mean {close[0]!r} in the same folder?" if close else _RELATIVE
