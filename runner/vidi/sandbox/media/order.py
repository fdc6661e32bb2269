"""What a piece of media shall be, and what came of it: values only."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

Kind = Literal["image", "video", "audio", "3d", "text", "file"]

CONTENT_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "svg": "image/svg+xml",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "m4a": "audio/mp4",
    "pcm": "audio/pcm",
    "ulaw": "audio/basic",
    "alaw": "audio/x-alaw-basic",
    "glb": "model/gltf-binary",
    "obj": "model/obj",
    "ply": "application/octet-stream",
    "txt": "text/plain",
    "srt": "application/x-subrip",
    "safetensors": "application/octet-stream",
}
"""Every format that can be ordered, by its file extension."""


@dataclass(frozen=True, slots=True)
class MediaOrder:
    """One file to make."""

    kind: Kind
    format: str
    """A key of CONTENT_TYPES."""
    text: str
    """What it shows or says after the word SANDBOX."""
    seed: str
    """What the colour or the pitch is drawn from."""
    width: int = 1024
    """In pixels; images and videos."""
    height: int = 1024
    duration_s: float = 5.0
    """Videos and sounds."""
    fps: float = 0.0
    """Frames a second of a video; 0 where nobody asked."""
    frames: int = 0
    """The number of frames of a video; 0: it follows from length and rate."""
    rate: int = 24000
    """Samples a second of a sound."""
    sound: bool = False
    """Whether a video has a sound track."""
    black: bool = False
    """An image that a safety check has blacked out."""

    @property
    def digest(self) -> bytes:
        """32 bytes that follow from the seed alone."""
        return sha256(self.seed.encode()).digest()


@dataclass(frozen=True, slots=True)
class Made:
    """One finished file."""

    data: bytes
    content_type: str
