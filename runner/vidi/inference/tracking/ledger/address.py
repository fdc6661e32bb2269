"""Which ledger holds the money, from the environment: its address, or that there is none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from vidi.errors import UsageError
from vidi.file_kinds import name_other_kind
from vidi.inference.settings import read_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

LEDGER = "VIDI_LEDGER"
TRACKING = "VIDI_COSTS"
OUTAGE = "VIDI_LEDGER_SECONDS"
"""The variable that bounds how long a run waits for a server that is away."""
LONGEST_OUTAGE_S = 86_400
_ON = frozenset({"", "on", "1", "true", "yes"})
_OFF = frozenset({"off", "0", "false", "no"})


def locate_ledger(environ: Mapping[str, str]) -> str | None:
    """The path or postgresql:// URL of the ledger; None where tracking is turned off.

    Raises:
        UsageError: VIDI_COSTS is neither on nor off.
    """
    word = environ.get(TRACKING, "").strip().lower()
    if word in _OFF:
        return None
    if word not in _ON:
        raise UsageError(
            f"{TRACKING} is '{word}', which is neither on nor off",
            hint=f"Set {TRACKING}=off to run without tracking, or unset it.",
        )
    return find_ledger(environ)


def show_address(address: str) -> str:
    """An address as it may be shown: a server's host and database, or the path as it is.

    Who signs in may stand before its host or among its options: neither is shown.
    """
    parts = urlsplit(address)
    if "://" not in address:
        return address
    if "@" in address and "@" not in parts.netloc:  # a password with a `/` or `?` in it, say
        return f"{parts.scheme}://…"
    return parts.netloc.rpartition("@")[2] + parts.path


def read_outage(environ: Mapping[str, str]) -> float:
    """Seconds that a run waits for a ledger that is away; nothing is bought meanwhile.

    Raises:
        UsageError: The setting is no such number.
    """
    return read_seconds(environ, OUTAGE, "60", LONGEST_OUTAGE_S)


def find_ledger(environ: Mapping[str, str]) -> str:
    """The path or postgresql:// URL of the ledger, whether or not runs are tracked now."""
    address = environ.get(LEDGER, "").strip()
    if address:
        kind = name_other_kind(Path(address).expanduser()) if "://" not in address else ""
        if kind:
            hint = "Name a path of which vidi makes a file, or a postgresql:// URL."
            raise UsageError(f"{LEDGER} names {kind}: {address}", hint=hint)
        return address
    from platformdirs import user_state_path

    return str(user_state_path("vidi", appauthor=False) / "ledger.sqlite3")
