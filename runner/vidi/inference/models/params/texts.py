"""Texts that are sent as they are, although they name a local file: the model would get the name.

A path in a param that takes no file is a mistake that costs money: the model reads `in/cat.png`
as a prompt, or cannot open it. What is meant is said in the hint.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from vidi.inference.models.params.checked import ParamProblem
from vidi.inference.models.params.coercion import branch_for
from vidi.inference.models.params.wording import dotted, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.inference.models.params.checked import At

LONGEST_NAME = 255
"""Bytes of a name on most systems; a longer text is no path that anybody types."""
_ROOTED = re.compile(r"file:|[A-Za-z]:[\\/]|\\\\|~[\\/]|\.{1,2}[\\/]", re.IGNORECASE)
_ELSEWHERE = re.compile(r"(?!file:)[a-z][a-z0-9+.-]*://|data:", re.IGNORECASE)
_SUSPECT = re.compile(
    r"\.[a-z0-9]{2,5}\Z|\A(?:file:|[a-z]:[\\/]|\\\\|~[\\/]|\.{1,2}[\\/])", re.IGNORECASE
)
_MEDIA = re.compile(
    r"\.(png|jpe?g|webp|gif|avif|heic|bmp|tiff?|svg|mp4|mov|webm|mkv|avi|mp3|wav|flac|ogg|m4a|aac"
    r"|glb|gltf|obj|fbx|ply|stl|usdz)\Z",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(r"\.(txt|md|json|jsonl|csv|tsv|ya?ml|srt|vtt|pdf|zip)\Z", re.IGNORECASE)
_NAMES = re.compile(r"(file|output|save|download)_?(name|path|as)?\Z|format|suffix|extension")
"""Params that ask for the name of a file that is to be made."""


def find_file_names(
    params: Mapping[str, object], schema: ParamSchema, base: Path | None
) -> Iterator[ParamProblem]:
    """Every text of converted params that names a local file, or looks like it.

    Args:
        params: Converted.
        schema: Theirs.
        base: The project directory; None where only the form of a text tells.
    """
    for at, text in _suspects(params, ()):
        field = _field_at(at, params, schema)
        if field is None or not _is_free(at, text, field):
            continue
        if (kind := _name_kind(text, base)) is not None:
            yield _complain(at, text, kind)


def _suspects(value: Mapping[str, object] | list[object], at: At) -> Iterator[tuple[At, str]]:
    """Every text that has the form of a file's name; most have not, and cost one look."""
    for key, each in value.items() if isinstance(value, Mapping) else enumerate(value):
        if isinstance(each, str):
            if len(each) <= LONGEST_NAME and _SUSPECT.search(each):
                yield (*at, key), each
        elif isinstance(each, Mapping | list):
            yield from _suspects(each, (*at, key))


def _field_at(at: At, value: object, schema: ParamSchema) -> ParamSchema | None:
    """The schema of a text in the params; None where it stands for a file."""
    for step in at:
        branch = branch_for(value, schema) or {}
        if isinstance(value, Mapping):
            schema, value = branch.get("properties", {}).get(str(step), {}), value[str(step)]
        elif isinstance(value, list):
            schema, value = branch.get("items", {}), value[int(step)]
    own = branch_for(value, schema) or {}
    return None if "x-file" in own or "x-file" in schema else own or schema


def _is_free(at: At, text: str, field: ParamSchema) -> bool:
    """Whether a text is the user's own, short enough for a path, and not to be the name of one."""
    if "\n" in text or field.get("x-secret"):
        return False
    known = (*field.get("enum", ()), *field.get("x-suggested", ()), field.get("default"))
    name = next((str(step) for step in reversed(at) if isinstance(step, str)), "")
    return text not in known and _NAMES.search(name) is None


def _name_kind(text: str, base: Path | None) -> str | None:
    """`is` where a local file has that name, `looks like` where only its form says so."""
    media, document = _MEDIA.search(text), _DOCUMENT.search(text)
    rooted = _ROOTED.match(text) is not None
    if not (media or document or rooted) or _ELSEWHERE.match(text):
        return None
    if base and _is_file(base / text):
        return "is"
    one_word = not re.search(r"\s", text)
    looks = one_word and (rooted or media or (document and "/" in text))
    return "looks like" if looks else None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _complain(at: At, text: str, kind: str) -> ParamProblem:
    what = f"'{dotted(at)}' is sent as text, and {quoted(text)} {kind} a local file: the model"
    if _MEDIA.search(text):
        hint = "Give the file to a param that takes one, or write the https URL of a copy."
    else:
        hint = f"Write {{{{ file('{text}') }}}} for the text in it, or the https URL of a copy."
    return ParamProblem(at, False, "file-as-text", f"{what} would get this name", hint)
