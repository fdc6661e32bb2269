"""What is said when a ledger cannot be used."""

from __future__ import annotations

from vidi.errors import StorageError, UsageError

HINT = "Mend or move it, name another one with VIDI_LEDGER, or run untracked with VIDI_COSTS=off."


def explain(where: str, error: Exception) -> StorageError:
    """An error of a database, as a user is told."""
    cause = getattr(error, "orig", None) or error
    reason = str(cause).strip().partition("\n")[0]
    return StorageError(f"the ledger {where} cannot be used: {reason}", hint=HINT)


def unreadable_row(where: str) -> StorageError:
    """What is said where a row holds what no vidi has written."""
    return StorageError(f"the ledger {where} holds a row that cannot be read", hint=HINT)


def refuse_driverless() -> UsageError:
    """What is said where a server is named and nothing is installed that could talk to it."""
    return UsageError(
        "a PostgreSQL ledger needs a driver that is not installed",
        hint="Install it with: pip install 'vidi-run[postgres]'",
    )
