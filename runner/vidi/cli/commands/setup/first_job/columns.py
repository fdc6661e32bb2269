"""Which column of a table is the prompt, which the name, and which are params of the model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from vidi.inference.models.template import ModelInfo

PROMPTS = (
    "prompt", "text", "description", "caption", "script", "title", "content", "lyrics", "subject",
    "name", "descripcion", "descripción", "texto", "titulo", "título", "beschreibung", "titel",
)  # fmt: skip
"""What people call the column that says what to make, the likeliest first."""
NAMES = (
    "id", "sku", "slug", "file", "filename", "name", "key", "code", "number", "no", "nr", "title",
    "nombre", "artikel", "ref", "reference",
)  # fmt: skip
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Columns:
    """What each column of a table is for."""

    prompt: str | None
    name: str | None
    """Its values are all there, short and different; None where no column's are."""
    params: Mapping[str, str]
    """Param of the model to the column of that name."""
    unused: tuple[str, ...]


def guess_columns(items: Sequence[object], model: ModelInfo, text_param: str) -> Columns:
    """Guess what the columns of a table are for.

    Args:
        items: The rows: mappings of column to text, or texts alone.
        model: Whose params they may be.
        text_param: The param that says what to make.
    """
    found = [item for item in items if isinstance(item, dict)]
    columns = list(found[0]) if found else []
    rows = [{column: str(row.get(column, "")) for column in columns} for row in found]
    params = _match_params(columns, model.params["properties"].keys() - {text_param})
    free = [column for column in columns if column not in params.values()]
    prompt = _find(free, (text_param, *PROMPTS)) or _find_longest(rows, free)
    named = [column for column in free if _names_each(rows, column)]
    name = _find(named, NAMES) or next((each for each in named if each != prompt), None)
    used = {prompt, name, *params.values()}
    return Columns(prompt, name, params, tuple(each for each in columns if each not in used))


def _match_params(columns: Sequence[str], params: Collection[str]) -> dict[str, str]:
    """The params that have a column of their name, and which."""
    named = ((_plain(column), column) for column in columns)
    return {param: column for param, column in named if param in params}


def _plain(column: str) -> str:
    return re.sub(r"\W+", "_", column.strip().casefold()).strip("_")


def _find(columns: Sequence[str], wanted: Sequence[str]) -> str | None:
    plain = {_plain(column): column for column in reversed(columns)}
    return next((plain[name] for name in wanted if name in plain), None)


def _find_longest(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> str | None:
    """The column whose texts are the longest."""
    texts = {column: [row[column] for row in rows] for column in columns}
    prose = {column: mean(map(len, each)) for column, each in texts.items() if not _numbers(each)}
    return max(prose, key=lambda column: prose[column], default=None)


def _numbers(texts: Sequence[str]) -> bool:
    return all(re.fullmatch(r"\s*(-?\d+([.,]\d+)?)?\s*", text) for text in texts)


def _names_each(rows: Sequence[Mapping[str, str]], column: str) -> bool:
    from vidi.jobs.rendering.slug import slug

    names = [slug(row[column]) for row in rows]
    return len(set(names)) == len(names) and all(0 < len(each) <= _LONGEST_NAME for each in names)
