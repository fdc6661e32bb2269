"""The assets in a provider's answer: pure functions from an answer to a tuple of outputs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from vidi.inference.models.template import OutputType
from vidi.inference.outputs.finding.naming import is_media_extension
from vidi.inference.outputs.finding.notation import EACH, Match, OutputPath, follow, read_notation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vidi.inference.models.template import ModelInfo


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file that the provider keeps, or a `data:` URI that is one."""

    url: str
    name: str = ""
    """The provider's own file name, or the last part of the URL; empty where neither says."""
    content_type: str | None = None
    """As the answer says it; the bytes have the last word."""
    nsfw: bool = False
    """The provider marked it, and may have blackened it; it is paid all the same."""
    kinds: tuple[OutputType, ...] = ()
    """What it may be; empty where it is what its model makes."""
    key: str = field(default="", compare=False)
    """What the answer calls it, such as `vocals`; empty in a plain list."""


@dataclass(frozen=True, slots=True)
class InlineText:
    """Text that is itself in the answer."""

    text: str
    key: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class InlineJson:
    """A JSON value that is itself in the answer."""

    value: object
    key: str = field(default="", compare=False)


Output = RemoteFile | InlineText | InlineJson
"""One thing that an inference made, not yet on disk."""

_INLINE = frozenset({OutputType.TEXT, OutputType.JSON})
_ADDRESS = re.compile(
    r"data:|https?://|(?:[a-z][a-z0-9+.-]*://|(?:blob|file|ftp|javascript|vbscript):)\S*\Z",
    re.IGNORECASE,
)
_NO_KEYS = frozenset({EACH, "url", "output"})
"""Steps to an output that do not say which one it is."""
_TEXT_NAMES = ("output", "text", "results", "result", "response", "transcription")


def find_outputs(model: ModelInfo, answer: object) -> tuple[Output, ...]:
    """Find what an answer holds: where the template says, else wherever something looks like it.

    Args:
        model: The template of the model that answered.
        answer: Replicate's `output`, or fal's result, whole.

    Returns:
        The outputs in the answer's order, each once; empty where nothing is found.
    """
    root = {"output": answer} if model.provider == "replicate" else answer
    found: list[Output] = []
    for position, path in enumerate(read_notation(model.output)):
        found += _along(path, position, model, root)
    return _distinct(found) or _empty(model, answer, root) or _distinct(_search(model, answer))


def is_empty(value: object) -> bool:
    """Whether a value is there and holds nothing."""
    return value in ("", [], {})


def may_be_empty(model: ModelInfo) -> bool:
    """Whether an empty answer of a model is a result: no word was spoken, nothing was found."""
    return model.output_type in _INLINE


def _empty(model: ModelInfo, answer: object, root: object) -> tuple[Output, ...]:
    """What there is to keep of an answer that is rightly empty."""
    if not may_be_empty(model):
        return ()
    places = (
        match.value
        for path in read_notation(model.output)
        for match in follow(root, path.steps[:-1] if path.steps[-1:] == (EACH,) else path.steps)
    )
    empty = next((value for value in (answer, *places) if is_empty(value)), None)
    if empty is None:
        return ()
    return (InlineText("") if model.output_type is OutputType.TEXT else InlineJson(empty),)


def _along(path: OutputPath, position: int, model: ModelInfo, root: object) -> list[Output]:
    matches = list(follow(root, path.steps))
    wanted = path.marker or _unmarked(model, position, matches)
    key = next((step for step in reversed(path.steps) if step not in _NO_KEYS), "")
    if wanted == "file":
        files = _files(matches, key, _flags(root) if position == 0 else [])
        kinds = _kinds(path, position, model)
        return [replace(file, kinds=kinds) for file in files]
    values = [match.value for match in matches if match.value is not None]
    if not values:
        return []
    if wanted == "json":
        return [InlineJson(values if EACH in path.steps else values[0], key)]
    joined = wanted == "join" or path.steps[-1:] == (EACH,)
    return [replace(text, key=key) for text in _texts(values, joined=joined)]


def _unmarked(model: ModelInfo, position: int, matches: list[Match]) -> str:
    """What a place without a marker holds: what the model makes, or beside a text, its file."""
    if model.output_type not in _INLINE:
        return "file"
    urls = [isinstance(match.value, str) and _is_url(match.value) for match in matches]
    return "file" if position > 0 and urls and all(urls) else str(model.output_type)


