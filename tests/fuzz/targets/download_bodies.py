"""Bodies of downloads: whatever comes, a check says what it is or why it is none."""

from functools import cache
from random import Random

from fuzz.inputs import any_bytes, edited
from fuzz.room import empty_room
from fuzz.target import Target
from support.assets import sample
from vidi.errors import DownloadError
from vidi.inference.models.template import OutputType
from vidi.inference.outputs.checking.verify import verify

KINDS = (
    "png", "jpg", "webp", "gif", "bmp", "tiff", "mp4", "mov", "webm", "mkv", "avi", "mp3", "wav",
    "flac",
    "ogg", "m4a", "aac", "glb", "stl", "obj", "ply", "bin.ply", "svg", "json", "jsonl", "gltf",
    "txt",
    "srt", "vtt", "html", "zip", "pdf",
)  # fmt: skip
WANTED = {
    "image": ("png", "jpg", "webp", "gif", "bmp", "tiff", "svg"),
    "video": ("mp4", "mov", "webm", "mkv", "avi", "gif"),
    "audio": ("mp3", "wav", "flac", "ogg", "m4a", "aac"),
    "3d": ("glb", "stl", "obj", "ply", "bin.ply", "gltf"),
    "text": ("txt", "srt", "vtt"),
    "json": ("json", "jsonl"),
    "file": KINDS,
}


def _wanted(kind: str) -> str:
    return next(name for name, kinds in WANTED.items() if kind in kinds or name == "file")


@cache
def _edited(kind: str):
    return edited([sample(kind)])


def make(chance: Random) -> bytes:
    kind = chance.choice(KINDS)
    body = (
        sample(kind)[:24] + any_bytes(chance) if not chance.randrange(6) else _edited(kind)(chance)
    )
    return f"{_wanted(kind)} a.{kind}\n".encode() + body


def check(data: bytes) -> str:
    head, _, body = data.partition(b"\n")
    wanted, _, name = head.decode().partition(" ")
    with empty_room() as room:
        path = room / "body"
        path.write_bytes(body)
        try:
            facts = verify(path, frozenset({OutputType(wanted)}), name)
        except DownloadError:
            return "refused"
    return facts.content_type


TARGET = Target(make, check, bound_s=30)
