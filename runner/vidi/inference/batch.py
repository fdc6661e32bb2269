"""Many inferences of one model at once: what came of each, and how far they are."""

from __future__ import annotations

import html
import sys
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.dollars import format_usd
from vidi.errors import VidiError
from vidi.inference.outputs.result import InferenceResult

if TYPE_CHECKING:
    from typing import TextIO

_WIDTH = 24
"""Of the bar, in characters."""
_SHOWN = 24
"""How many results a notebook shows."""


class BatchResults(list[InferenceResult | VidiError]):
    """What came of each inference, in the order of their inputs: a result or an error."""

    @property
    def results(self) -> list[InferenceResult]:
        """Those that ended well."""
        return [each for each in self if isinstance(each, InferenceResult)]

    @property
    def errors(self) -> list[VidiError]:
        """What became of the others."""
        return [each for each in self if isinstance(each, VidiError)]

    @property
    def cost(self) -> Decimal:
        """USD that this call has cost, as far as is known; what was bought before is free."""
        bought = (each for each in self.results if not each.metadata.get("replayed"))
        return sum((each.cost or Decimal(0) for each in bought), Decimal(0))

    def __repr__(self) -> str:
        """How many there are, and what they cost."""
        failed = f", {len(self.errors)} failed" if self.errors else ""
        return f"<{len(self.results)} results{failed}, {format_usd(self.cost)}>"

    def _repr_html_(self) -> str:
        """All of them side by side, for a notebook."""
        cells = [_show(each) for each in self[:_SHOWN]]
        more = f"<p>… and {len(self) - _SHOWN:,} more</p>" if len(self) > _SHOWN else ""
        return (
            f"<p>{html.escape(repr(self)[1:-1])}</p>"
            f'<div style="display:flex;flex-wrap:wrap;gap:12px">{"".join(cells)}</div>{more}'
        )


def _show(each: InferenceResult | VidiError) -> str:
    if isinstance(each, InferenceResult):
        return f'<div style="max-width:260px">{each._repr_html_()}</div>'  # a notebook's
    words = html.escape(f"{type(each).__name__}: {each.message}")
    return f'<div style="max-width:260px;color:#a00">{words}</div>'


class Progress:
    """A bar that is written over itself: in a terminal, and in a notebook.

    Args:
        count: How many inferences there are.
        wanted: Whether it is shown; None: where somebody is looking.
        stream: Where to.
    """

    def __init__(self, count: int, wanted: bool | None, stream: TextIO | None = None) -> None:
        self._count = count
        self._stream = stream or sys.stderr
        self._shown = _is_watched(self._stream) if wanted is None else wanted
        self._done = BatchResults()

    def add(self, ended: InferenceResult | VidiError) -> None:
        """One more has ended."""
        self._done.append(ended)
        self._write("\r")

    def close(self) -> None:
        """The bar stays as it is, and the next line begins."""
        self._write("\r", end="\n")

    def _write(self, start: str, end: str = "") -> None:
        if self._shown:
            full = _WIDTH * len(self._done) // max(1, self._count)
            bar = "█" * full + "·" * (_WIDTH - full)
            failed = f", {len(self._done.errors)} failed" if self._done.errors else ""
            money = format_usd(self._done.cost)
            text = f"{start}{bar} {len(self._done)}/{self._count} {money}{failed}{end}"
            self._stream.write(text)
            self._stream.flush()


def _is_watched(stream: TextIO) -> bool:
    return "ipykernel" in sys.modules or stream.isatty()
