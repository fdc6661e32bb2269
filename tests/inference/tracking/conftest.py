"""Ledgers for the tests: each test runs on SQLite and on a real PostgreSQL."""

import contextlib
from collections.abc import Iterator

import pytest

from vidi.inference.tracking.ledger.connection import Ledger, open_ledger


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
