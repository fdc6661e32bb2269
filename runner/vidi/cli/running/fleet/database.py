"""The database of a fleet, as the environment names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.tracking.fleet.settings import FleetSettings
from vidi.inference.tracking.ledger.address import locate_ledger
from vidi.inference.tracking.ledger.connection import BUSY_S, open_ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.tracking.ledger.connection import Ledger

INSTALL = "Set VIDI_LEDGER=postgresql://user:password@host:port/database for all of its machines."


def open_shared_ledger(environ: Mapping[str, str], patience_s: float = BUSY_S) -> Ledger:
    """The database of a fleet.

    Args:
        environ: Says where it is.
        patience_s: Seconds to wait for another to let go of a row; an answer may take twice that.

    Raises:
        UsageError: It is none that several machines may use, or a setting of fleets is wrong.
        StorageError: It cannot be used.
    """
    FleetSettings.from_environment(environ)
    address = locate_ledger(environ)
    if address is None or "://" not in address:
        told = "nothing is tracked (VIDI_COSTS=off)" if address is None else "VIDI_LEDGER is a file"
        raise UsageError(f"a fleet keeps all it knows in PostgreSQL, and {told}", hint=INSTALL)
    return open_ledger(address, patience_s=patience_s)
