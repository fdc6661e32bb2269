"""How much memory one check may take, and what the decoding of a picture needs of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile
    from PIL.TiffImagePlugin import TiffImageFile

MOST_BYTES = 36 << 20
"""Of what is decoded: with the libraries' own buffers, a check stays below 40 MiB over idle.

Idle is a process that has checked a small asset of the same format, its library loaded.
"""

_PIXEL = {"AVIF": 10, "GIF": 16, "JPEG2000": 20, "PPM": 12, "TIFF": 4, "WEBP": 16}
"""Bytes that Pillow's plugins hold a pixel, measured; others have the 4 of the picture alone."""
_READ_WHOLE = {"AVIF": 2, "TIFF": 1, "WEBP": 2}
"""How often a plugin holds the file itself."""
_TOKENS = {"ppm_plain": 32 << 20}
"""Bytes of the words of one block, for decoders that split text."""
_ROWS_PER_STRIP, _TILE_WIDTH, _TILE_HEIGHT = 278, 322, 323
"""Tags (TIFF 6.0)."""
_TIFF_PIXEL = 8
"""Bytes at most, of a strip: four channels of two."""
_COEFFICIENT = 2
"""Bytes; a JPEG of several scans is held in them until its last (libjpeg-turbo's `JCOEF`)."""
_SAMPLED = {1: 2.0, 2: 1.5}
"""Coefficients a pixel of 4:2:2 and of 4:2:0; any other has as many as it has channels."""


def needed_by_pillow(form: str, pixels: int, size: int) -> int:
    """Bytes in which Pillow decodes a picture.

    Args:
        form: Pillow's name of the format.
        pixels: Of the picture, or of the canvas of an animation.
        size: Bytes of the file.
    """
    return pixels * _PIXEL.get(form, 4) + size * _READ_WHOLE.get(form, 0)


def needed(image: ImageFile, size: int) -> int:
    """Bytes in which Pillow decodes a picture whose header it has read.

    Args:
        image: Opened, not loaded.
        size: Bytes of its file.
    """
    width, height = image.size
    codecs = {tile[0] for tile in image.tile}
    still = image.format == "GIF" and not getattr(image, "is_animated", False)
    plain = still or (image.format in {"PPM", "TIFF"} and codecs == {"raw"})
    beside = sum(_TOKENS.get(codec, 0) for codec in codecs)
    if image.format == "TIFF" and not plain:
        beside += _needed_for_strip(cast("TiffImageFile", image))
    return needed_by_pillow("" if plain else image.format or "", width * height, size) + beside


def _needed_for_strip(image: TiffImageFile) -> int:
    """Bytes of what libtiff unpacks at once: a tile, some rows, or all where the file says none."""
    width, height = image.size
    rows = min(height, image.tag_v2.get(_ROWS_PER_STRIP, height))
    if _TILE_WIDTH in image.tag_v2:
        width, rows = image.tag_v2[_TILE_WIDTH], image.tag_v2.get(_TILE_HEIGHT, height)
    return int(width * rows * _TIFF_PIXEL)


def needed_for_scans(image: ImageFile) -> int:
    """Bytes in which libjpeg keeps a JPEG of several scans, whatever size it is drawn in."""
    from PIL.JpegImagePlugin import get_sampling

    width, height = image.size
    channels = len(image.getbands())
    return int(width * height * _SAMPLED.get(get_sampling(image), channels) * _COEFFICIENT)
