"""Models as a program lists them: a list that does not fill the screen when it is printed."""

from __future__ import annotations

import html

from vidi.inference.models.template import ModelInfo

_SHOWN = 12
"""Models that a terminal shows."""
_ROWS = 200
"""Models that a notebook shows, in a box that scrolls."""


class ModelList(list[ModelInfo]):
    """A list of models."""

    def __repr__(self) -> str:
        """The first of them, and how many there are."""
        lines = [repr(model) for model in self[:_SHOWN]]
        if len(self) > _SHOWN:
            lines.append(f"… {len(self) - _SHOWN:,} more")
        return "[" + ",\n ".join(lines) + "]"

    def _repr_html_(self) -> str:
        """A table, for a notebook."""
        rows = "".join(
            f"<tr><td>{html.escape(each.id)}</td><td>{html.escape(each.title)}</td>"
            f"<td>{html.escape(each.category)}</td></tr>"
            for each in self[:_ROWS]
        )
        more = f", the first {_ROWS} of them here" if len(self) > _ROWS else ""
        return (
            f"<p>{len(self):,} models{more}</p>"
            f'<div style="max-height:20em;overflow:auto"><table>{rows}</table></div>'
        )
