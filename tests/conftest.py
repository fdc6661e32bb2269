"""Fixtures that every test may use, and the guard that keeps the suite offline."""

import gc
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from ipaddress import ip_address
from itertools import compress, count
from operator import not_
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support.commands import Here
from support.servers.warm_process import ADDRESS
from support.turns import DAYS, EVERY_TEST, Turn, examples, has_turn, turn_of_today

# Else each of some hundred commands in processes of their own compiles vidi anew, 0.3 s a time, and
# each worker rewrites every test file.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

gc.disable()  # until all tests are collected

# The tests write and sync some ten thousand small files: in memory that takes a fifth less time.
MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 << 30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# On a busy machine slow is no finding; under CI, the same commit is tried with the same examples.
settings.register_profile(
    "vidi",
    max_examples=examples(100),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("vidi")


NUMBERS = count(1)
TURN = pytest.StashKey[Turn | None]()


class OutsideWorldError(RuntimeError):
    """A test reached for a host that is not this machine."""


def _is_this_machine(address: object) -> bool:
    if not isinstance(address, tuple):  # a Unix socket path
        return True
    host = str(address[0])
    if host in {"", "localhost"}:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def _refuse_the_outside_world(monkeypatch: pytest.MonkeyPatch):
    """Refuse every connection but loopback's, whoever makes it."""
    real_connect, real_connect_ex = socket.socket.connect, socket.socket.connect_ex

    def connect(self, address):
        if not _is_this_machine(address):
            raise OutsideWorldError(f"a test tried to reach {address}")
        return real_connect(self, address)

    def connect_ex(self, address):
        if not _is_this_machine(address):
            raise OutsideWorldError(f"a test tried to reach {address}")
        return real_connect_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect_ex)


@pytest.fixture(autouse=True)
def _nobody_home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory):
    """No key, setting or state of the person at the machine reaches a test."""
    for name in (
        "REPLICATE_API_TOKEN",
        "FAL_KEY",
        "CI",
        "GITHUB_ACTIONS",
        "NO_COLOR",
        "VIDI_COSTS",
        "VIDI_NOTIFY",
        "VIDI_STORE",
        "VIDI_REPLICATE_URL",
        "VIDI_FAL_QUEUE_URL",
        "VIDI_FAL_REST_URL",
        "VIDI_FAL_CDN_URL",
        "VIDI_FAL_PLATFORM_URL",
        "VIDI_FAL_SITE_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VIDI_RECONCILE_SECONDS", "0.5")
    monkeypatch.setenv("VIDI_REGISTRY", str(tmp_path_factory.getbasetemp() / "none.pack"))
    state = tmp_path_factory.getbasetemp() / f"state-{next(NUMBERS)}"
    state.mkdir()
    monkeypatch.setenv("VIDI_LEDGER", str(state / "ledger.sqlite3"))


def pytest_configure(config: pytest.Config) -> None:
    """One warm process serves all workers of a run: their settings are their controller's."""
    if not hasattr(config, "workerinput"):
        os.environ[ADDRESS] = str(Path(tempfile.mkdtemp(prefix="vidi-warm-")) / "orders")
        config.stash[TURN] = turn_of_today(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """All workers play the same tests, also where the day ends while they collect them."""
    turn = node.config.stash[TURN]
    node.workerinput["turn"] = turn and tuple(turn)


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    turn = config.stash[TURN]
    if turn is not None:
        which = f"{'all but ' if turn.others else ''}turn {turn.day + 1} of {DAYS}"
        told = f"{which} of the tests that play whole commands; {EVERY_TEST}=1 plays all"
        terminalreporter.write_line(told)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    worker = getattr(config, "workerinput", None)
    turn = config.stash[TURN] if worker is None else worker["turn"]
    if turn is None:
        return
    played = list(has_turn(items, Turn(*turn)))
    config.hook.pytest_deselected(items=[*compress(items, map(not_, played))])
    items[:] = compress(items, played)


def pytest_collection_finish() -> None:
    """Thousands of tests stay to the end: looking whether they do took a tenth of the time."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(Path(os.environ.pop(ADDRESS)).parent, ignore_errors=True)


@pytest.fixture(scope="session")
def browser():
    """One real browser for all tests of a process."""
    from support.browser import CHROMIUM, MISSING, Browser

    if CHROMIUM is None:
        pytest.skip(MISSING)
    opened = Browser()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server that lasts as long as the session."""
    from support.servers.postgres import SKIPPED, find_binaries, serve_postgres

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


@pytest.fixture(scope="session")
def s3():
    """An S3 server for all tests of a process; skips where it is not installed."""
    from support.servers.object_storage import serve_s3

    with serve_s3() as url:
        yield url


@pytest.fixture
def here(tmp_path, monkeypatch: pytest.MonkeyPatch, capfd) -> Here:
    """Run commands in this process, in an empty folder that is the working directory."""
    monkeypatch.chdir(tmp_path)
    return Here(tmp_path, monkeypatch, capfd)
