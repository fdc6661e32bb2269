"""The text of a first job file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from vidi.cli.commands.setup.first_job.columns import Columns
    from vidi.cli.commands.setup.first_job.kinds import Kind

_HEAD = """\
version: 1
budget: {budget:<24} # USD; a run stops before it would spend more
"""
_ONE = """\
defaults:
  model: {model}{params}
inferences:
  - id: {name}
    params: {{{text_param}: {text}}}
    output: {output}
"""
_EACH = """\
inferences:
  - id: {id}
    foreach: {table}
    model: {model}
    params:
{params}
    output: {output}
"""


def write_single(kind: Kind, budget: Decimal, extension: str) -> str:
    """A job file with one entry to edit."""
    return _head(budget) + _ONE.format(
        model=kind.model,
        params=f"\n  params: {{{kind.params}}}" if kind.params else "",
        name=kind.name,
        text_param=kind.text_param,
        text=json.dumps(kind.example, ensure_ascii=False),
        output=_with(kind.name, extension),
    )


def write_for_table(
    table: str, columns: Columns, kind: Kind, budget: Decimal, extension: str
) -> str:
    """A job file that makes something of each row of a table."""
    name = "{{ row }}" if columns.name is None else f"{{{{ {_item(columns.name)} | slug }}}}"
    prompt = "item" if columns.prompt is None else _item(columns.prompt)
    params = [f"{kind.text_param}: {_quoted(f'{{{{ {prompt} }}}}')}"]
    params += [
        f"{param}: {_quoted(f'{{{{ {_item(column)} }}}}')}"
        for param, column in columns.params.items()
    ]
    own = kind.params.partition(":")[0]
    if kind.params and own not in columns.params:
        params.append(kind.params)
    unused = f"# columns that are not used: {', '.join(columns.unused)}\n" if columns.unused else ""
    text = _EACH.format(
        id=_quoted(name),
        table=_quoted(table),
        model=kind.model,
        params="\n".join(f"      {each}" for each in params),
        output=_quoted(_with(name, extension)),
    )
    return _head(budget) + unused + text


def _head(budget: Decimal) -> str:
    return _HEAD.format(budget=f"{budget:.2f}")


def _item(column: str) -> str:
    """How a template names a column."""
    return f"item.{column}" if column.isidentifier() else f"item[{_single(column)}]"


def _single(column: str) -> str:
    return "'" + column.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _with(name: str, extension: str) -> str:
    return f"{name}.{extension}" if extension else name
