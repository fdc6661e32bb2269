"""`.vscode/settings.json`: an entry put into what is there, and nothing else touched.

The file is JSON with comments, so it is changed as text:
https://code.visualstudio.com/docs/languages/json#_json-with-comments
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from vidi.errors import UsageError
from vidi.runs.records.atomic import replace_bytes, rewrite_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

KEY = "yaml.schemas"
_TOKEN = re.compile(
    r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/|[{}\[\],:]|[^\s"{}\[\],:/]+|/', re.DOTALL
)


class _Token(NamedTuple):
    text: str
    end: int
    depth: int
    """How many braces and brackets it stands in."""


def merge_settings(path: Path, schema: str, files: Sequence[str]) -> bool:
    """Tell an editor which schema job files have; whether anything was to be done.

    Args:
        path: The settings; what they say else stays, comments too.
        schema: The schema, relative to the project.
        files: The job files, or patterns of them.

    Raises:
        UsageError: The settings cannot be read or written, or are no JSON object.
    """
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        changed = _merge(text, f"./{schema}", list(files))
        if changed is None:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        write = rewrite_bytes if path.exists() else replace_bytes
        write(path, changed.encode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot change {path}: {error}") from error
    except ValueError as error:
        hint = f'Write "{KEY}": {{"./{schema}": {json.dumps(list(files))}}} into it yourself.'
        raise UsageError(f"{path} is no JSON object", hint=hint) from error
    return True


def _merge(text: str, schema: str, files: list[str]) -> str | None:
    """The settings with the entry; None where they have it.

    Raises:
        ValueError: They are no object.
    """
    entry = f"{_quote(schema)}: {json.dumps(files, ensure_ascii=False)}"
    if not text.strip():
        return f'{{\n    "{KEY}": {{\n        {entry}\n    }}\n}}\n'
    tokens = list(_tokens(text))
    if not tokens or tokens[0].text != "{" or tokens[-1].text != "}" or tokens[-1].depth != 1:
        raise ValueError("no object")
    found = _find_object(tokens)
    if found is None:
        return _insert(text, tokens, 0, f'"{KEY}": {{\n        {entry}\n    }}')
    inside = [token.text for token in tokens[found + 1 :] if token.depth > 1]
    if _quote(schema) in inside:
        return None
    return _insert(text, tokens, found, entry)


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _tokens(text: str) -> Iterator[_Token]:
    depth = 0
    for match in _TOKEN.finditer(text.removeprefix("\ufeff")):
        word = match.group()
        if word.startswith(("//", "/*")):
            continue
        depth += word in {"{", "["}
        yield _Token(word, match.end() + text.startswith("\ufeff"), depth)
        depth -= word in {"}", "]"}
    if depth:
        raise ValueError("not closed")


def _find_object(tokens: list[_Token]) -> int | None:
    """Where the brace of the key's object is."""
    for at, token in enumerate(tokens):
        if token.depth == 1 and token.text == f'"{KEY}"' and tokens[at + 1].text == ":":
            if tokens[at + 2].text != "{":
                raise ValueError(f"{KEY} is no object")
            return at + 2
    return None


def _insert(text: str, tokens: list[_Token], brace: int, entry: str) -> str:
    """Put an entry first into the object that a brace opens."""
    at, indent = tokens[brace].end, "    " * tokens[brace].depth
    comma = "" if tokens[brace + 1].text == "}" else ","
    return f"{text[:at]}\n{indent}{entry}{comma}{text[at:]}"
