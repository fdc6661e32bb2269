"""WebP of a size that Pillow is not asked to decode."""

import io
import re
import struct

import pytest
from PIL import Image

from vidi.errors import DownloadError
from vidi.inference.models.template import OutputType
from vidi.inference.outputs.checking.facts import Facts
from vidi.inference.outputs.checking.verify import verify

SIDE = 1600
"""Pixels: 39 MiB for Pillow."""
KINDS = {
    "lossy": {},
    "lossless": {"lossless": True, "quality": 0},
    "transparent": {"alpha": True},
    "animated": {"frames": 3},
}


def make(side=SIDE, *, frames=1, alpha=False, **options) -> bytes:
    picture = Image.linear_gradient("L").convert("RGB").resize((side, side - 100))
    if alpha:
        picture.putalpha(Image.linear_gradient("L").rotate(90).resize(picture.size))
    pictures = [picture.rotate(90 * turn) for turn in range(frames)]
    more = {"save_all": True, "append_images": pictures[1:]} if frames > 1 else {}
    file = io.BytesIO()
    pictures[0].save(file, "WEBP", method=0, **more, **options)
    return file.getvalue()


def chunks(content: bytes, place: int = 12):
    """Kind, where its head is, and length of each chunk."""
    while place + 8 <= len(content):
        kind, length = struct.unpack_from("<4sI", content, place)
        yield kind, place, length
        place += 8 + length + length % 2


def cut(content: bytes) -> bytes:
    """Half of the last chunk, with lengths that say that there was never more."""
    _, place, length = list(chunks(content))[-1]
    half = length // 2 & ~1
    head = content[:4] + struct.pack("<I", place + half) + content[8 : place + 4]
    return head + struct.pack("<I", half) + content[place + 8 : place + 8 + half]


@pytest.fixture
def check(tmp_path):
    def run(content: bytes, **options) -> Facts:
        path = tmp_path / "staged"
        path.write_bytes(content)
        return verify(path, {OutputType.IMAGE}, **options)

    return run


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_passes_with_its_facts(check, kind):
    assert check(make(**KINDS[kind])) == Facts("image/webp", SIDE, SIDE - 100)


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_padding_may_be_left_out(check, kind):
    content = make(**KINDS[kind])
    _, place, length = list(chunks(content))[-1]
    if not length % 2:
        content = content[: place + 4] + struct.pack("<I", length - 1) + content[place + 8 :]
    assert check(content[:4] + struct.pack("<I", len(content) - 9) + content[8:-1]).width == SIDE


@pytest.mark.parametrize("kind", KINDS)
def test_one_cut_short_is_refused_by_how_much_is_missing(check, kind):
    with pytest.raises(DownloadError, match=r"^the image/webp file is cut short: 9 bytes are miss"):
        check(make(**KINDS[kind])[:-9])


def test_lossy_bits_that_end_in_their_first_partition_are_cut_short(check):
    content = make()
    _, place, length = next(chunk for chunk in chunks(content) if chunk[0] == b"VP8 ")
    first = int.from_bytes(content[place + 8 : place + 11], "little") >> 5
    kept = 8 + (10 + first - 1) // 2 * 2
    assert kept < length
    head = content[:4] + struct.pack("<I", place + kept - 8) + content[8 : place + 4]
    with pytest.raises(DownloadError, match=f"^{re.escape(CUT)}$"):
        check(head + struct.pack("<I", kept - 8) + content[place + 8 : place + kept])


@pytest.mark.parametrize("kind", ["lossless", "transparent"])
def test_bits_that_end_early_do_not_decode(check, kind):
    content = make(**KINDS[kind])
    if kind == "transparent":
        place = next(place for name, place, _ in chunks(content) if name == b"ALPH")
        content = content[: place + 9] + bytes(60) + content[place + 69 :]
    with pytest.raises(DownloadError, match=r"^the image/webp file does not decode: "):
        check(cut(content) if kind == "lossless" else content)


def spoil(content: bytes, kind: bytes, at: int, piece: bytes) -> bytes:
    """Other bytes in the chunk of a kind, counted from its content."""
    place = next(place for name, place, _ in chunks(content) if name == kind) + 8 + at
    return content[:place] + piece + content[place + len(piece) :]


def lengthen(content: bytes) -> bytes:
    """The first lossy chunk of a frame says that it is longer than the frame."""
    place = content.index(b"VP8 ") + 4
    return content[:place] + struct.pack("<I", 1 << 24) + content[place + 4 :]


BEGINS = "the image/webp file does not decode: a picture of it does not begin as one"
CUT = "the image/webp file is cut short: its end is missing"
SPOILT = {
    "another start code": (lambda: spoil(make(), b"VP8 ", 3, b"xyz"), BEGINS),
    "no width": (lambda: spoil(make(), b"VP8 ", 6, b"\0\0"), BEGINS),
    "no height": (lambda: spoil(make(), b"VP8 ", 8, b"\0\0"), BEGINS),
    "another mark": (lambda: spoil(make(lossless=True), b"VP8L", 0, b"x"), BEGINS),
    "no picture": (lambda: make().replace(b"VP8 ", b"JUNK", 1), CUT),
    "only transparency": (lambda: make(alpha=True).replace(b"VP8 ", b"JUNK", 1), CUT),
    "an empty frame": (lambda: make(frames=2).replace(b"VP8 ", b"JUNK", 1), CUT),
    "another canvas": (
        lambda: spoil(make(alpha=True), b"VP8X", 4, b"\xff\x3f\0\xff\x3f\0"),
        "the image/webp file does not decode: its picture has another size than its canvas",
    ),
    "no canvas": (
        lambda: make(frames=2).replace(b"VP8X", b"JUNK", 1),
        "the image/webp file does not decode: it has frames, but no canvas",
    ),
    "a frame beside its canvas": (
        lambda: spoil(make(frames=2), b"ANMF", 0, b"\0\0\xff"),
        "the image/webp file does not decode: a frame of it lies beyond its canvas",
    ),
    "a picture longer than its frame": (
        lambda: lengthen(make(frames=2)),
        CUT,
    ),
    "no chunk": (lambda: b"RIFF\4\0\0\0WEBP", CUT),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_its_chunks_say_is_held_against_them(check, what):
    spoilt, message = SPOILT[what]
    with pytest.raises(DownloadError, match=f"^{re.escape(message)}$"):
        check(spoilt())


def test_a_whole_check_is_by_its_own_decoder(check):
    assert check(make(), full=True) == Facts("image/webp", SIDE, SIDE - 100)
