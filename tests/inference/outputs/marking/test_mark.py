"""A mark is read by others, changes nothing of what a file shows, and is put there once."""

import json
import shutil
import struct
import subprocess
from io import BytesIO

import av
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from vidi.inference.outputs.marking.mark import mark_file
from vidi.inference.outputs.marking.xmp import MADE_BY_A_MODEL, Mark
from vidi.sandbox.media import make_media
from vidi.sandbox.media.order import CONTENT_TYPES, MediaOrder

MARK = Mark("fal/fal-ai/flux/dev", 'Flux & "Dev" <1>')
KINDS = {"png": "image", "jpg": "image", "webp": "image", "mp4": "video", "mov": "video",
         "m4a": "audio"}  # fmt: skip
PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    b'syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    b'dc:format="theirs"/></rdf:RDF></x:xmpmeta>'
)


def make(extension, **changes):
    order = MediaOrder(
        KINDS[extension], extension, "x", "seed", width=64, height=48, duration_s=1, sound=True
    )
    return make_media(order).data if not changes else make_picture(extension, **changes)


def make_picture(extension, **saving):
    file = BytesIO()
    mode = saving.pop("mode", "RGB")
    frames = [Image.new(mode, (33, 21), number) for number in range(1, saving.pop("frames", 1) + 1)]
    more = {"save_all": True, "append_images": frames[1:]} if len(frames) > 1 else {}
    if extension == "png" and "xmp" in saving:
        saving["pnginfo"] = PngInfo()
        packed = saving.pop("xmp")
        packet = saving.pop("packet", PACKET.decode())
        saving["pnginfo"].add_itxt("XML:com.adobe.xmp", packet, zip=packed)
    name = {"jpg": "JPEG"}.get(extension, extension)
    frames[0].save(file, name, **saving, **more)
    return file.getvalue()


SAMPLES = {
    **{name: (name, {}) for name in KINDS},
    "png with Exif and a profile": ("png", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"}),
    "png with XMP": ("png", {"xmp": False}),
    "png with packed XMP": ("png", {"xmp": True}),
    "jpg with Exif": ("jpg", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"}),
    "jpg with XMP": ("jpg", {"xmp": PACKET}),
    "webp without loss": ("webp", {"mode": "RGBA", "lossless": True}),
    "webp with XMP": ("webp", {"xmp": PACKET}),
    "webp that moves": ("webp", {"frames": 3}),
}


def content_of(data, kind):
    """What a file shows and says, to the last bit."""
    if kind == "image":
        with Image.open(BytesIO(data)) as image:
            frames = range(getattr(image, "n_frames", 1))
            return [(image.seek(at), image.convert("RGBA").tobytes())[1] for at in frames]
    with av.open(BytesIO(data)) as container:
        return [bytes(packet) for packet in container.demux()]


def xmp_of(data, extension):
    """The packet, found as the formats say."""
    if KINDS[extension] == "image":
        with Image.open(BytesIO(data)) as image:
            found = image.info.get("xmp")
            return found or image.info["XML:com.adobe.xmp"].encode()
    start = 0
    while start < len(data):
        size, kind = struct.unpack(">I4s", data[start : start + 8])
        if kind == b"uuid" and data[start + 8 : start + 12] == bytes.fromhex("be7acfcb"):
            return data[start + 24 : start + size]
        start += size
    raise AssertionError("no packet")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_mark_is_there_and_nothing_else_has_changed(tmp_path, name):
    extension, changes = SAMPLES[name]
    before = make(extension, **changes)
    path = tmp_path / f"a.{extension}"
    path.write_bytes(before)
    assert mark_file(path, CONTENT_TYPES[extension], MARK) == ""
    after = path.read_bytes()
    assert content_of(after, KINDS[extension]) == content_of(before, KINDS[extension])
    packet = xmp_of(after, extension).decode()
    assert packet.count(MADE_BY_A_MODEL) == 1
    assert 'xmp:CreatorTool="fal/fal-ai/flux/dev"' in packet
    assert "Made with AI: Flux &amp; " in packet
    assert ("theirs" in packet) == ("xmp" in changes)
    assert mark_file(path, CONTENT_TYPES[extension], MARK) == ""
    assert path.read_bytes() == after  # again changes nothing
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="there is no exiftool here")
def test_exiftool_reads_every_mark(tmp_path):
    for number, (extension, changes) in enumerate(SAMPLES.values()):
        path = tmp_path / f"{number}.{extension}"
        path.write_bytes(make(extension, **changes))
        mark_file(path, CONTENT_TYPES[extension], MARK)
    command = ["exiftool", "-j", "-G0", "-warning", "-XMP:all", "-DigitalSourceType#"]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, check=True, timeout=30)
    read = json.loads(done.stdout)
    assert len(read) == len(SAMPLES)
    for each in read:
        assert each["XMP:DigitalSourceType"] == MADE_BY_A_MODEL, each
        assert each["XMP:CreatorTool"] == "fal/fal-ai/flux/dev"
        assert each["XMP:Credit"] == 'Made with AI: Flux & "Dev" <1>'
        assert "ExifTool:Warning" not in each


