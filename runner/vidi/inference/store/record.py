"""One purchase as the store has it: what it was made from, what it cost, what it made."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.store.blobs import StoreError
from vidi.inference.tracking.journal.fold import read_asset
from vidi.inference.tracking.journal.journal import dump_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.tracking.journal.events import AssetRecord, InferenceState

RECORD_SCHEMA = 1
"""The version of the format; a newer one is not guessed at."""


@dataclass(frozen=True, slots=True)
class StoreRecord:
    """A purchase that any folder may have for nothing."""

    fingerprint: str
    number: int
    """Which of the purchases that are exactly alike, from 1."""
    model: str
    params: Mapping[str, object]
    """As the journal has them: files as descriptors, secrets left out."""
    inputs: Mapping[str, str]
    request_id: str | None
    paid: Decimal
    """USD."""
    paid_basis: str | None
    made_at: str | None
    """ISO 8601."""
    assets: tuple[AssetRecord, ...]
    """Their paths are those of the folder that bought them."""

    def write(self) -> bytes:
        """The record as JSON, in UTF-8."""
        fields = {**asdict(self), "assets": [_describe(asset) for asset in self.assets]}
        return (dump_line({"schema_version": RECORD_SCHEMA, **fields}) + "\n").encode()


def record_of(state: InferenceState) -> StoreRecord:
    """A purchase of a journal as the store is to have it."""
    made_at = state.completed_at
    return StoreRecord(
        fingerprint=state.fingerprint,
        number=state.number,
        model=state.model,
        params=state.params,
        inputs=state.inputs,
        request_id=state.request_id,
        paid=state.paid,
        paid_basis=state.paid_basis,
        made_at=None if made_at is None else made_at.isoformat(timespec="seconds"),
        assets=state.assets,
    )


def read_record(name: str, content: bytes) -> StoreRecord:
    """Read a record.

    Raises:
        StoreError: It is none, or a newer vidi has written it.
    """
    try:
        found = json.loads(content, parse_float=Decimal)
        if found["schema_version"] > RECORD_SCHEMA:
            raise StoreError(f"a newer vidi has written {name} of the store", hint="Update vidi.")
        return StoreRecord(
            fingerprint=found["fingerprint"],
            number=found["number"],
            model=found["model"],
            params=found["params"],
            inputs=found["inputs"],
            request_id=found["request_id"],
            paid=Decimal(str(found["paid"])),
            paid_basis=found["paid_basis"],
            made_at=found["made_at"],
            assets=tuple(read_asset(asset) for asset in found["assets"]),
        )
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise StoreError(
            f"{name} of the store cannot be read",
            hint="`vidi store verify --remove` takes it away; it is then bought again.",
        ) from error


def _describe(asset: AssetRecord) -> dict[str, object]:
    """An asset without what is true of one folder only."""
    described = asset.to_json()
    return {name: described[name] for name in described.keys() - {"e_tag", "mtime_ns", "replaced"}}
