"""An asset of any kind and size is checked in little memory, or says what was not decoded."""

import io
import json
import struct
import subprocess
import sys
import zlib

import av
import pytest
from PIL import Image, features

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what a process took")

MOST_MIB = 40
"""Over what a process has that has checked a small asset of the same format."""
CHECK = """\
import re, sys
from pathlib import Path
from vidi.inference.models.template import OutputType
from vidi.inference.outputs.checking.verify import verify

def most_kib():
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])

small, large = map(Path, sys.argv[1:])
kinds = set(OutputType) - {OutputType.FILE}
verify(small, kinds, small.name)
idle = most_kib()
facts = verify(large, kinds, large.name)
print(most_kib() - idle, facts.warning)
"""
STRUCTURE = "too large to be decoded: only its structure is checked"
SCANS = "a large picture of several scans: only its structure is checked"
BRACKETS = "too large to be parsed: only its brackets are checked"
PACKETS = "too large to be decoded: only its packets are read"


def check(tmp_path, name, make, sizes):
    """What is told of a large asset, which took no more than it may."""
    paths = [tmp_path / f"{size}.{name}" for size in ("small", "large")]
    for path, size in zip(paths, sizes, strict=True):
        make(path, size)
    done = subprocess.run(
        [sys.executable, "-c", CHECK, *paths], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    took, _, warning = done.stdout.strip().partition(" ")
    assert int(took) <= MOST_MIB * 1024, f"{int(took) >> 10} MiB"
    return warning


def draw(side: int) -> Image.Image:
    return Image.linear_gradient("L").convert("RGB").resize((side, side))


def saved(mode="RGB", frames=1, **options):
    def make(path, side):
        pictures = [draw(side).rotate(90 * turn).convert(mode) for turn in range(frames)]
        if mode == "RGBA":
            pictures[0].putalpha(Image.radial_gradient("L").resize((side, side)))
        more = {"save_all": True, "append_images": pictures[1:]} if frames > 1 else {}
        pictures[0].save(path, **more, **options)

    return make


def save_icon(path, side):
    """A PNG of any size, in a directory that says 16 by 16."""
    picture = io.BytesIO()
    draw(side).save(picture, "PNG", compress_level=1)
    content = picture.getvalue()
    entry = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(content), 22)
    path.write_bytes(struct.pack("<HHH", 0, 1, 1) + entry + content)


def save_scans(path, side):
    """A JPEG whose channels come one after another, though it is none that comes progressively."""
    saved(quality=50, subsampling=0)(path, side)
    content = path.read_bytes()
    at = content.index(b"\xff\xda")
    scan = b"\xff\xda\0\x08\1\1\0\0\x3f\0"
    path.write_bytes(content[:at] + scan + content[at + 14 :])


def save_joined(path, side):
    """Two JPEGs in one file, as cameras write them: it is opened as another format."""
    picture = draw(side)
    picture.save(path, "MPO", save_all=True, append_images=[picture.resize((64, 64))],
                 progressive=True, subsampling=0)  # fmt: skip


def save_tile(path, side):
    """A small picture in one large tile."""
    tags = {256: 64, 257: 64, 258: 8, 259: 8, 262: 1, 277: 1, 322: side, 323: side}
    packed = zlib.compress(bytes(side * side), 1)
    tags |= {324: 8 + 2 + 12 * 10 + 4, 325: len(packed)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, tags[tag]) for tag in sorted(tags))
    head = struct.pack("<2sHIH", b"II", 42, 8, len(tags))
    path.write_bytes(head + entries + bytes(4) + packed)


PICTURES = {
    "png": (saved(compress_level=1), 5000, ""),
    "jpg": (saved(quality=80), 5000, ""),
    "cmyk.jpg": (saved("CMYK"), 3500, ""),
    "progressive.jpg": (saved(progressive=True), 3500, ""),
    "full.progressive.jpg": (saved(progressive=True, subsampling=0), 2500, ""),
    "cmyk.progressive.jpg": (saved("CMYK", progressive=True), 2500, SCANS),
    "large.progressive.jpg": (saved(progressive=True), 5000, SCANS),
    "joined.jpg": (save_joined, 1500, ""),
    "large.joined.jpg": (save_joined, 2400, STRUCTURE),
    "webp": (saved(method=0), 1440, ""),
    "lossy.webp": (saved(method=0), 3100, ""),
    "lossless.webp": (saved(method=0, lossless=True, quality=0), 1800, ""),
    "clear.webp": (saved("RGBA", method=0), 1550, ""),
    "animated.webp": (saved(frames=3, method=0), 1440, ""),
    "large.animated.webp": (saved(frames=3, method=0), 1550, ""),
    "huge.webp": (saved(method=0), 5000, STRUCTURE),
    "gif": (saved("P"), 3000, ""),
    "animated.gif": (saved("P", 3), 1500, ""),
    "large.animated.gif": (saved("P", 3), 2048, STRUCTURE),
    "bmp": (saved(), 2900, ""),
    "tga": (saved(compression="tga_rle"), 2900, ""),
    "ppm": (saved(), 2900, ""),
    "tiff": (saved(), 2900, ""),
    "lzw.tiff": (saved(compression="tiff_lzw"), 2048, ""),
    "pages.tiff": (saved(frames=3, compression="tiff_lzw"), 2048, ""),
    "huge.tiff": (saved(compression="tiff_lzw"), 5000, STRUCTURE),
    "tile.tiff": (save_tile, 1024, ""),
    "large.tile.tiff": (save_tile, 8192, STRUCTURE),
    "ico": (save_icon, 1600, ""),
    "huge.ico": (save_icon, 5000, STRUCTURE),
    "jp2": (saved(), 1300, ""),
    "huge.jp2": (saved(), 2048, STRUCTURE),
    "avif": (saved(speed=10), 1900, ""),
    "huge.avif": (saved(speed=10), 2400, STRUCTURE),
}
NEEDS = {"webp": "webp", "jp2": "jpg_2000", "avif": "avif", "tiff": "libtiff"}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture(tmp_path, name):
    library = NEEDS.get(name.rpartition(".")[2])
    if library and not features.check(library):
        pytest.skip(f"Pillow has no {library} here")
    make, side, told = PICTURES[name]
    assert check(tmp_path, name, make, (64, side)) == told


