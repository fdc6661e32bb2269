"""What the input files say where the params do not: an upscaled image's size, a dub's length.

Imports Pillow and PyAV when there is a file to look into.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.request import urlopen

from vidi.inference.models.template import OutputType
from vidi.sandbox.orders.orders import asks_length
from vidi.sandbox.orders.sizes import asks_area, asks_ratio, asks_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from vidi.inference.models.template import ModelInfo

_FOLLOWING = {
    "lip-sync", "avatar", "video-upscale", "video-edit", "background-removal", "segmentation",
    "audio-processing", "sound-effects", "face-restoration",
}  # fmt: skip
"""The categories whose output is as long as what goes in; others take a file as an example."""
_FACTORS = ("upscale_factor", "scale", "scale_factor", "upscaling_factor")


@dataclass(frozen=True, slots=True)
class InputFacts:
    """What the input files are; 0 where no file tells."""

    width: int = 0
    height: int = 0
    length_s: float = 0.0


def follow_inputs(
    model: ModelInfo, effective: Mapping[str, object], stored: Callable[[str], bytes | None]
) -> dict[str, object]:
    """Params that ask for what the input files imply and nothing else asks for.

    Args:
        model: The model.
        effective: The input with the template's defaults.
        stored: The bytes of an uploaded file, by its id.
    """
    visual = model.output_type in {OutputType.IMAGE, OutputType.VIDEO}
    timed = model.output_type in {OutputType.VIDEO, OutputType.AUDIO}
    if not visual and not timed:
        return {}
    facts = _read_files(model, effective, stored)
    sizes = _follow_size(model, effective, facts) if visual and facts.width else {}
    follows = timed and facts.length_s and model.category in _FOLLOWING
    return sizes | (_follow_length(effective, facts) if follows else {})


def _follow_size(
    model: ModelInfo, effective: Mapping[str, object], facts: InputFacts
) -> dict[str, object]:
    if asks_size(effective):
        return {}
    ratio = f"{facts.width}:{facts.height}"
    from_image = model.output_type is OutputType.VIDEO and not facts.length_s
    if asks_area(effective) or from_image:
        return {} if asks_ratio(effective) else {"aspect_ratio": ratio}
    if asks_ratio(effective):
        return {}
    factor = _factor(effective) if "upscale" in model.category else 1.0
    return {"width": round(facts.width * factor), "height": round(facts.height * factor)}


def _follow_length(effective: Mapping[str, object], facts: InputFacts) -> dict[str, object]:
    return {} if asks_length(effective) else {"duration": round(facts.length_s, 3)}


def _factor(effective: Mapping[str, object]) -> float:
    for name in _FACTORS:
        match = re.match(r"\d+(?:\.\d+)?", str(effective.get(name, "")))
        if match and float(match[0]):
            return float(match[0])
    return 1.0


def _read_files(
    model: ModelInfo, effective: Mapping[str, object], stored: Callable[[str], bytes | None]
) -> InputFacts:
    """The size of the first picture, and the length of the first sound, else of the first film."""
    found: dict[str, InputFacts] = {}
    for name, kind in file_params(model):
        value = effective.get(name)
        first = value[0] if isinstance(value, list) and value else value
        data = fetch_input(first, stored) if isinstance(first, str) else None
        if data and kind not in found:
            found[kind] = _look_into(data, kind)
    seen = found.get("video") or found.get("image") or InputFacts()
    heard = found.get("audio") or found.get("video") or InputFacts()
    return InputFacts(seen.width, seen.height, heard.length_s)


def file_params(model: ModelInfo) -> Iterator[tuple[str, str]]:
    """The params that take files, and the kind of each."""
    for name, schema in model.params["properties"].items():
        kind = schema.get("x-file") or schema.get("items", {}).get("x-file")
        if kind:
            yield name, kind


def fetch_input(url: str, stored: Callable[[str], bytes | None]) -> bytes | None:
    """The bytes of an uploaded file or of a `data:` URI; None of any other address."""
    if url.startswith("data:"):
        try:
            with urlopen(url) as answer:  # noqa: S310  decodes the URI, opens no connection
                return bytes(answer.read())
        except ValueError:
            return None
    match = re.search(r"/files/([0-9a-f]{32})", url)
    return stored(match[1]) if match else None


def _look_into(data: bytes, kind: str) -> InputFacts:
    import av
    from PIL import Image

    try:
        if kind == "image":
            with Image.open(BytesIO(data)) as picture:
                return InputFacts(*picture.size)
        with av.open(BytesIO(data), "r") as file:
            length_s = (file.duration or 0) / av.time_base
            film = next(iter(file.streams.video), None)
            size = (film.width, film.height) if film else (0, 0)
            return InputFacts(*size, length_s)
    except (OSError, ValueError, Image.DecompressionBombError):  # PyAV's errors are the first two
        return InputFacts()
