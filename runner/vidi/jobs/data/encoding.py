"""The text of a table or list that some program saved, in whichever encoding it did."""

from __future__ import annotations

from vidi.errors import JobFileError, Place, Problem
from vidi.jobs.reading.source import Source

SAVE_AS = (
    'Save it as "CSV UTF-8 (Comma delimited)" (Excel: File > Save As; LibreOffice: Save As, '
    'tick "Edit filter settings", Unicode (UTF-8); Google Sheets: File > Download > CSV).'
)
_ANSI = "cp1252"
_UTF_32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_LOOKED_AT = 4096
_OTHER_FORMATS = {
    b"PK\x03\x04": "this is an Excel or OpenDocument workbook, not text",
    b"\xd0\xcf\x11\xe0": "this is an old Excel workbook (.xls), not text",
    b"%PDF": "this is a PDF, not text",
}


def read_text(data: bytes, name: str) -> tuple[str, tuple[Problem, ...]]:
    """The text of a file as people's programs save it, and a warning where it was guessed.

    UTF-8 with or without its mark, UTF-16 by its mark, else Windows-1252.

    Raises:
        JobFileError: It is in none of them.
    """
    for start, what in _OTHER_FORMATS.items():
        if data.startswith(start):
            hint = "Give it the extension .xlsx, or save it as CSV UTF-8."
            raise _refused(name, what, hint)
    if data.startswith(_UTF_32):
        raise _refused(name, "the file is UTF-32", SAVE_AS)
    if data.startswith(_UTF_16):
        return _from_utf_16(data, name), ()
    if _is_utf_16(data[:_LOOKED_AT]):
        raise _refused(name, "the file is UTF-16 without its mark", SAVE_AS)
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        return _from_ansi(data, name, error)


def _is_utf_16(start: bytes) -> bool:
    """Whether a text's first character, or one of its line ends, takes two bytes."""
    if len(start) > 1 and (start[0] == 0) != (start[1] == 0):
        return True
    return b"\r\0\n\0" in start or b"\0\r\0\n" in start


def _from_utf_16(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise _refused(name, "the file begins as UTF-16 and does not go on so", SAVE_AS) from error


def _from_ansi(
    data: bytes, name: str, error: UnicodeDecodeError
) -> tuple[str, tuple[Problem, ...]]:
    line = data.count(b"\n", 0, error.start) + 1
    try:
        text = data.decode(_ANSI)
    except UnicodeDecodeError as other:
        byte = data[other.start]
        raise _refused(
            name,
            f"the file is neither UTF-8 nor Windows-1252 (ANSI): byte 0x{byte:02x} fits neither",
            SAVE_AS,
            data.count(b"\n", 0, other.start) + 1,
        ) from error
    source = Source(name, text)
    start = max(data.rfind(b"\n", 0, error.start), data.rfind(b"\r", 0, error.start)) + 1
    warning = Problem(
        "guessed-encoding",
        "the file is not UTF-8; it is read as Windows-1252 (ANSI): compare its accents",
        Place(name, line, error.start - start + 1),
        hint=SAVE_AS,
        severity="warning",
        excerpt=source.excerpt(line),
    )
    return text, (warning,)


def _refused(name: str, what: str, hint: str, line: int = 1) -> JobFileError:
    return JobFileError([Problem("bad-encoding", what, Place(name, line, 1), hint=hint)])
