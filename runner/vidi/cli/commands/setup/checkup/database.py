"""The database that machines share, and what is installed for that, as the doctor sees them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from vidi.cli.commands.setup.checkup.findings import Finding
from vidi.errors import StorageError, UsageError
from vidi.inference.tracking.ledger.address import locate_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vidi.inference.tracking.fleet.server import ServerFacts

EXTRAS = {"postgres": "psycopg", "fleet": "procrastinate", "objects": "obstore"}
"""What several machines need, each with the library that makes the difference."""
MOST_SKEW_S = 5
"""Seconds by which a worker's clock may differ: leases and pace go by the database's, not by it."""
WRONG = 2


def check_extras() -> Iterator[Finding]:
    """Which of the extras are installed; that one is not is no mistake."""
    found = {extra: _find_version(library) for extra, library in EXTRAS.items()}
    told = [f"{extra} ({EXTRAS[extra]} {is_at})" for extra, is_at in found.items() if is_at]
    missing = [extra for extra, is_at in found.items() if not is_at]
    line = f"extras: {', '.join(told) or 'none'}"
    yield Finding(f"{line}; not installed: {', '.join(missing)}" if missing else line)


def _find_version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def check_database(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Whether a PostgreSQL ledger may be trusted with a fleet; nothing where it is a file."""
    address = locate_ledger(environ)
    if address is None or not address.startswith("postgres"):
        return
    from vidi.inference.tracking.fleet.server import look_at_server

    try:
        yield from tell_server(look_at_server(address))
    except (StorageError, UsageError):
        return  # the line about the ledger has said it


def tell_server(facts: ServerFacts) -> Iterator[Finding]:
    """What is to be said of a server."""
    yield Finding(
        f"database: PostgreSQL {facts.version}, which needs no extension; "
        f"{facts.max_connections} connections"
    )
    if facts.synchronous_commit == "off":
        yield Finding(
            "database: synchronous_commit is off, so a crash forgets what was bought",
            "Set synchronous_commit = on in postgresql.conf, or ALTER ROLE … SET it.",
            WRONG,
        )
    if facts.standbys > facts.synchronous_standbys == 0:
        yield Finding(
            f"database: {facts.standbys} standby, and no COMMIT waits for it",
            "A failover to it may forget purchases: set synchronous_standby_names.",
        )
    if facts.pooled:
        yield Finding(
            "database: a pooler gives each transaction another connection",
            "Use PgBouncer's pool_mode = session, or the server's own port.",
        )
    if abs(facts.ahead_s) > MOST_SKEW_S:
        ahead = "ahead of" if facts.ahead_s > 0 else "behind"
        yield Finding(
            f"clock: {abs(facts.ahead_s):,.0f} s {ahead} the database's",
            "Set the clock: what is in doubt is looked for by time.",
        )
