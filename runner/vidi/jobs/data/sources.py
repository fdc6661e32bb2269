"""What the text of a `foreach` names: a file of rows, a list inside one, or folders."""

from __future__ import annotations

from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from vidi.jobs.data.cell import DataRow
from vidi.jobs.data.lists import read_json, read_jsonl, read_lines, read_yaml
from vidi.jobs.data.rows import Rows
from vidi.jobs.data.streams import stream_delimited, stream_jsonl
from vidi.jobs.data.tables import read_delimited
from vidi.jobs.mistakes import MistakeError
from vidi.jobs.reading.files import refuse_many

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from vidi.jobs.reading.files import ProjectFiles

MAX_DATA_BYTES = 64 * 1024 * 1024
MAX_ROWS = 1_000_000
"""Ten times what a job of one machine may be: beyond, reading alone would fill the memory."""
_OLD = {
    ".xls": "an old Excel workbook",
    ".xlsm": "an Excel workbook with macros",
    ".xlsb": "a binary Excel workbook",
    ".ods": "an OpenDocument spreadsheet",
    ".numbers": "a Numbers spreadsheet",
    ".gsheet": "a link to a Google Sheet",
}
_SAVE_AS = "Save it as Excel Workbook (.xlsx), or as CSV UTF-8."


def read_rows(name: str, files: ProjectFiles, *, streamed: bool = False) -> Rows[Any]:
    """The rows that a `foreach` names, in the order of the file, or of the folders' names.

    Args:
        name: A file, relative to the project; `file#part` names a sheet or a list inside it;
            `shots/*` means folders.
        files: The project's.
        streamed: Whether one row at a time is in the memory, where the file is of a kind for that.

    Raises:
        MistakeError: The file is missing, outside the project, of an unknown kind, or empty.
        JobFileError: Something in it is wrong; each problem has its place in that file.
    """
    if is_pattern(name) and not files.locate(name).is_file():
        rows = _read_folders(name, files)
    else:
        rows = (_stream_file(name, files) if streamed else None) or _read_file(name, files)
    if not rows:
        raise MistakeError(f"{name} has no rows", kind="no-rows")
    return rows


def is_pattern(name: str) -> bool:
    """Whether a `foreach` means folders."""
    return "*" in name


def split_part(name: str, files: ProjectFiles) -> tuple[str, str]:
    """A file's name, and what behind the `#` names a part of it; a file may have a # itself."""
    path, sign, part = name.rpartition("#")
    return (path, part) if sign and path and not files.locate(name).is_file() else (name, "")


def _read_file(name: str, files: ProjectFiles) -> Rows[Any]:
    path, part = split_part(name, files)
    extension = PurePosixPath(path).suffix.lower()
    reader = _READERS.get(extension)
    if reader is None:
        what = f": it is {_OLD[extension]}" if extension in _OLD else ""
        hint = _SAVE_AS if what else f"Use one of {', '.join(sorted(_READERS))}, or `folder/*`."
        raise MistakeError(f"'foreach' cannot read {path!r}{what}", hint=hint)
    data = files.read(path, MAX_DATA_BYTES)
    if extension != ".xlsx":
        refuse_many(data, path, b"\n", MAX_ROWS, "lines")
    if extension.startswith(".json"):
        refuse_many(data, path, b"[{", MAX_ROWS, "lists and objects")
        refuse_many(data, path, b",", 4 * MAX_ROWS, "values")
    return reader(path, data, part)


def _stream_file(name: str, files: ProjectFiles) -> Rows[Any] | None:
    """The rows of a file read one at a time; None where it has to be read as a whole."""
    path = files.locate(name)
    stream = _STREAMS.get(PurePosixPath(name).suffix.lower())
    if stream is None or not path.is_file():
        return None
    files.seen.add(name)
    return stream(name, path)


def _read_folders(pattern: str, files: ProjectFiles) -> Rows[str]:
    """The folders that a pattern such as `shots/*` means, by name; hidden ones are left out."""
    if PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts:
        raise MistakeError(f"'foreach' must be inside the project, not {pattern!r}", kind="outside")
    if pattern.count("**") > 1:
        raise MistakeError(f"'foreach' may have `**` once, not {pattern.count('**')} times")
    try:
        found = [each for each in files.root.glob(pattern) if each.is_dir()]
    except (ValueError, NotImplementedError) as error:
        raise MistakeError(f"'foreach' is no pattern of folders: {error}") from error
    names = sorted(each.relative_to(files.root).as_posix() for each in found)
    names = [each for each in names if not PurePosixPath(each).name.startswith(".")]
    for each in names:
        files.locate(each)
    return Rows(names, _folder_row)


def _folder_row(number: int, path: str) -> DataRow:
    return DataRow(number, {"name": PurePosixPath(path).name, "path": path})


def _read_csv(name: str, data: bytes, part: str) -> Rows[Any]:
    _refuse_sheet(name, part)
    return read_delimited(name, data)


def _read_tsv(name: str, data: bytes, part: str) -> Rows[Any]:
    _refuse_sheet(name, part)
    return read_delimited(name, data, "\t")


def _refuse_sheet(name: str, part: str) -> None:
    if part:
        raise MistakeError(
            f"{name} has no sheet {part!r}: a CSV file is one table",
            kind="missing-file",
            hint=f"Write {name}, or save the sheet as a file of its own.",
        )


def _read_xlsx(name: str, data: bytes, part: str) -> Rows[Any]:
    from vidi.jobs.data.workbooks import read_workbook  # with zipfile, for those who need it

    return read_workbook(name, data, part)


_READERS: dict[str, Callable[[str, bytes, str], Rows[Any]]] = {
    ".csv": _read_csv,
    ".json": read_json,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".tsv": _read_tsv,
    ".txt": read_lines,
    ".xlsx": _read_xlsx,
    ".yaml": read_yaml,
    ".yml": read_yaml,
}
_STREAMS: dict[str, Callable[[str, Path], Rows[Any] | None]] = {
    ".csv": partial(stream_delimited, fallback=","),
    ".jsonl": stream_jsonl,
    ".ndjson": stream_jsonl,
    ".tsv": partial(stream_delimited, fallback="\t"),
}