def filmed(codec, form="yuv420p", frames=12, streams=1, **options):
    def make(path, height):
        width = height * 16 // 9 & ~1
        turned = [draw(height).rotate(90 * turn) for turn in range(4)]
        drawn = [av.VideoFrame.from_image(each).reformat(width, height, form) for each in turned]
        with av.open(path, "w") as container:
            added = [container.add_stream(codec, rate=12, options=options) for _ in range(streams)]
            for stream in added:
                stream.width, stream.height, stream.pix_fmt = width, height, form
            for number in range(frames):
                drawn[number % 4].pts = number
                for stream in added:
                    container.mux(stream.encode(drawn[number % 4]))
            for stream in added:
                container.mux(stream.encode())

    return make


FAST = {"preset": "ultrafast", "g": "4"}
RECORDINGS = {
    "hd.mp4": (filmed("libx264", preset="ultrafast", refs="16"), 720, ""),
    "full.mp4": (filmed("libx264", **FAST), 1080, ""),
    "4k.mp4": (filmed("libx264", **FAST), 2160, ""),
    "open.mp4": (filmed("libx264", **FAST, bf="2", **{"x264-params": "open-gop=1"}), 2160, ""),
    "three.mp4": (filmed("libx264", streams=3, **FAST), 1080, ""),
    "4k.webm": (filmed("libvpx-vp9", frames=6, deadline="realtime", **{"cpu-used": "8"}), 2160, ""),
    "4k.mov": (filmed("mjpeg", "yuvj420p", 4), 2160, ""),
    "deep.mov": (filmed("prores_ks", "yuv422p10le", 2), 2160, PACKETS),
}


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording(tmp_path, name):
    make, height, told = RECORDINGS[name]
    assert check(tmp_path, name, make, (72, height)) == told


def written(piece: bytes, first: bytes = b"", last: bytes = b""):
    return lambda path, times: path.write_bytes(first + piece * times + last)


def save_glb(path, nodes):
    told = {"asset": {"version": "2.0"}, "nodes": [{"name": f"n{at}"} for at in range(nodes)]}
    content = json.dumps(told).encode()
    content += b" " * (-len(content) % 4)
    head = struct.pack("<4sIIII", b"glTF", 2, 20 + len(content), len(content), 0x4E4F534A)
    path.write_bytes(head + content)


FACET = b"facet\nouter\n" + b"vertex 0 0 1\n" * 3 + b"endloop\nendfacet\n"
WRITTEN = {
    "numbers.json": (written(b"1, ", b"[", b"1]"), 700_000, ""),
    "lists.json": (written(b"[], ", b"[", b"1]"), 250_000, ""),
    "many.lists.json": (written(b"[], ", b"[", b"1]"), 1_500_000, BRACKETS),
    "members.json": (written(b'"a": 1, ', b"{", b'"a": 1}'), 130_000, ""),
    "many.members.json": (written(b'"a": 1, ', b"{", b'"a": 1}'), 800_000, BRACKETS),
    "words.json": (written(b'{"w": "ab", "at": 1.5}, ', b"[", b"1]"), 40_000, ""),
    "emoji.json": (written("😀abc".encode(), b'["', b'"]'), 900_000, ""),
    "lines.json": (written(b'{"a": [1, 2]}\n'), 50_000, ""),
    "huge.json": (written(b"abcdefgh", b'{"a": "', b'"}'), 6_000_000, BRACKETS),
    "gltf": (written(b"abcd", b'{"asset": {"version": "2.0"}, "a": "', b'"}'), 9 << 20, BRACKETS),
    "glb": (save_glb, 30_000, ""),
    "huge.glb": (save_glb, 300_000, "too much JSON to be parsed: its buffers are not counted"),
    "stl": (written(FACET, b"solid x\n", b"endsolid x\n"), 100_000, ""),
    "obj": (written(b"f 1 1 1\n", b"v 0 0 0\n"), 500_000, ""),
    "txt": (written("año ".encode()), 12_000_000, ""),
    "svg": (written(b"<g/>", b"<svg>", b"</svg>"), 12_000_000, ""),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_file_of_text(tmp_path, name):
    make, times, told = WRITTEN[name]
    assert check(tmp_path, name, make, (1, times)) == told
