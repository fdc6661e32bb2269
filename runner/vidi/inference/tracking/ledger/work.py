"""What a ledger is asked to do: statements in one transaction, the same over every database.

Statements name their values `:so`. What SQLite and PostgreSQL both understand is written once; the
two things that differ, a row that is locked and the clock, are the transaction's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Purpose = Literal["writes", "notes", "reads"]

Made = TypeVar("Made")


class Transaction(Protocol):
    """One transaction of a database."""

    locking: str
    """What makes a SELECT keep others from its rows; empty where writers take turns anyway."""
    repeated: bool
    """Whether the work was tried before, and nobody knows if it was carried out."""

    def read(self, statement: str, values: Mapping[str, object] | None = None) -> Sequence[Any]:
        """The rows of a query, each a tuple."""

    def change(self, statement: str, values: Mapping[str, object]) -> int:
        """Carry out a statement; returns how many rows it has changed."""

    def change_each(self, statement: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Carry out a statement once for each of some rows."""

    def read_clock(self) -> float:
        """Seconds since the epoch by the one clock that is everybody's."""


@dataclass(frozen=True, slots=True)
class Work(Generic[Made]):
    """Something that a ledger carries out, whole or not at all."""

    purpose: Purpose
    """What it `writes` no power failure takes back; what it `notes` one may, as the journal knows
    it or it is a pace; what only `reads` waits for no writer."""
    carry_out: Callable[[Transaction], Made]
    alone: bool = False
    """Whether it is one statement, which is a transaction by itself: then a server is asked once,
    and not for a beginning and an end of it as well."""


class Outcome(NamedTuple):
    """What came of a work: what it made, or why not."""

    made: object = None
    error: Exception | None = None


class Database(Protocol):
    """Where a ledger is; everything here happens in one thread."""

    def carry_out(self, works: Sequence[Work[Any]]) -> Sequence[Outcome]:
        """Carry out what is waiting, each whole or not at all."""

    def outlast(self, seconds: float, tell: Callable[[str], None]) -> None:
        """Wait so long for a server that is away, and say so."""

    def hurry(self) -> None:
        """Wait for no server that is away any more. May be called from any thread."""

    def break_off(self) -> None:
        """Wait for no answer any more. May be called from any thread."""

    def close(self) -> None:
        """Let go of every connection."""


def insert_once(table: str, columns: Sequence[str]) -> str:
    """The statement that inserts a row, unless its key is there already."""
    return f"{_insert(table, columns)} ON CONFLICT DO NOTHING"


def _insert(table: str, columns: Sequence[str]) -> str:
    places = ", ".join(f":{column}" for column in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608


def among(name: str, values: Sequence[object]) -> tuple[str, dict[str, object]]:
    """What comes after IN, and the values that it names."""
    named = {f"{name}_{number}": value for number, value in enumerate(values)}
    return f"({', '.join(f':{key}' for key in named)})", named
