"""The steps of `vidi models pack`: check every template, pack, write with a checksum."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from vidi.cli.display.console import Console
from vidi.errors import StorageError, UsageError
from vidi.inference.models.about import ABOUT, read_about
from vidi.inference.models.loading import read_template
from vidi.inference.models.shipping.pack import build_pack, read_folder
from vidi.runs.records.atomic import replace_bytes

if TYPE_CHECKING:
    from pathlib import Path


def pack(folder: Path, out: Path) -> int:
    """Pack a folder of templates.

    Raises:
        UsageError: The folder says no version, or a template is broken.
        StorageError: The file cannot be written.
    """
    about = read_about(folder)
    if not about.version:
        raise UsageError(
            f"{folder} says no version",
            hint=f'Write {{"version": 1, "date": "2026-11-29"}} into {folder / ABOUT}.',
        )
    templates = read_folder(folder)
    for name, text in templates.items():
        read_template(text, folder / name)
    data = build_pack(templates, about)
    digest = hashlib.sha256(data).hexdigest()
    try:
        replace_bytes(out, data)
        sum_file = out.with_name(f"{out.name}.sha256")
        replace_bytes(sum_file, f"{digest}  {out.name}\n".encode())
    except OSError as error:
        raise StorageError(f"cannot write {out}: {error.strerror}") from error
    console = Console()
    console.say(f"{about}: {len(templates)} models, {len(data):,} bytes")
    console.print_data(out.as_posix())
    return 0