def _kinds(path: OutputPath, position: int, model: ModelInfo) -> tuple[OutputType, ...]:
    """What a file may be: the second and later ones are side products of any kind."""
    if position > 0:
        return tuple(OutputType)
    if "video" in path.steps and model.output_type is not OutputType.VIDEO:
        return (model.output_type, OutputType.VIDEO)
    return ()


def _texts(values: list[object], *, joined: bool) -> list[InlineText | InlineJson]:
    flat = [_join_chunks(value) for value in values]
    chunks = [value for value in flat if isinstance(value, str)]
    if joined and len(chunks) == len(flat):
        return [InlineText("".join(chunks))]
    return [
        InlineText(value) if isinstance(value, str) else InlineJson(value)
        for value in flat
        if value not in ([], {})
    ]


def _join_chunks(value: object) -> object:
    """One text for a list of its chunks; anything else as it is."""
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return "".join(value)
    return value


def _flags(root: object) -> list[object]:
    """The `has_nsfw_concepts` of fal, which runs parallel to the images."""
    flags = root.get("has_nsfw_concepts") if isinstance(root, dict) else None
    return flags if isinstance(flags, list) else []


def _files(matches: Iterable[Match], key: str, flags: list[object]) -> list[RemoteFile]:
    found: list[RemoteFile] = []
    candidates = (file for match in matches for file in _files_in(match.value, match.holder, key))
    for index, file in enumerate(candidates):
        if file is not None:
            nsfw = index < len(flags) and flags[index] is True
            found.append(replace(file, nsfw=nsfw))
    return found


def _files_in(value: object, holder: Mapping[str, object], key: str) -> Iterator[RemoteFile | None]:
    """Every file in a value; None holds the place of one that is missing."""
    if isinstance(value, str):
        described = holder if holder.get("url") == value else {}
        yield _remote(value, described, key) if _is_url(value) else None
    elif isinstance(value, list):
        for item in value:
            yield from _files_in(item, {}, key)
    elif isinstance(value, dict):
        if isinstance(value.get("url"), str):
            yield from _files_in(value["url"], value, key)
        else:
            for name, item in value.items():
                yield from _files_in(item, {}, name)
    else:
        yield None


def _search(model: ModelInfo, answer: object) -> list[Output]:
    """Look through an answer that is not built as its template says."""
    if model.output_type is OutputType.TEXT:
        text = _text_in(answer)
        if text is not None:
            return [InlineText(text)]
    if model.output_type is OutputType.JSON:
        return [] if answer is None or is_empty(answer) else [InlineJson(answer)]
    return [replace(file, kinds=tuple(OutputType)) for file in _walk(answer)]


def _text_in(answer: object) -> str | None:
    candidates = [answer]
    if isinstance(answer, dict):
        candidates += [answer.get(name) for name in _TEXT_NAMES]
    texts = (_join_chunks(candidate) for candidate in candidates)
    return next((text for text in texts if isinstance(text, str)), None)


def _walk(value: object, key: str = "") -> Iterator[RemoteFile]:
    if isinstance(value, dict):
        url = value.get("url")
        if isinstance(url, str) and _is_url(url):
            yield _remote(url, value, key)
            return
        for name, item in value.items():
            yield from _walk(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _walk(item, key)
    elif isinstance(value, str) and _is_url(value) and _looks_like_media(value):
        yield _remote(value, {}, key)


def _remote(url: str, described: Mapping[str, object], key: str) -> RemoteFile:
    name, content_type = described.get("file_name"), described.get("content_type")
    return RemoteFile(
        url,
        name if isinstance(name, str) and name else name_of(url),
        content_type if isinstance(content_type, str) and content_type else None,
        key=key,
    )


def name_of(url: str) -> str:
    """The last part of a URL's path; empty for a `data:` URI."""
    if url[:5].lower() == "data:":
        return ""
    try:
        return PurePosixPath(unquote(urlsplit(url).path)).name
    except ValueError:  # a host in broken brackets: the download will say so
        return ""


def _is_url(text: str) -> bool:
    """Whether a text is an address, also one of a kind that is never fetched: that is then said."""
    return _ADDRESS.match(text) is not None


def _looks_like_media(url: str) -> bool:
    return url[:5].lower() == "data:" or is_media_extension(PurePosixPath(name_of(url)).suffix)


def _distinct(outputs: Iterable[Output]) -> tuple[Output, ...]:
    """Each file once, where it came first."""
    seen: set[str] = set()
    kept: list[Output] = []
    for output in outputs:
        if isinstance(output, RemoteFile):
            if output.url in seen:
                continue
            seen.add(output.url)
        kept.append(output)
    return tuple(kept)
