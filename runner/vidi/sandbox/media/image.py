"""Images by Pillow: two colours, the word SANDBOX and the prompt, of exactly the ordered size."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw

from vidi.lettering.lines import sized_font, write_lines
from vidi.sandbox.media.order import CONTENT_TYPES, Made

if TYPE_CHECKING:
    from vidi.sandbox.media.order import MediaOrder

_SAVING = {
    "png": {"format": "PNG", "compress_level": 1},
    "jpg": {"format": "JPEG", "quality": 80},
    "webp": {"format": "WEBP", "quality": 70, "method": 0},
    "gif": {"format": "GIF"},
}


def make_image(order: MediaOrder) -> Made:
    """Make one still image."""
    if order.format == "svg":
        return Made(_svg(order).encode(), CONTENT_TYPES["svg"])
    file = BytesIO()
    draw_picture(order).save(file, **_SAVING[order.format])  # type: ignore[arg-type]  # one dict a format
    return Made(file.getvalue(), CONTENT_TYPES[order.format])


def draw_picture(order: MediaOrder) -> Image.Image:
    """The picture itself, before it is put into a file format."""
    top, bottom = _colours(order)
    picture = Image.new("RGB", (order.width, order.height), top)
    if order.black:
        return picture
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, order.height * 2 // 3, order.width, order.height), fill=bottom)
    side = min(order.width, order.height)
    margin, large, small = side // 16, max(8, side // 8), max(6, side // 24)
    pen.text((margin, margin), "SANDBOX", fill="white", font=sized_font(large))
    below, width = margin + large * 3 // 2, order.width - 2 * margin
    write_lines(pen, (margin, below), order.text[:1000], small, width)
    return picture


def _colours(order: MediaOrder) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """The colours of its upper and of its lower part."""
    if order.black:
        return (0, 0, 0), (0, 0, 0)
    red, green, blue, *rest = (40 + byte // 2 for byte in order.digest)
    return (red, green, blue), (rest[0], rest[1], rest[2])


def _svg(order: MediaOrder) -> str:
    top, bottom = ("#%02x%02x%02x" % colour for colour in _colours(order))  # noqa: UP031  hex digits
    third = order.height // 3
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{order.width}" height="{order.height}">'
        f'<rect width="100%" height="100%" fill="{top}"/>'
        f'<rect y="{2 * third}" width="100%" height="{third}" fill="{bottom}"/>'
        f'<text x="32" y="96" font-size="64" fill="white">SANDBOX</text>'
        f'<text x="32" y="160" font-size="24" fill="white">{escape(order.text[:1000])}</text></svg>'
    )
