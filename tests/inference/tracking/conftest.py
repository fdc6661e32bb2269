"""Ledgers for the tests: each test runs on SQLite and on a real PostgreSQL."""

import contextlib
from collections.abc import Iterator

import pytest

from support.servers.postgres import SKIPPED, find_binaries, serve_postgres
from vidi.inference.tracking.ledger.connection import Ledger, open_ledger


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server that lasts as long as the session."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip(SKIPPED)
    with serve_postgres(binaries) as url:
        yield url


@pytest.fixture
def postgres_database(postgres: str) -> str:
    """The URL of a database, emptied."""
    import psycopg

    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path) -> str:
    """Where an empty ledger is."""
    if request.param == "sqlite":
        return str(tmp_path / "state" / "ledger.sqlite3")
    return request.getfixturevalue("postgres_database")


@pytest.fixture
def ledger(address: str) -> Iterator[Ledger]:
    """An open, empty ledger."""
    with contextlib.closing(open_ledger(address)) as opened:
        yield opened
