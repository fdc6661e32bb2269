"""fal's bills as they were recorded, from recorded_bills.txt."""

import json
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).parents[2] / "recorded_bills.txt"


class RecordedBill(NamedTuple):
    """What one real call was billed."""

    endpoint: str
    units: str
    base_usd: Decimal
    base_unit: str
    usd: Decimal | None
    """None where it is not known."""
    params: dict

    @property
    def model(self) -> str:
        return f"fal/{self.endpoint}"


def read_recorded_bills() -> tuple[RecordedBill, ...]:
    """Every call of the table."""
    lines = [line for line in TABLE.read_text("utf-8").splitlines() if line and line[0] != "#"]
    return tuple(_read(line) for line in lines)


def _read(line: str) -> RecordedBill:
    endpoint, units, base_usd, base_unit, usd, params = map(str.strip, line.split("|", 5))
    bill = None if usd == "-" else Decimal(usd)
    return RecordedBill(endpoint, units, Decimal(base_usd), base_unit, bill, json.loads(params))
