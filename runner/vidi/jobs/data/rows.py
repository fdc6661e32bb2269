"""The rows that `foreach` walks over, made one after another: a table may have 100,000 of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vidi.errors import Problem
    from vidi.jobs.data.cell import DataRow

Record = TypeVar("Record")


class Reread(Generic[Record]):
    """What a file holds, read from it anew each time."""

    def __init__(self, read: Callable[[], Iterator[Record]], count: int) -> None:
        self._read = read
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Record]:
        return self._read()


class Rows(Generic[Record]):
    """Records as they were read, each a `DataRow` when it is its turn."""

    def __init__(
        self,
        records: Sequence[Record] | Reread[Record],
        make: Callable[[int, Record], DataRow],
        warnings: tuple[Problem, ...] = (),
    ) -> None:
        self._records = records
        self._make = make
        self.warnings = warnings

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[DataRow]:
        for number, record in enumerate(self._records, start=1):
            yield self._make(number, record)
