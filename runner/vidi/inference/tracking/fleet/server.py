"""The database of a fleet looked at once: whether it keeps what it has said it keeps.

Whoever buys after a COMMIT trusts it: a server that forgets one (`synchronous_commit = off`, a
failover to a standby that was behind) forgets an intent, and the purchase is seen by nobody. A
pooler that gives each transaction another connection loses what NOTIFY and advisory locks are made
of: https://www.pgbouncer.org/features.html
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString

from vidi.inference.tracking.ledger.address import show_address
from vidi.inference.tracking.ledger.trouble import explain, refuse_driverless

if TYPE_CHECKING:
    import psycopg

CONNECT_S = 10
_DRIVER = "+psycopg"


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a look at the server shows."""

    version: str
    """As `server_version` has it."""
    synchronous_commit: str
    """`off` is the one that forgets."""
    standbys: int
    """Servers that follow it."""
    synchronous_standbys: int
    """Those of them that a COMMIT waits for."""
    pooled: bool
    """Whether each transaction may have another connection."""
    ahead_s: float
    """By how many seconds this machine's clock is ahead of the server's."""
    max_connections: int


def look_at_server(address: str) -> ServerFacts:
    """Ask a server about itself.

    Args:
        address: A postgresql:// URL.

    Raises:
        UsageError: The driver is not installed.
        StorageError: It cannot be reached, or does not answer.
    """
    try:
        import psycopg
    except ImportError as error:
        raise refuse_driverless() from error
    plain = address.replace(_DRIVER, "", 1)
    try:
        with (
            psycopg.connect(plain, connect_timeout=CONNECT_S, autocommit=True) as first,
            psycopg.connect(plain, connect_timeout=CONNECT_S, autocommit=True) as second,
        ):
            standbys = _ask(first, "SELECT count(*) FROM pg_stat_replication")
            waited_for = _ask(
                first,
                "SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')",
            )
            return ServerFacts(
                str(_ask(first, "SHOW server_version")),
                str(_ask(first, "SHOW synchronous_commit")),
                int(standbys),
                int(waited_for),
                _is_pooled(first, second),
                _compare_clocks(first),
                int(_ask(first, "SHOW max_connections")),
            )
    except psycopg.Error as error:
        raise explain(show_address(address), error) from error


def _is_pooled(first: psycopg.Connection, second: psycopg.Connection) -> bool:
    """Whether one connection gets another's server as soon as its transaction has ended."""
    before = _ask(first, "SELECT pg_backend_pid()")
    with second.transaction():  # a pooler gives it the server that was used last
        _ask(second, "SELECT pg_backend_pid()")
        return bool(_ask(first, "SELECT pg_backend_pid()") != before)


def _compare_clocks(connection: psycopg.Connection) -> float:
    began = time.time()
    there = float(_ask(connection, "SELECT extract(epoch FROM clock_timestamp())"))
    return (began + time.time()) / 2 - there


def _ask(connection: psycopg.Connection, question: LiteralString) -> Any:
    row = connection.execute(question).fetchone()
    return row[0] if row is not None else 0
