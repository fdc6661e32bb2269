"""What assets are called on disk: numbered where several, by their real type where bare."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePath, PurePosixPath
from typing import TYPE_CHECKING

from vidi.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

INDEX = re.compile(r"\{index([+-]\d+)?(?::0(\d+))?\}")
"""The marker in an output path that says where the number goes: plus what, and how wide."""
KEY = "{key}"
"""The marker that says where what the answer calls an output goes."""

EXTENSIONS: dict[str, tuple[str, ...]] = {
    "image/png": ("png", "apng"),
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/webp": ("webp",),
    "image/gif": ("gif",),
    "image/avif": ("avif",),
    "image/heic": ("heic", "heif"),
    "image/jxl": ("jxl",),
    "image/bmp": ("bmp",),
    "image/tiff": ("tiff", "tif"),
    "image/svg+xml": ("svg",),
    "image/vnd.adobe.photoshop": ("psd",),
    "image/x-exr": ("exr",),
    "image/jp2": ("jp2", "j2k", "jpx"),
    "image/x-icon": ("ico",),
    "image/x-tga": ("tga",),
    "image/x-portable-anymap": ("ppm", "pgm", "pbm", "pnm"),
    "image/vnd.radiance": ("hdr",),
    "video/mp4": ("mp4", "m4v"),
    "video/quicktime": ("mov", "qt"),
    "video/webm": ("webm",),
    "video/x-matroska": ("mkv",),
    "video/x-msvideo": ("avi",),
    "video/mpeg": ("mpg", "mpeg"),
    "video/mp2t": ("ts",),
    "video/ogg": ("ogv", "ogg"),
    "video/x-flv": ("flv",),
    "audio/mpeg": ("mp3", "mpga"),
    "audio/wav": ("wav", "wave"),
    "audio/flac": ("flac",),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/aac": ("aac",),
    "audio/mp4": ("m4a", "mp4"),
    "audio/webm": ("webm", "weba"),
    "audio/x-matroska": ("mka", "mkv"),
    "audio/aiff": ("aiff", "aif"),
    "audio/amr": ("amr",),
    "audio/midi": ("mid", "midi"),
    "model/gltf-binary": ("glb",),
    "model/gltf+json": ("gltf",),
    "model/ply": ("ply",),
    "model/obj": ("obj",),
    "model/stl": ("stl",),
    "model/fbx": ("fbx",),
    "model/splat": ("splat",),
    "application/zip": ("zip", "usdz", "npz", "docx", "xlsx"),
    "application/gzip": ("gz", "tgz"),
    "application/x-tar": ("tar",),
    "application/pdf": ("pdf",),
    "application/json": ("json", "jsonl", "gltf"),
    "application/x-subrip": ("srt",),
    "text/vtt": ("vtt",),
    "text/html": ("html", "htm"),
    "text/xml": ("xml",),
    "text/plain": ("txt", "md", "csv", "tsv", "log", "text", "mtl", "yaml", "yml", "lrc"),
}
"""Content type to the extensions that say it; the first is the one we give."""

_ALL = frozenset(extension for extensions in EXTENSIONS.values() for extension in extensions)
_ORDINARY = re.compile(r"(?:[\w-]+/)*[\w-]+\.\w+", re.ASCII)
"""Nearly every path, which cannot lead anywhere else."""
_WRITTEN = re.compile(r"\.(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,5}")


LONGEST_KEY = 60
"""Characters of a key in a file's name, which no file system takes of any length."""
_UNPLAIN = re.compile(r"[^\w.-]+")


def plan_paths(
    output: str, count: int, extension: str | None = None, keys: Sequence[str] = ()
) -> list[str]:
    """Name every asset of one inference.

    Args:
        output: The relative path as the job file has it; may hold `{index}` or
            `{index+9:03}`, and `{key}`.
        count: How many assets there are.
        extension: The real type's extension, for a path that has none; None leaves it bare, and
            the download adds it.
        keys: What the answer calls each; where it is not known yet, `{key}` stays.

    Returns:
        One relative POSIX path an asset, all different.

    Raises:
        UsageError: The path leads out of its folder, or names no file.
    """
    check_inside(output)
    if extension and not has_extension(output):
        output = f"{output}.{extension.lstrip('.')}"
    if KEY in output and keys:
        return _name_by_key(output, keys)
    if INDEX.search(output):
        return [number_path(output, number) for number in range(1, count + 1)]
    if count == 1:
        return [output]
    stem, suffix = _split(output)
    return [f"{stem}-{number}{suffix}" for number in range(1, count + 1)]


