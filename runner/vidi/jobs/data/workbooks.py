"""XLSX: the cells of one sheet, as the text that the sheet's CSV would have."""

from __future__ import annotations

import datetime
import io
import lzma
import struct
import warnings
import zipfile
import zlib
from typing import TYPE_CHECKING

from vidi.errors import JobFileError, Place, Problem, VidiError
from vidi.jobs.data.tables import TableReader
from vidi.jobs.mistakes import MistakeError, did_you_mean, name_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from openpyxl import Workbook
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

    from vidi.jobs.data.rows import Rows
    from vidi.jobs.data.tables import Record

MAX_UNPACKED = 512 * 1024 * 1024
"""Bytes: a small file may unpack to more than any memory holds."""
_PROTECTED = b"\xd0\xcf\x11\xe0"
"""How a file of Office before 2007 begins, and a later one with a password."""
_ERRORS = frozenset(("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"))
_RECALCULATE = "Open it in Excel or LibreOffice and save it, or paste the values over the formulas."


def read_workbook(name: str, data: bytes, sheet: str = "") -> Rows[Record]:
    """The rows of a sheet below its header; the first sheet where none is named.

    Raises:
        MistakeError: There is no such sheet.
        JobFileError: It is no workbook, or a cell cannot be read.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl's, about what it does not keep when it writes
        try:
            return _read(name, data, sheet)
        except VidiError:
            raise
        except _list_damage() as error:
            what = "it is no Excel workbook (.xlsx), or a damaged one"
            raise _no_workbook(name, what) from error


def _list_damage() -> tuple[type[Exception], ...]:
    """What unpacking and parsing raise where a part is cut short, missing, or not what it says."""
    from openpyxl.utils.exceptions import CellCoordinatesException, InvalidFileException

    unpacking = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError)
    parsing = (
        SyntaxError,  # of which ElementTree's ParseError is one
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        ArithmeticError,
        AssertionError,
        RuntimeError,
        MemoryError,
    )
    return (*unpacking, *parsing, CellCoordinatesException, InvalidFileException)


def _read(name: str, data: bytes, sheet: str) -> Rows[Record]:
    if data.startswith(_PROTECTED):
        raise _no_workbook(name, "it is protected by a password, or an old Excel workbook (.xls)")
    table = TableReader(name)
    chosen = _sheet(_open(name, data, values=True), name, sheet)
    header: list[str] | None = None
    missing: set[tuple[int, int]] = set()
    for line, values in _lines(chosen):
        cells = [_text(value) for value in values]
        if header is None:
            if any(cells) and not cells[0].startswith("#"):
                header = table.take_header(line, cells)
            continue
        width = len(header)
        missing |= {(line, n) for n, cell in enumerate(cells[:width], start=1) if not cell}
        _note_errors(table, line, cells)
        if any(cells):
            table.take(line, cells + [""] * (width - len(cells)))
    if missing:
        _note_formulas(table, _sheet(_open(name, data, values=False), name, sheet), missing)
    return table.rows()


def _open(name: str, data: bytes, *, values: bool) -> Workbook:
    """The workbook: with the values that its program left, or with the formulas."""
    from openpyxl import load_workbook

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        unpacked = sum(each.file_size for each in archive.infolist())
    if unpacked > MAX_UNPACKED:
        raise _no_workbook(name, f"it unpacks to more than {MAX_UNPACKED // 1024**2} MiB")
    return load_workbook(io.BytesIO(data), read_only=True, data_only=values)


def _no_workbook(name: str, what: str) -> JobFileError:
    hint = "Open it in Excel or LibreOffice and save it as .xlsx, or as CSV UTF-8."
    return JobFileError([Problem("bad-workbook", what, Place(name), hint=hint)])


def _sheet(book: Workbook, name: str, wanted: str) -> ReadOnlyWorksheet:
    sheets = {each.title: each for each in book.worksheets}
    if not wanted and sheets:
        chosen = next(iter(sheets.values()))
    elif wanted in sheets:
        chosen = sheets[wanted]
    else:
        raise MistakeError(
            f"{name} has no sheet {wanted!r}",
            kind="missing-file",
            hint=did_you_mean(wanted, sheets, otherwise=f"Its sheets: {name_all(sheets, 'none')}."),
        )
    chosen.reset_dimensions()  # some programs write a wrong size, and cells beyond it are lost
    return chosen


def _lines(sheet: Any) -> Iterator[tuple[int, tuple[object, ...]]]:
    """The lines of a read-only sheet, from 1; its stubs do not fit themselves."""
    return enumerate(sheet.iter_rows(values_only=True), start=1)


def _text(value: object) -> str:
    """A cell's value as CSV has it: `42`, `0.5`, `true`, `2026-11-29`."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime.datetime():
            midnight = value.time() == datetime.time()
            return value.date().isoformat() if midnight else value.isoformat(sep=" ")
        case datetime.date() | datetime.time():
            return value.isoformat()
        case _:
            return str(value)


def _note_errors(table: TableReader, line: int, cells: list[str]) -> None:
    for column, cell in enumerate(cells, start=1):
        if cell in _ERRORS:
            table.note(line, f"this cell holds the error {cell}", "Mend its formula.", column)


def _note_formulas(
    table: TableReader, sheet: ReadOnlyWorksheet, missing: set[tuple[int, int]]
) -> None:
    """Cells that seem empty because no program has worked their formulas out yet."""
    for line, column in _formulas(sheet):
        if (line, column) in missing:
            table.note(line, "this cell holds a formula without its result", _RECALCULATE, column)


def _formulas(sheet: ReadOnlyWorksheet) -> Iterator[tuple[int, int]]:
    for line, values in _lines(sheet):
        for column, value in enumerate(values, start=1):
            if isinstance(value, str) and value.startswith("=") and len(value) > 1:
                yield line, column
