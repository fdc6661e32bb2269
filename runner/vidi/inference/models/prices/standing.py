"""How far a price may be trusted: how sure its reader was, and how long ago that was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from vidi.inference.models.prices.rows import row_in_force

if TYPE_CHECKING:
    from vidi.inference.models.price_rules import PriceRow
    from vidi.inference.models.template import ModelInfo

STALE_DAYS = 180
"""After these nobody knows any more: of 89 prices compared over two months, two had changed."""


@dataclass(frozen=True, slots=True)
class PriceStanding:
    """What is to be known of a price beside its amount."""

    confidence: str
    """`high`, `medium` or `low`."""
    as_of: str
    """When somebody looked at it last, ISO 8601, to the day or the month; empty if never."""
    age_days: int | None
    """Days since; None where nobody has looked, or where there is no such day."""

    @property
    def low(self) -> bool:
        """Whether its own reader was not sure."""
        return self.confidence == "low"

    @property
    def stale(self) -> bool:
        """Whether nobody has looked for long."""
        return self.age_days is not None and self.age_days > STALE_DAYS

    def to_json(self) -> dict[str, object]:
        """As the answers of commands hold it."""
        return {
            "confidence": self.confidence,
            "as_of": self.as_of or None,
            "age_days": self.age_days,
        }


_MOST_KEPT = 2000
_known: dict[tuple[int, date], tuple[ModelInfo, PriceStanding]] = {}
"""What was found of a model on a day; the model is held, as it goes by its identity."""


def price_standing(model: ModelInfo, on: date) -> PriceStanding:
    """How far a model's price of a day may be trusted."""
    key = (id(model), on)
    if key not in _known:
        if len(_known) >= _MOST_KEPT:
            _known.clear()
        _known[key] = (model, _find_standing(model, on))
    return _known[key][1]


def _find_standing(model: ModelInfo, on: date) -> PriceStanding:
    row = row_in_force(model.pricing, on)
    confidence = model.confidence.get("pricing", "low")
    if isinstance(row, str):
        as_of = model.as_of.get("pricing", "")
    else:
        as_of = last_look(row)
        confidence = row.get("confidence", confidence)
    day = read_day(as_of)
    return PriceStanding(confidence, as_of, None if day is None else max(0, (on - day).days))


def last_look(row: PriceRow) -> str:
    """When a row was read last: at its beginning, or when it was checked."""
    return max(str(row["from"]), str(row.get("checked", "")))


def read_day(text: str) -> date | None:
    """The day, or the first of the month where there is only a month; None where it is none."""
    try:
        return date.fromisoformat(text if text.count("-") > 1 else f"{text}-01")
    except ValueError:
        return None
