"""A fleet in a folder of its own."""

import pytest

from support.fleets import Fleet
from support.servers.sandbox import serve_sandbox


@pytest.fixture
def fleet(here, postgres_database, monkeypatch):
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("VIDI_LEDGER", postgres_database)
        yield Fleet(here, postgres_database, served)
