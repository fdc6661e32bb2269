"""A file that has been checked, marked before it gets its name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vidi.inference.outputs.marking import jpeg, mp4, png, webp
from vidi.inference.outputs.marking.place import UnmarkableError
from vidi.inference.outputs.marking.xmp import write_packet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from vidi.inference.outputs.marking.place import Packet
    from vidi.inference.outputs.marking.xmp import Mark

_WRITERS: Mapping[str, Callable[[BinaryIO, BinaryIO, Packet], None]] = {
    "image/png": png.write_marked,
    "image/jpeg": jpeg.write_marked,
    "image/webp": webp.write_marked,
    "video/mp4": mp4.write_marked,
    "video/quicktime": mp4.write_marked,
    "audio/mp4": mp4.write_marked,
}
_NOT_MARKED = "it is not marked as made by AI: {why}"


def mark_file(path: Path, content_type: str, mark: Mark) -> str:
    """Put a mark into a file, in place; what it shows or says stays to the last bit.

    Args:
        path: The file; it has no name of its own yet.
        content_type: What it is.
        mark: What it is to say of itself.

    Returns:
        Why it is as it was; empty where it is marked.

    Raises:
        OSError: The file cannot be written.
    """
    writer = _WRITERS.get(content_type)
    if writer is None:
        return _NOT_MARKED.format(why=f"vidi knows no place for that in {content_type}")
    marked = path.with_name(f"{path.name}-marked")
    try:
        with path.open("rb") as source, marked.open("xb") as target:
            writer(source, target, lambda existing: write_packet(mark, existing))
            _bring_to_disk(target)
        marked.replace(path)
    except UnmarkableError as error:
        return _NOT_MARKED.format(why=error)
    finally:
        marked.unlink(missing_ok=True)
    return ""


def _bring_to_disk(target: BinaryIO) -> None:
    target.flush()
    os.fsync(target.fileno())
