"""Small real media of every kind, and a model that makes them."""

import functools
import io
import json
import struct
from pathlib import Path

from vidi.inference.models.template import ModelInfo, OutputType


def model_of(output: str, output_type: OutputType = OutputType.IMAGE, provider: str = "fal"):
    return ModelInfo(
        id=f"{provider}/acme/maker", title="", category="", output_type=output_type, output=output,
        params={}, pricing={}, example={}, timeout_s=60, sources=(), as_of={}, confidence={},
        page="", path=Path("maker.json"),
    )  # fmt: skip


@functools.cache
def sample(name: str) -> bytes:
    """A small real file, by its extension."""
    if name in {"png", "jpg", "webp", "gif", "bmp", "tiff"}:
        return _image({"jpg": "jpeg"}.get(name, name))
    if name in {"mp4", "mov", "webm", "mkv", "avi"}:
        return _video(name)
    if name in {"mp3", "wav", "flac", "ogg", "m4a", "aac"}:
        return _audio(name)
    if name == "live":
        return _video("webm", live=True)
    if name.startswith("sound."):
        return _audio(name.removeprefix("sound."))
    return _WRITTEN[name]


def _image(form: str) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.effect_noise((64, 48), 90).convert("RGB").save(buffer, form)
    return buffer.getvalue()


class _Pipe(io.RawIOBase):
    """A sink that cannot be wound back, as a live stream's."""

    def __init__(self):
        self.content = b""

    def writable(self):
        return True

    def write(self, piece):
        self.content += bytes(piece)
        return len(piece)


def _video(form: str, *, live: bool = False) -> bytes:
    import av

    codec, container = {
        "mp4": ("libx264", "mp4"), "mov": ("libx264", "mov"), "webm": ("libvpx", "webm"),
        "mkv": ("libx264", "matroska"), "avi": ("mpeg4", "avi"),
    }[form]  # fmt: skip
    buffer = _Pipe() if live else io.BytesIO()
    options = {"live": "1"} if live else {}
    with av.open(buffer, "w", format=container, options=options) as made:
        stream = made.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(10):
            frame = av.VideoFrame(64, 48, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return buffer.content if live else buffer.getvalue()


def _audio(form: str) -> bytes:
    import av

    codec, container, layout = {
        "mp3": ("libmp3lame", "mp3", "s16p"), "wav": ("pcm_s16le", "wav", "s16"),
        "flac": ("flac", "flac", "s16"), "ogg": ("libopus", "ogg", "s16"),
        "mp4": ("aac", "mp4", "fltp"),
        "mov": ("aac", "mov", "fltp"),
        "m4a": ("aac", "ipod", "fltp"), "aac": ("aac", "adts", "fltp"),
    }[form]  # fmt: skip
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as made:
        stream = made.add_stream(codec, rate=48000, layout="mono")
        for number in range(50):
            frame = av.AudioFrame(layout, "mono", 960)
            frame.sample_rate, frame.pts = 48000, number * 960
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return buffer.getvalue()


def _glb() -> bytes:
    told = {
        "asset": {"version": "2.0"},
        "buffers": [{"byteLength": 64}],
        "bufferViews": [{"buffer": 0, "byteOffset": 16, "byteLength": 48}],
    }
    chunk = json.dumps(told).encode()
    chunk = chunk.ljust(-(-len(chunk) // 4) * 4)
    body = struct.pack("<I4s", len(chunk), b"JSON") + chunk
    body += struct.pack("<I4s", 64, b"BIN\0") + bytes(64)
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


_WRITTEN = {
    "glb": _glb(),
    "svg": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"></svg>\n',
    "html": b"<!DOCTYPE html><html><body>Sorry</body></html>",
    "xml": b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    "json": b'{"a": [1, 2]}',
    "jsonl": b'{"a": 1}\n{"a": 2}\n',
    "gltf": b'{"asset": {"version": "2.0"}}',
    "number": b"5",
    "bracket": b"[Music] Hola",
    "txt": "año ✓".encode(),
    "srt": b"1\n00:00:00,000 --> 00:00:01,000\nHola\n",
    "vtt": b"WEBVTT\n\n00:00.000 --> 00:01.000\nHola\n",
    "obj": b"v 0 0 0\nv 1 0 0\nf 1 2 1\n",
    "ply": (
        b"ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\n"
        b"property float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n"
        b"0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
    ),
    "bin.ply": (
        b"ply\nformat binary_little_endian 1.0\nelement vertex 2\nproperty float x\n"
        b"property uchar red\nelement face 2\nproperty list uchar int vertex_indices\nend_header\n"
        + bytes(10)
        + b"\2\0\0\0\0\1\0\0\0" * 2
    ),
    "stl": bytes(80) + b"\1\0\0\0" + bytes(50),
    "zip": b"PK\x03\x04" + bytes(30),
    "pdf": b"%PDF-1.7\n",
    "bin": b"\x01\x02\x00\x03",
}
