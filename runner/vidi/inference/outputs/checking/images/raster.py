"""Images opened by Pillow, each within a bound of memory. Heavy: imports Pillow when called."""

from __future__ import annotations

import struct
import time
import zlib
from contextlib import nullcontext
from typing import TYPE_CHECKING

from vidi.errors import DownloadError
from vidi.inference.outputs.checking.facts import Facts
from vidi.inference.outputs.checking.images.icon import measure_icon
from vidi.inference.outputs.checking.images.markers import check_end, has_several_scans
from vidi.inference.outputs.checking.memory import (
    MOST_BYTES,
    needed,
    needed_by_pillow,
    needed_for_scans,
)
from vidi.inference.outputs.checking.spoilt import damaged
from vidi.quiet import quietly

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from PIL.ImageFile import ImageFile

TOO_LARGE = "too large to be decoded: only its structure is checked"
MOST_PIXELS = 500_000_000
"""Pixels of all frames together: a GIF of 20,000 frames would hold a thread for minutes."""
LONGEST_S = 20.0
"""For all frames of one picture."""
_DRAFT = 8
"""JPEG is decoded whole and drawn at an eighth: a 64th of the memory (libjpeg's scaling)."""

_NOT_EVERYWHERE = frozenset(
    {
        "image/avif",
        "image/heic",
        "image/jxl",
        "image/jp2",
        "image/x-exr",
        "image/vnd.adobe.photoshop",
        "image/vnd.radiance",
    }
)
"""Image types that some builds of Pillow cannot open."""

_OPENED_IN_PYTHON = frozenset({"image/gif", "image/jpeg", "image/png"})
"""Image types whose header Pillow reads without a library in C."""

DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What Pillow raises over damaged files, as fuzzing shows: its parsers' errors come through."""


def open_image(path: Path, content_type: str, *, full: bool = False) -> Facts:
    """Decode every frame of an image, as far as the bounds allow.

    Args:
        path: The file.
        content_type: What its first bytes say.
        full: Whether it is decoded whole, whatever memory that takes.

    Raises:
        DownloadError: It does not decode, or its end is missing.
    """
    from PIL import Image, UnidentifiedImageError

    check_end(path, content_type)
    if not full and _needed_to_open(path, content_type) > MOST_BYTES:
        return Facts(content_type, warning=TOO_LARGE)
    try:
        with quietly(in_c=content_type not in _OPENED_IN_PYTHON):
            image = Image.open(path)
        with image, quietly() if content_type == "image/tiff" else nullcontext():  # on every page
            width, height = image.size
            warning = _load(image, path, full=full)
    except Image.DecompressionBombError:  # Pillow's own limit, about 179 million pixels
        return Facts(content_type, warning="too large to be decoded: only its header is checked")
    except UnidentifiedImageError as error:
        if content_type in _NOT_EVERYWHERE:
            return Facts(content_type, warning=f"{content_type} cannot be opened here: not checked")
        raise DownloadError(f"the {content_type} file does not open", transient=True) from error
    except DAMAGE as error:
        raise damaged(content_type, error) from error
    return Facts(content_type, width, height, warning=warning)


def _needed_to_open(path: Path, content_type: str) -> int:
    """Bytes that Pillow takes before it tells how large a picture is."""
    size = path.stat().st_size
    if content_type == "image/x-icon":
        return needed_by_pillow("ICO", measure_icon(path), size)
    return needed_by_pillow("AVIF", 0, size) if content_type == "image/avif" else 0


def _load(image: ImageFile, path: Path, *, full: bool) -> str:
    """Decode what the bounds allow; returns what is to be told of the rest."""
    if image.format == "JPEG" and not full:
        return _load_draft(image, path)
    width, height = image.size
    count = getattr(image, "n_frames", 1)
    frames = _load_each(image, path, count, full=full)
    return go_through(frames, width * height, count, full=full)


def fits(image: ImageFile, path: Path) -> bool:
    """Whether a picture, whose header has been read, is decoded within what a check may take.

    A JPEG is taken to be drawn smaller.
    """
    whole = 0 if image.format == "JPEG" else needed(image, path.stat().st_size)
    scans = needed_for_scans(image) if image.format in {"JPEG", "MPO"} else 0
    if scans and whole + scans > MOST_BYTES and has_several_scans(path):
        return False
    return whole <= MOST_BYTES


def _load_draft(image: ImageFile, path: Path) -> str:
    if not fits(image, path):
        return "a large picture of several scans: only its structure is checked"
    width, height = image.size
    image.draft(image.mode, (max(1, width // _DRAFT), max(1, height // _DRAFT)))
    image.load()
    return ""


def _load_each(image: ImageFile, path: Path, count: int, *, full: bool) -> Iterator[str]:
    for number in range(count):
        image.seek(number)
        if not full and not fits(image, path):
            yield TOO_LARGE
            return
        image.load()
        yield ""


def go_through(frames: Iterable[str], pixels: int, count: int, *, full: bool = False) -> str:
    """Have the frames of a picture decoded, as far as the bounds allow.

    Args:
        frames: Decodes one each time it is asked, and says what is to be told of it.
        pixels: Of one frame.
        count: How many there are.
        full: Whether all of them are, however long that takes.

    Returns:
        What is to be told.
    """
    ends = time.monotonic() + LONGEST_S
    for number, told in enumerate(frames, 1):
        if told:
            return told
        late = number * pixels > MOST_PIXELS or time.monotonic() > ends
        if late and number < count and not full:
            return f"it has {count:,} frames: the first {number:,} are checked"
    return ""