def number_path(output: str, number: int) -> str:
    """Write the number of an output where the markers of a path say."""

    def written(found: re.Match[str]) -> str:
        return str(number + int(found[1] or 0)).zfill(int(found[2] or 0))

    return INDEX.sub(written, output)


def _name_by_key(output: str, keys: Sequence[str]) -> list[str]:
    """One path for each key; keys come from outside, and what repeats is numbered."""
    taken: dict[str, int] = {}
    paths: list[str] = []
    for number, key in enumerate(keys, start=1):
        plain = _UNPLAIN.sub("_", key).strip("._")[:LONGEST_KEY] or "output"
        whole = number_path(output, number)
        again = taken[plain.casefold()] = taken.get(plain.casefold(), 0) + 1
        name = plain if again == 1 or whole != output else f"{plain}-{again}"
        paths.append(whole.replace(KEY, name))
    return paths


def check_inside(relative: str) -> None:
    """Refuse a path that leads out of the folder it is relative to.

    Raises:
        UsageError: It is absolute, climbs with `..`, or names no file.
    """
    if _ORDINARY.fullmatch(relative):
        return
    native = PurePath(relative)
    leaves = native.is_absolute() or bool(native.anchor) or relative.startswith("/")
    if leaves or ".." in native.parts:
        raise UsageError(
            f"the output leaves its folder: {relative}",
            hint="Write a path inside output_dir, without a leading / and without ..",
        )
    if not native.name or relative.endswith("/") or "\0" in relative:
        raise UsageError(
            f"the output names no file: {relative!r}", hint="Write a file name, such as forest.png"
        )


def has_extension(path: str) -> bool:
    """Whether a path says its type: `x.png` does, `x`, `v1.5` and `.hidden` do not."""
    return bool(_split(path)[1])


def is_media_extension(suffix: str) -> bool:
    """Whether `.png` and the like is the extension of something that models make."""
    return suffix.lower().lstrip(".") in _ALL


def extension_of(content_type: str) -> str:
    """The extension that we give a content type; `bin` where it is none of ours."""
    return EXTENSIONS.get(content_type, ("bin",))[0]


def with_extension(path: str, content_type: str, *, beside: str = "") -> str:
    """The path itself where it has an extension, else with the one of its content.

    Args:
        path: The path as it is planned.
        content_type: What is in the file.
        beside: What the first output of the same inference is. Another one of another kind, such as
            the video beside a 3D model, has the extension of its own type in any case.
    """
    if not has_extension(path):
        return f"{path}.{extension_of(content_type)}"
    another = beside not in ("", content_type)
    if not another or content_type not in EXTENSIONS or not name_warning(path, content_type):
        return path
    return f"{_split(path)[0]}.{extension_of(content_type)}"


def name_warning(path: str, content_type: str) -> str:
    """What to say about an extension of another type; empty where it fits or is not a known one."""
    extension = _split(path)[1].lstrip(".").lower()
    fitting = EXTENSIONS.get(content_type)
    if fitting is None or extension in fitting or extension not in _ALL:
        return ""
    if content_type == "text/plain" and not _names_binary(extension):
        return ""
    return f"{PurePosixPath(path).name} holds {content_type}: its extension should be .{fitting[0]}"


def _names_binary(extension: str) -> bool:
    """Whether an extension stands for something that is not written in text."""
    types = (kind for kind, extensions in EXTENSIONS.items() if extension in extensions)
    return not any(
        kind.startswith("text/")
        or kind in {"application/json", "application/x-subrip", "model/obj", "model/ply"}
        for kind in types
    )


@lru_cache(maxsize=256)
def _split(path: str) -> tuple[str, str]:
    """A path without its extension, and the extension with its dot (empty where it has none)."""
    folder, slash, name = path.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    if not stem.strip(".") or not _WRITTEN.fullmatch(dot + extension):
        return path, ""
    return f"{folder}{slash}{stem}", dot + extension
