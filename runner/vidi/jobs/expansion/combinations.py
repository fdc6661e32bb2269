"""What `matrix` and `foreach` make of one entry: the names of each inference, counted first."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

from vidi.errors import JobFileError
from vidi.jobs.data.cell import DataRow
from vidi.jobs.data.sources import read_rows
from vidi.jobs.entry import READERS, read_axis
from vidi.jobs.expansion.compiled_entry import UNKNOWN, CompiledEntry
from vidi.jobs.mistakes import MistakeError, describe
from vidi.jobs.reading import fields
from vidi.json_values import as_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from vidi.errors import Problem
    from vidi.jobs.data.rows import Rows
    from vidi.jobs.expansion.bounds import JobBounds
    from vidi.jobs.reading.files import ProjectFiles
    from vidi.jobs.reading.places import Places
    from vidi.jobs.rendering.clock import RenderClock

MOST_SAID = 10**15
"""A larger product is not written out: the digits of 100,000 axes are 30,000."""
SPLIT = "Split the job file."


class Combinations:
    """The product of an entry's rows and of its matrix."""

    def __init__(
        self,
        entry: Places,
        files: ProjectFiles,
        left: int,
        note: Callable[[tuple[str | int, ...], MistakeError | JobFileError], None],
        clock: RenderClock,
        bounds: JobBounds,
    ) -> None:
        self._clock = clock
        self._bounds = bounds
        self._entry = entry
        self._files = files
        self._left = left
        self._note = note
        self.count = 0
        """How many there are, once they are given."""
        self.row: DataRow | None = None
        """The row of data that the present names are of."""
        self.warnings: tuple[Problem, ...] = ()
        """What is to be said of the data file."""

    def given(self, names: Mapping[str, object]) -> Iterator[dict[str, object]]:
        """The names of each inference, rows first; nothing where one of the two is wrong."""
        axes = self._axes(names)
        rows = self._rows(names)
        if axes is None or rows is None:
            return
        sizes = [len(values) for values in (*([rows] if rows else []), *axes.values())]
        self.count = prod(sizes)
        if self.count > self._left:
            self._refuse(sizes)
            return
        for row in rows or (None,):
            self.row = row
            for values in product(*axes.values()):
                given = dict(zip(axes, values, strict=True))
                if row is not None:
                    given["item"] = row.item
                yield given

    def _refuse(self, sizes: list[int]) -> None:
        many = self.count > MOST_SAID
        total = f"more than {MOST_SAID:,}" if many else f"{self.count:,}"
        if len(sizes) > 1 and not many:
            total = f"{' × '.join(f'{size:,}' for size in sizes)} = {total}"
        before = self._bounds.inferences - self._left
        also = f", after {before:,} above" if before else ""
        self._note(
            ("matrix",) if "matrix" in self._entry else ("foreach",),
            MistakeError(
                f"{total} inferences{also}; at most {self._bounds.inferences:,} are allowed",
                kind="too-many",
                hint=SPLIT,
            ),
        )
        self.count = 0

    def _axes(self, names: Mapping[str, object]) -> dict[str, list[object]] | None:
        matrix = self._entry.get("matrix")
        if matrix is None:
            return {} if "matrix" not in self._entry else None
        compiled = CompiledEntry(matrix, ("matrix",), self._note)
        with self._clock:
            axes = compiled.render(names, self._note)
        try:
            if not compiled.dynamic:
                written = as_object(axes).items()
                return {name: read_axis(name, values) for name, values in written} or None
            return self._rendered_axes(axes)
        except MistakeError:
            return None  # said when the file was checked

    def _rendered_axes(self, axes: object) -> dict[str, list[object]] | None:
        if axes is UNKNOWN:
            return None
        if not isinstance(axes, dict) or not axes:
            self._note(
                ("matrix",), MistakeError(f"'matrix' must be a mapping, not {describe(axes)}")
            )
            return None
        wrong = list(fields.name_mistakes("matrix", axes))
        for name, values in axes.items():
            try:
                read_axis(name, values)
            except MistakeError as error:
                error.path = (name,)
                wrong.append(error)
        for mistake in wrong:
            self._note(("matrix",), mistake)
        return None if wrong else axes

    def _rows(self, names: Mapping[str, object]) -> Rows[Any] | list[DataRow] | None:
        written = self._entry.get("foreach")
        if written is None:
            return [] if "foreach" not in self._entry else None
        compiled = CompiledEntry(written, ("foreach",), self._note)
        with self._clock:
            rows = compiled.render(names, self._note)
        try:
            if isinstance(rows, str) and rows:
                found = read_rows(rows, self._files, streamed=not self._bounds.kept)
                self.warnings = found.warnings
                return found
            if rows is UNKNOWN:
                return None
            items = READERS["foreach"](rows, "")
            return [DataRow(number, item) for number, item in enumerate(items, start=1)]
        except JobFileError as error:
            self._note(("foreach",), error)
        except MistakeError as mistake:
            if compiled.dynamic or isinstance(rows, str):
                self._note(("foreach",), mistake)
        return None
