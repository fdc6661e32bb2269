"""Whether a recording's own frames or pages go on to the end of its file, without decoding.

FFmpeg reads a file that was cut short to its end and says nothing. Where no length was announced,
only the format's own frames tell: the last one must be whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.outputs.checking.spoilt import cut_short

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

_OGG_HEADER = 27
_LAST_PAGE = 4
_ADTS_HEADER = 7
_ID3V1_BYTES = 128


def check_frames(path: Path, content_type: str) -> None:
    """Walk the frames of a file whose format has them.

    Raises:
        DownloadError: The last of them is not whole, or is not the last.
    """
    walk = _WALKS.get(content_type)
    if walk is None:
        return
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        if not walk(file, size):
            raise cut_short(content_type)


def _walk_ogg(file: BinaryIO, size: int) -> bool:
    """Every page whole, and the last of each stream marked as its last (RFC 3533)."""
    open_streams: set[bytes] = set()
    place = 0
    while place < size:
        file.seek(place)
        head = file.read(_OGG_HEADER)
        if len(head) < _OGG_HEADER or head[:4] != b"OggS":
            return False
        lengths = file.read(head[26])
        place += _OGG_HEADER + head[26] + sum(lengths)
        serial = head[14:18]
        (open_streams.discard if head[5] & _LAST_PAGE else open_streams.add)(serial)
    return place == size and not open_streams


def _walk_adts(file: BinaryIO, size: int) -> bool:
    """Every AAC frame whole: its length is in its header."""
    place = 0
    while place < size:
        file.seek(place)
        head = file.read(_ADTS_HEADER)
        if head[:3] == b"TAG" and size - place == _ID3V1_BYTES:
            return True
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5 if len(head) > 5 else 0
        if length < _ADTS_HEADER or head[0] != 0xFF:
            return False
        place += length
    return place == size


def _walk_matroska(file: BinaryIO, size: int) -> bool:
    """Every element of the top, and of a segment without a length, whole (RFC 8794)."""
    place = 0
    while place < size:
        file.seek(place)
        _, name_bytes = _read_number(file)
        length, length_bytes = _read_number(file)
        if not name_bytes or not length_bytes:
            return False
        place += name_bytes + length_bytes
        if length != (1 << 7 * length_bytes) - 1:  # else it is unknown: what is in it is walked
            place += length
    return place == size


def _read_number(file: BinaryIO) -> tuple[int, int]:
    """An EBML number and how many bytes it takes; 0 bytes where there is none."""
    first = file.read(1)
    if not first or not first[0]:
        return 0, 0
    length = 9 - first[0].bit_length()
    rest = file.read(length - 1)
    if len(rest) < length - 1:
        return 0, 0
    return int.from_bytes(first + rest, "big") & ((1 << 7 * length) - 1), length


_RATES = {
    3: (44100, 48000, 32000),
    2: (22050, 24000, 16000),
    0: (11025, 12000, 8000),
}
_LAYER_3 = 1
_KBITS = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def _walk_mp3(file: BinaryIO, size: int) -> bool:
    """The last layer-3 frame whole; what stands between and behind frames may be anything."""
    place = 0
    while place < size:
        file.seek(place)
        head = file.read(10)
        length = _mp3_frame(head[:4]) or _id3_tag(head)
        if not length:
            place = _find_frame(file, place + 1)
            if not place:
                return True  # tags and zeroes to the end
            continue
        place += length
    return place == size


def _id3_tag(head: bytes) -> int:
    """Bytes of an ID3 tag: TTS services join clips with theirs."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    return 10 + sum((head[9 - place] & 0x7F) << 7 * place for place in range(4))


def _find_frame(file: BinaryIO, place: int) -> int:
    """Where the next frame begins that another follows; 0 where none does within 64 KiB."""
    file.seek(place)
    data = file.read(1 << 16)
    at = data.find(b"\xff")
    while at >= 0:
        length = _mp3_frame(data[at : at + 4])
        if length and _mp3_frame(data[at + length : at + length + 4]):
            return place + at
        at = data.find(b"\xff", at + 1)
    return 0


def _mp3_frame(head: bytes) -> int:
    """Bytes of a layer-3 frame; 0 where there is none, or its length is not told."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate, kbits = head[2] >> 2 & 3, head[2] >> 4
    if version == 1 or layer != _LAYER_3 or rate == 3 or kbits in {0, 15}:
        return 0
    coefficient, table = (144, 3) if version == 3 else (72, 2)
    return coefficient * _KBITS[table][kbits] * 1000 // _RATES[version][rate] + (head[2] >> 1 & 1)


_WALKS: dict[str, Callable[[BinaryIO, int], bool]] = {
    "audio/ogg": _walk_ogg,
    "audio/aac": _walk_adts,
    "audio/mpeg": _walk_mp3,
    "video/x-matroska": _walk_matroska,
    "video/webm": _walk_matroska,
}
