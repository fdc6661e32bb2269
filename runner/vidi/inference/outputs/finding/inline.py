"""Outputs that are in the answer itself: text, JSON and `data:` URIs, as bytes."""

from __future__ import annotations

import base64
import binascii
import json
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from vidi.errors import DownloadError
from vidi.inference.outputs.finding.find import InlineJson, InlineText

if TYPE_CHECKING:
    from vidi.inference.outputs.limits import Limits


def inline_bytes(output: InlineText | InlineJson) -> tuple[bytes, str]:
    """The bytes of a text or a JSON value, and their content type."""
    if isinstance(output, InlineText):
        return output.text.encode("utf-8", errors="replace"), "text/plain"
    text = json.dumps(output.value, ensure_ascii=False, indent=2, default=_plain)
    return f"{text}\n".encode("utf-8", errors="replace"), "application/json"


def _plain(value: object) -> float | str:
    """A number for a Decimal; words for anything else that JSON has no form for."""
    return float(value) if isinstance(value, Decimal) else str(value)


def decode_data_uri(uri: str, limits: Limits) -> bytes:
    """The bytes in a `data:` URI (RFC 2397), base64 or percent-encoded.

    Raises:
        DownloadError: It is damaged or too large.
    """
    head, comma, body = uri.partition(",")
    if not comma:
        raise DownloadError("a damaged data: URI: it has no comma")
    packed = any(mark.strip().lower() == "base64" for mark in head.split(";")[1:])
    if len(body) > limits.max_inline_bytes * (4 if packed else 9) // 3 + 4:
        raise _too_large(limits)
    try:
        plain = unquote_to_bytes(body)
    except UnicodeEncodeError as error:
        raise DownloadError("a damaged data: URI: it holds half a character") from error
    content = _from_base64(plain) if packed else plain
    if len(content) > limits.max_inline_bytes:
        raise _too_large(limits)
    return content


def _from_base64(body: bytes) -> bytes:
    plain = b"".join(body.split()).rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except binascii.Error as error:
        raise DownloadError(f"a damaged data: URI: {error}") from error


def _too_large(limits: Limits) -> DownloadError:
    return DownloadError(f"a data: URI of more than {limits.max_inline_bytes} bytes")
