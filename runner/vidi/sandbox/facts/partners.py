"""What partners leave out when they tell of a file: recorded answers, 2026-04 to 2026-10.

Most partner models tell no size of a picture, in bytes or pixels, and neither size nor length of a
video; fal's own image models give no file name and no bytes.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

_PICTURES = ("*nano-banana*", "*gpt-image*", "*gemini*image*", "xai/*", "google/*", "*seedream*")
_NULL = dict.fromkeys(("width", "height", "file_size"))
_VIDEOS = ("*veo*", "*kling*", "*seedance*")
_OWN = ("fal-ai/flux*", "fal-ai/qwen-image*", "fal-ai/fast-sdxl*")


def untold_fields(endpoint: str, kind: str) -> tuple[dict[str, None], tuple[str, ...]]:
    """The fields of a file that are null, and those that are not there.

    Args:
        endpoint: Such as `fal-ai/veo3.1`.
        kind: `image`, `video`, `audio` or `3d`.
    """
    if kind == "video" and _is_one(endpoint, _VIDEOS):
        return {}, ("width", "height", "duration")
    if kind == "image" and _is_one(endpoint, _PICTURES):
        return _NULL, ()
    if kind == "image" and _is_one(endpoint, _OWN):
        return {}, ("file_name", "file_size")
    return {}, ()


def _is_one(endpoint: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(endpoint, pattern) for pattern in patterns)
