"""Small pictures of assets, by their content: what a page of thousands shows at a glance.

They are worth nothing: one that cannot be made is done without, and one that is lost is made again.
"""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from vidi.inference.outputs.checking.images.raster import DAMAGE, fits

if TYPE_CHECKING:
    from collections.abc import Collection

    from av import VideoFrame
    from PIL.Image import Image

THUMBNAILS = Path(".vidi") / "thumbs"
"""Where they are, under the output folder: `SHA256.webp`."""
SIDE = 512
"""Pixels of the longer side."""
_QUALITY = 78
_LIGHT_BYTES = 200_000
"""A picture that is no larger, in bytes and in pixels, is its own thumbnail."""
_MOST_PIXELS = 8 << 20
"""Of what is decoded, in as much memory as its check; JPEG, drawn smaller, may have ten times."""
_PICTURES = frozenset(
    {"image/avif", "image/bmp", "image/gif", "image/jpeg", "image/png", "image/webp"}
)
TROUBLE = (*DAMAGE, StopIteration)
"""What Pillow and PyAV raise over files that they do not like: the asset itself is whole."""


def thumbnail_of(sha256: str) -> Path:
    """Where the thumbnail of a content is, relative to the output folder."""
    return THUMBNAILS / f"{sha256}.webp"


def is_own_thumbnail(content_type: str, sides: Collection[int | None], size: int) -> bool:
    """Whether an asset of so many pixels a side, and so many bytes, is shown as it is."""
    return content_type in _PICTURES and _is_light(sides, size)


def _is_light(sides: Collection[int | None], size: int) -> bool:
    return size <= _LIGHT_BYTES and all(side is not None and side <= SIDE for side in sides)


def make_thumbnail(
    path: Path, content_type: str, pixels: int, sha256: str, folder: Path
) -> Path | None:
    """Make the thumbnail of an asset, where it is of use and can be made. Slow: decodes the file.

    Args:
        path: The asset: a file that has been checked.
        content_type: As its bytes show it.
        pixels: Of the picture or of one frame; 0 where that is not known.
        sha256: Of its content.
        folder: The output folder.

    Returns:
        The thumbnail; None where the asset has none.
    """
    target = folder / thumbnail_of(sha256)
    most = _MOST_PIXELS * 10 if content_type == "image/jpeg" else _MOST_PIXELS
    if not 0 < pixels <= most:
        return None
    try:
        if target.is_file():
            return target
        image = _open(path, content_type)
        return None if image is None else _write(image, target)
    except TROUBLE:
        return None


def _open(path: Path, content_type: str) -> Image | None:
    if content_type == "image/webp":
        return _open_webp(path)
    if content_type in _PICTURES:
        return _open_picture(path)
    return open_first_frame(path) if content_type.startswith("video/") else None


def _open_webp(path: Path) -> Image | None:
    from vidi.inference.outputs.checking.images.webp.check import decode_first, fits_pillow

    if fits_pillow(path):
        return _open_picture(path)
    frame = decode_first(path)
    return None if frame is None else _draw(frame)


def _open_picture(path: Path) -> Image | None:
    from PIL import Image, ImageOps

    with Image.open(path) as image:
        if _is_light(image.size, path.stat().st_size) or not fits(image, path):
            return None
        if image.has_transparency_data and image.width * image.height > _MOST_PIXELS // 2:
            return None  # it is held twice, multiplied by its transparency
        image.draft("RGB", (SIDE, SIDE))  # JPEG: decoded at a fraction of its size
        image.thumbnail((SIDE, SIDE), reducing_gap=2.0)
        return ImageOps.exif_transpose(image)


def open_first_frame(path: Path) -> Image | None:
    """The first frame of a video, small; None where it has none that can be shown.

    Raises:
        Exception: One of `TROUBLE`.
    """
    import av

    from vidi.inference.outputs.checking.recordings.decoder import Decoder, decode_alone
    from vidi.inference.outputs.checking.recordings.stream import OPTIONS

    try:
        with av.open(path, options=OPTIONS) as container:
            codec = container.streams.video[0].codec_context
            if Decoder(codec).is_too_large:
                return None
            keys = (packet for packet in container.demux(video=0) if packet.is_keyframe)
            return _draw(next(frame for key in keys for frame in decode_alone(codec, key)))
    except av.FFmpegError:
        return None


def _draw(frame: VideoFrame) -> Image:
    from PIL import Image

    scale = min(1.0, SIDE / max(frame.width, frame.height))
    sides = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    clear = any(component.is_alpha for component in frame.format.components)
    mode, form = ("RGBA", "rgba") if clear else ("RGB", "rgb24")
    plane = frame.reformat(*sides, format=form, interpolation="AREA").planes[0]
    return Image.frombytes(mode, sides, bytes(plane), "raw", mode, plane.line_size, 1)


def _write(image: Image, target: Path) -> Path:
    """Put it in its place, whole: two processes may be at it at once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".vidi-tmp-{token_hex(8)}")
    shown = image if image.mode in {"RGB", "RGBA"} else image.convert(_plain_mode(image))
    try:
        with partial.open("xb") as file:
            shown.save(file, "WEBP", quality=_QUALITY, method=0)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _plain_mode(image: Image) -> str:
    return "RGBA" if image.mode in {"LA", "PA", "P"} or "transparency" in image.info else "RGB"
