"""States as rows of JSON, every field in its place, and back again: nothing is lost on the way.

Amounts and times are text. What may be any JSON value goes into a table of its own, in which each
is held once: ten thousand inferences have one breakdown. There amounts are numbers, to the last
digit, as they are in the journal.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from vidi.inference.models.prices.estimate import RuleFigures
from vidi.inference.tracking.journal.charges import Charge, ChargeKey
from vidi.inference.tracking.journal.events import AssetRecord, InferenceState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_amount = lru_cache(maxsize=4096)(Decimal)
"""Amounts are the same over and over, and a Decimal is a hundred bytes."""


class _Form(NamedTuple):
    """How the values of a field are written and read; neither is asked about None."""

    write: Callable[[Any, Callable[[object], int]], object] | None = None
    """Given a value and what puts one into the table; None where JSON has it as it is."""
    read: Callable[[Any, Sequence[Any]], object] | None = None
    """Given what JSON has and the table; None where that is it."""


_AS_IT_IS = _Form()
_AMOUNT = _Form(lambda value, _: str(value), lambda text, _: _amount(text))
_TIME = _Form(lambda value, _: value.isoformat(), lambda text, _: datetime.fromisoformat(text))
_ANY = _Form(lambda value, put: put(value), lambda place, table: table[place])
_FORMS: dict[str, _Form] = {
    **dict.fromkeys(("str", "int", "str | None", "int | None", "float | None"), _AS_IT_IS),
    **dict.fromkeys(("Mapping[str, str]", "Mapping[str, str] | None"), _AS_IT_IS),
    **dict.fromkeys(("Decimal", "Decimal | None"), _AMOUNT),
    **dict.fromkeys(("datetime", "datetime | None"), _TIME),
    **dict.fromkeys(("object", "Mapping[str, object]", "Mapping[str, object] | None"), _ANY),
    "tuple[Mapping[str, object], ...]": _Form(
        lambda value, put: put(value), lambda place, table: tuple(table[place])
    ),
    "tuple[str, ...]": _Form(None, lambda texts, _: tuple(texts)),
    "ChargeKey": _Form(None, lambda key, _: ChargeKey(*key)),
    "RuleFigures | None": _Form(
        lambda value, _: [str(each) for each in value],
        lambda texts, _: RuleFigures(*map(_amount, texts)),
    ),
    "tuple[AssetRecord, ...]": _Form(
        lambda value, put: [write_row(each, put) for each in value],
        lambda rows, table: tuple(_read_as(AssetRecord, row, table) for row in rows),
    ),
    "tuple[Charge, ...]": _Form(
        lambda value, put: [write_row(each, put) for each in value],
        lambda rows, table: tuple(_read_as(Charge, row, table) for row in rows),
    ),
}
"""By the type of the field."""
_FIELDS: dict[type, list[tuple[str, _Form]]] = {
    InferenceState: [(each.name, _FORMS[str(each.type)]) for each in fields(InferenceState)],
    AssetRecord: [(each.name, _FORMS[str(each.type)]) for each in fields(AssetRecord)],
    Charge: [(each.name, _FORMS[str(each.type)]) for each in fields(Charge)],
}
_READERS = {
    each: [(place, form.read) for place, (_, form) in enumerate(named) if form.read is not None]
    for each, named in _FIELDS.items()
}
SHAPE = [[name for name, _ in named] for named in _FIELDS.values()]
"""What rows of this version hold, in order."""


def write_row(value: object, put: Callable[[object], int]) -> list[object]:
    """A state, or a part of one, as JSON values.

    Args:
        value: The state.
        put: Puts a JSON value into the table; returns its place there.
    """
    row: list[object] = []
    for name, form in _FIELDS[type(value)]:
        each = getattr(value, name)
        row.append(each if form.write is None or each is None else form.write(each, put))
    return row


def read_state(row: list[Any], table: Sequence[Any]) -> InferenceState:
    """The state that a row was made of.

    Raises:
        ArithmeticError, AttributeError, LookupError, TypeError, ValueError: It was made of none.
    """
    state: InferenceState = _read_as(InferenceState, row, table)
    return state


def _read_as(kind: Any, row: list[Any], table: Sequence[Any]) -> Any:
    for place, read in _READERS[kind]:
        if row[place] is not None:
            row[place] = read(row[place], table)
    return kind(*row)