def with_box(data, kind, content):
    return data + struct.pack(">I4s", 8 + len(content), kind) + content


LEFT = {
    "a sound": ("audio/mpeg", lambda: b"ID3", "no place for that in audio/mpeg"),
    "no png": ("image/png", lambda: b"x" * 40, "it is no PNG"),
    "cut png": ("image/png", lambda: make("png")[:60], "not built as"),
    "cut jpg": ("image/jpeg", lambda: make("jpg")[:30], "not built as"),
    "cut webp": ("image/webp", lambda: make("webp")[:16], "not built as"),
    "cut mp4": ("video/mp4", lambda: make("mp4")[:-9], "not built as"),
    "jpg with much before it": (
        "image/jpeg",
        lambda: make("jpg")[:2] + (b"\xff\xe2\xff\xff" + bytes(65533)) * 257 + make("jpg")[2:],
        "too large",
    ),
    "png of many parts": (
        "image/png",
        lambda: make("png")[:33] + (bytes(4) + b"tEXt" + bytes(4)) * 100_001 + make("png")[33:],
        "more than 100,000 parts",
    ),
    "webp with other XMP": (
        "image/webp",
        lambda: make("webp", xmp="<x:xmpmeta/>".encode("utf-16")),
        "does not add to",
    ),
    "png with a packet without an end": (
        "image/png",
        lambda: make("png", xmp=True, packet="<x/>" * (2 << 20)),
        "does not add to",
    ),
    "signed png": (
        "image/png",
        lambda: make("png")[:33] + b"\0\0\0\0caBX\0\0\0\0" + make("png")[33:],
        "signed (C2PA)",
    ),
    "signed mp4": (
        "video/mp4",
        lambda: with_box(
            make("mp4"), b"uuid", bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + b"x"
        ),
        "signed (C2PA)",
    ),
    "signed jpg": (
        "image/jpeg",
        lambda: (
            make("jpg")[:2] + b"\xff\xeb\0\x12JP\0\x01\0\0\0\x01\0\0\0\x08jumb" + make("jpg")[2:]
        ),
        "signed (C2PA)",
    ),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_cannot_be_marked_is_left_as_it_is_and_says_why(tmp_path, name):
    content_type, content, why = LEFT[name]
    path = tmp_path / "a"
    path.write_bytes(content())
    said = mark_file(path, content_type, MARK)
    assert said.startswith("it is not marked as made by AI: ")
    assert why in said
    assert path.read_bytes() == content()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_last_box_without_an_end_gets_one_and_an_index_stays_last(tmp_path):
    video = make("mp4")
    path = tmp_path / "a.mp4"
    boxes = with_box(video, b"free", b"abc")
    open_ended = boxes[: len(video)] + b"\0\0\0\0" + boxes[len(video) + 4 :]
    path.write_bytes(open_ended)
    assert mark_file(path, "video/mp4", MARK) == ""
    assert path.read_bytes().startswith(boxes)
    path.write_bytes(with_box(video, b"mfra", b"index"))
    assert mark_file(path, "video/mp4", MARK) == ""
    assert path.read_bytes().endswith(b"mfraindex")
    assert MADE_BY_A_MODEL in xmp_of(path.read_bytes(), "mp4").decode()
