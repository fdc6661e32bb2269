"""A result as HTML for a notebook: its files are in the page, so that it needs no address."""

from __future__ import annotations

import base64
import html
import json
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

from vidi.errors import DownloadError
from vidi.inference.outputs.finding.find import InlineJson, InlineText

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vidi.inference.outputs.finding.find import Output

SHOWN = 4
"""Assets of one result."""
_SIDE = 512
"""Pixels of a picture's longer side at most."""
_MOST_BYTES = 8 << 20
"""Of a sound or a video that is put into the page; a notebook keeps it for ever."""
_MOST_TEXT = 4000
"""Characters."""
_PLAYERS = {
    b"ftyp": ("video", "video/mp4"),
    b"\x1aE\xdf\xa3": ("video", "video/webm"),
    b"ID3": ("audio", "audio/mpeg"),
    b"\xff\xfb": ("audio", "audio/mpeg"),
    b"\xff\xf3": ("audio", "audio/mpeg"),
    b"RIFF": ("audio", "audio/wav"),
    b"OggS": ("audio", "audio/ogg"),
    b"fLaC": ("audio", "audio/flac"),
}
"""How files begin, and what plays them; an MP4 after four bytes of length."""


def show_outputs(outputs: Sequence[Output], read: Callable[[int], bytes], line: str) -> str:
    """The first outputs, and a line below them.

    Args:
        outputs: All of them.
        read: Gives the content of one that is a file, by its place.
        line: What is said of them.
    """
    shown = [_show(each, partial(read, index)) for index, each in enumerate(outputs[:SHOWN])]
    more = len(outputs) - len(shown)
    rest = f"<div>… and {more} more</div>" if more > 0 else ""
    said = f'<div style="color:gray">{html.escape(line)}</div>'
    return f"<div>{''.join(shown)}{rest}{said}</div>"


def _show(output: Output, read: Callable[[], bytes]) -> str:
    if isinstance(output, InlineText):
        return f'<pre style="white-space:pre-wrap">{html.escape(output.text[:_MOST_TEXT])}</pre>'
    if isinstance(output, InlineJson):
        text = json.dumps(output.value, ensure_ascii=False, indent=2, default=str)
        return f"<pre>{html.escape(text[:_MOST_TEXT])}</pre>"
    try:
        return _show_file(read(), output.name)
    except DownloadError as error:
        return f"<div>{html.escape(f'{output.name}: {error.message}')}</div>"


def _show_file(content: bytes, name: str) -> str:
    picture = _shrink(content)
    if picture is not None:
        alt = html.escape(name, quote=True)
        style = "max-width:100%;height:auto"
        return f'<img src="{_inline(picture, "image/webp")}" alt="{alt}" style="{style}">'
    head = content[4:8] if content[4:8] == b"ftyp" else content[:4]
    player = next((each for start, each in _PLAYERS.items() if head.startswith(start)), None)
    if player is None or len(content) > _MOST_BYTES:
        return f"<div>{html.escape(name)}, {len(content):,} bytes</div>"
    tag, content_type = player
    source = _inline(content, content_type)
    return f'<{tag} controls src="{source}" style="max-width:100%"></{tag}>'


def _shrink(content: bytes) -> bytes | None:
    """A picture as a small WebP; None for what is no picture."""
    from PIL import Image

    try:
        with Image.open(BytesIO(content)) as image:
            image.thumbnail((_SIDE, _SIDE))
            small = BytesIO()
            image.convert("RGBA" if "A" in image.getbands() else "RGB").save(small, "WEBP")
    except (OSError, ValueError):
        return None
    return small.getvalue()


def _inline(content: bytes, content_type: str) -> str:
    return f"data:{content_type};base64,{base64.b64encode(content).decode()}"
