"""The line of a YAML file that names its schema to an editor.

yaml-language-server reads it: https://github.com/redhat-developer/yaml-language-server#using-inlined-schema
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.runs.records.atomic import rewrite_bytes

if TYPE_CHECKING:
    from pathlib import Path

_MODELINE = re.compile(r"^#[ \t]*yaml-language-server[ \t]*:[ \t]*\$schema=\S*", re.MULTILINE)
_BOM = "\ufeff"


def schema_beside(job_file: Path) -> Path:
    """Where the schema of a job file is; its name has no spaces, as a modeline ends at one."""
    return job_file.with_name(f"{'-'.join(job_file.stem.split())}.schema.json")


def write_modeline(job_file: Path, schema: Path) -> str:
    """The line for a job file, which names the schema relative to it."""
    relative = os.path.relpath(schema.absolute(), job_file.absolute().parent)
    return f"# yaml-language-server: $schema={relative.replace(os.sep, '/')}"


def set_modeline(job_file: Path, schema: Path) -> bool:
    """Give a job file its line, or change the one it has; whether anything was to be done.

    Raises:
        UsageError: The file cannot be read or written, or is no UTF-8.
    """
    line = write_modeline(job_file, schema)
    try:
        # Line ends stay as they are: a file is the user's.
        text = job_file.read_bytes().decode("utf-8")
        changed = _with_line(text, line)
        if changed != text:
            rewrite_bytes(job_file, changed.encode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot write the schema's line into {job_file}: {error}") from error
    return changed != text


def _with_line(text: str, line: str) -> str:
    mark, rest = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    if _MODELINE.search(rest):
        return mark + _MODELINE.sub(lambda _: line, rest, count=1)
    end = "\r\n" if "\r\n" in rest else "\n"
    return f"{mark}{line}{end}{rest}"
