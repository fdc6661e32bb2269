"""Images opened by Pillow, each within a bound of memory. Heavy: imports Pillow when called."""

from __future__ import annotations

import struct
import time
import zlib
from contextlib import nullcontext
from typing import TYPE_CHECKING

from vidi.errors import DownloadError
from vidi.inference.outputs.checking.facts import Facts
from vidi.inference.outputs.checking.images.markers import check_end
from vidi.inference.outputs.checking.spoilt import damaged
from vidi.quiet import quietly

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image

MOST_DECODED_BYTES = 32 << 20
"""Bytes of one decoded picture. What is larger is checked by its structure, and that is told."""
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

DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
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
    try:
        with quietly():
            image = Image.open(path)
        with image, quietly() if content_type == "image/tiff" else nullcontext():  # on every page
            width, height = image.size
            warning = _load(image, full=full)
    except Image.DecompressionBombError:  # Pillow's own limit, about 179 million pixels
        return Facts(content_type, warning="too large to be decoded: only its header is checked")
    except UnidentifiedImageError as error:
        if content_type in _NOT_EVERYWHERE:
            return Facts(content_type, warning=f"{content_type} cannot be opened here: not checked")
        raise DownloadError(f"the {content_type} file does not open", transient=True) from error
    except DAMAGE as error:
        raise damaged(content_type, error) from error
    return Facts(content_type, width, height, warning=warning)


def _load(image: Image, *, full: bool) -> str:
    """Decode what the bounds allow; returns what is to be told of the rest."""
    if image.format == "JPEG" and not full:
        return _load_draft(image)
    width, height = image.size
    if not full and width * height * 4 > MOST_DECODED_BYTES:
        return "too large to be decoded: only its structure is checked"
    return _load_frames(image, full=full)


def _load_draft(image: Image) -> str:
    width, height = image.size
    # A progressive picture is kept in coefficients until its last scan: 6 bytes a pixel.
    if "progressive" in image.info and width * height * 6 > MOST_DECODED_BYTES:
        return "a large progressive picture: only its structure is checked"
    image.draft(image.mode, (max(1, width // _DRAFT), max(1, height // _DRAFT)))
    image.load()
    return ""


def _load_frames(image: Image, *, full: bool) -> str:
    width, height = image.size
    count = getattr(image, "n_frames", 1)
    ends = time.monotonic() + LONGEST_S
    for number in range(count):
        late = number * width * height > MOST_PIXELS or time.monotonic() > ends
        if late and not full:
            return f"it has {count:,} frames: the first {number:,} are checked"
        image.seek(number)
        image.load()
    return ""
