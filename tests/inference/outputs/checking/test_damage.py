"""Two thousand damaged assets: none passes that a whole decode of it refuses."""

import io
import struct
import warnings
import zlib

import pytest
from PIL import Image

from support.assets import sample
from support.damage import WHOLE, damaged
from vidi.errors import DownloadError
from vidi.inference.models.template import OutputType
from vidi.inference.outputs.checking.verify import verify

IMAGES = ("png", "jpg", "webp", "gif", "bmp", "tiff")
MESHES = ("glb", "stl", "obj", "ply", "bin.ply")
KINDS = {
    **dict.fromkeys(IMAGES, OutputType.IMAGE),
    **dict.fromkeys(MESHES, OutputType.THREE_D),
    **dict.fromkeys(("mp4", "mov", "webm", "mkv", "avi"), OutputType.VIDEO),
    **dict.fromkeys(("mp3", "wav", "flac", "ogg", "m4a", "aac"), OutputType.AUDIO),
}
REFUSALS = (
    ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, SyntaxError,
    TypeError, ValueError, struct.error, zlib.error,
)  # fmt: skip


def decodes(kind: str, content: bytes) -> bool:
    """Whether the usual library decodes every frame of it."""
    try:
        _decode_image(content) if kind in IMAGES else _decode_recording(content)
    except Image.DecompressionBombError:
        return True  # it refuses to try: a header of that size is told by a warning
    except REFUSALS:
        return False
    return True


def _decode_image(content: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(content)) as image:
            for number in range(getattr(image, "n_frames", 1)):
                image.seek(number)
                image.load()


def _decode_recording(content: bytes) -> None:
    import av

    with av.open(io.BytesIO(content), metadata_errors="replace") as container:
        frames = sum(len(packet.decode()) for packet in container.demux())
    if not frames:
        raise ValueError("nothing in it")


def passes(path, kind: str, content: bytes) -> bool:
    path.write_bytes(content)
    try:
        verify(path, {KINDS[kind]}, f"x.{kind}")
    except DownloadError:
        return False
    return True


def test_there_are_two_thousand():
    assert sum(1 for _ in damaged()) >= 2000


@pytest.mark.parametrize("kind", WHOLE)
def test_what_is_whole_passes(tmp_path, kind):
    assert passes(tmp_path / "x", kind, sample(kind))


@pytest.mark.parametrize("kind", sorted({*WHOLE} - {*MESHES}))
def test_none_passes_that_a_whole_decode_refuses(tmp_path, kind):
    wrongly = [
        what
        for name, what, content in damaged()
        if name == kind and passes(tmp_path / "x", kind, content) and not decodes(kind, content)
    ]
    assert wrongly == []


@pytest.mark.parametrize("kind", sorted({*WHOLE} - {"obj"}))
def test_none_passes_that_was_cut_short(tmp_path, kind):
    """An OBJ is lines of text: cut between two of them, it is a smaller whole; so is AAC."""
    whole = sample(kind)
    ends = {len(whole) * part // 40 for part in range(1, 40)} | {len(whole) - 1}
    seams = {end for end in ends if kind == "aac" and whole[end : end + 2] == b"\xff\xf1"}
    same = {end for end in ends if kind == "ply" and whole[:end].split() == whole.split()}
    cut = [end for end in sorted(ends) if passes(tmp_path / "x", kind, whole[:end])]
    assert {*cut} <= seams | same
