"""The ledger is locked, damaged, read-only, gone or unreachable: through the command."""

import contextlib
import os
import socket
import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from support.disks import make_read_only, mounted
from support.servers.cable import Cable
from support.servers.intervening import serve_world

HINT = (
    "  hint: Mend or move it, name another one with VIDI_LEDGER, or run untracked with "
    "VIDI_COSTS=off.\n"
)
BEHIND = (
    "the ledger {where} did not take 1 of the costs; the next run of this folder enters them from "
    "its journal\n"
)


@pytest.fixture
def world(here):
    with serve_world(here) as served:
        yield served


@pytest.fixture
def path():
    return Path(os.environ["VIDI_LEDGER"])


@contextlib.contextmanager
def locked(path):
    """Another process is in the middle of a change."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


def say(where, why):
    return f"the ledger {where} cannot be used: {why}\n{HINT}"


def check_that_nothing_was_bought(world, where, why):
    answer = world.run()
    assert (answer.exit_code, answer.stderr) == (2, say(where, why))
    assert world.served.requests == 0


def test_a_ledger_that_stays_locked_buys_nothing(world, path):
    assert world.run("--select", "tree").exit_code == 0
    with locked(path):
        answer = world.run()
        assert (answer.exit_code, answer.stderr) == (2, say(path, "database is locked"))
        assert world.served.submits == 1
    world.check_that_all_is_well()


def test_a_ledger_that_is_locked_when_the_bill_comes_is_brought_up_by_the_next_run(world, path):
    with contextlib.ExitStack() as lock:
        world.at("download", lambda: lock.enter_context(locked(path)))
        answer = world.run("-q", "--select", "tree")
        assert (answer.exit_code, answer.stderr) == (0, BEHIND.format(where=path))
    world.check_that_all_is_well()


def truncate(path):
    path.write_bytes(path.read_bytes()[:6000])


def scribble(path):
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)


def overwrite(path):
    path.write_bytes(b"no database, and long enough to be looked at" * 100)


MALFORMED = "database disk image is malformed"


@pytest.mark.parametrize(
    ("damage", "why"),
    [(truncate, MALFORMED), (scribble, MALFORMED), (overwrite, "file is not a database")],
)
def test_a_damaged_ledger_buys_nothing_and_loses_nothing(world, path, damage, why):
    assert world.run("--select", "tree").exit_code == 0
    damage(path)
    answer = world.run("-q")
    assert (answer.exit_code, answer.stderr) == (2, say(path, why))
    assert world.served.submits == 1
    path.unlink()
    world.check_that_all_is_well()


@pytest.mark.parametrize("command", ["costs", "history"])
def test_a_damaged_ledger_is_not_summed_up(here, path, command):
    path.write_bytes(b"")
    overwrite(path)
    answer = here("vidi", command)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr == say(path, "file is not a database")


def test_a_locked_ledger_can_still_be_summed_up(world, path):
    assert world.run().exit_code == 0
    with locked(path):
        assert world.here("vidi", "costs", "--json").json["total_usd"] == 0.028


@pytest.mark.parametrize("moment", ["submit", "download"])
def test_a_ledger_that_is_damaged_while_it_runs_grants_nothing_more(world, path, moment):
    world.at(moment, lambda: spoil_schema(path))
    answer = world.run("-q")
    why = "no such table: vidi_charges"
    assert (answer.exit_code, world.served.submits) == (1, 1)
    assert answer.stderr == f"{BEHIND.format(where=path)}stopped: {say(path, why)}"
    path.unlink()
    world.check_that_all_is_well()


def spoil_schema(path):
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE vidi_charges")
        other.commit()


def test_a_ledger_of_a_newer_vidi_buys_nothing(world, path):
    assert world.run("--select", "tree").exit_code == 0
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE vidi_about SET value = 99 WHERE name = 'schema'")
        other.commit()
    answer = world.run("-q")
    assert answer.exit_code == 2
    assert answer.stderr.startswith(f"the ledger {path} has version 99, and this vidi knows ")
    assert answer.stderr.endswith(
        "\n  hint: Update vidi, or name another ledger with VIDI_LEDGER.\n"
    )
    assert world.served.submits == 1


def test_a_folder_in_its_place_buys_nothing(world, path):
    path.mkdir()
    answer = world.run()
    hint = "Name a path of which vidi makes a file, or a postgresql:// URL."
    said = f"VIDI_LEDGER names a folder: {path}\n  hint: {hint}\n"
    assert (answer.exit_code, answer.stderr, world.served.requests) == (2, said, 0)


def test_a_ledger_whose_folder_cannot_be_made_buys_nothing(world):
    world.here.write("state", "in the way")
    path = world.here.folder / "state/deep/ledger.sqlite3"
    world.here._monkeypatch.setenv("VIDI_LEDGER", str(path))
    answer = world.run()
    said = f"cannot make the ledger's folder {path.parent}: Not a directory\n{HINT}"
    assert (answer.exit_code, answer.stderr) == (2, said)
    assert world.served.requests == 0


def test_a_ledger_that_was_deleted_is_made_anew_from_the_journals(world, path):
    world.at("download", path.unlink)
    assert world.run().exit_code == 0
    world.check_that_all_is_well()


def test_a_read_only_ledger_buys_nothing(world):
    with mounted(world.here.folder / "state", options="size=1m") as disk:
        path = disk / "ledger.sqlite3"
        world.here._monkeypatch.setenv("VIDI_LEDGER", str(path))
        assert world.run("--select", "tree").exit_code == 0
        make_read_only(disk)
        answer = world.run("-q")
        assert answer.exit_code == 2
        assert answer.stderr == say(path, "unable to open database file")
        assert world.served.submits == 1
        make_read_only(disk, read_only=False)
        world.check_that_all_is_well()


def test_a_server_that_is_not_there_buys_nothing(world):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    world.here._monkeypatch.setenv("VIDI_LEDGER", f"postgresql://me:secret@127.0.0.1:{port}/money")
    answer = world.run("-q")
    assert (answer.exit_code, world.served.requests) == (2, 0)
    told, hint = answer.stderr.splitlines(keepends=True)
    where = f"postgresql://me:***@127.0.0.1:{port}/money"
    assert told.startswith(f"the ledger {where} cannot be used: connection failed: ")
    assert told.endswith("Connection refused\n")
    assert hint == HINT


@pytest.fixture
def careful(postgres):
    """A user of the server who needs a password: right."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        path = Path(connection.execute("SHOW hba_file").fetchone()[0])
        trusting = path.read_text()
        path.write_text(f"host all careful 127.0.0.1/32 scram-sha-256\n{trusting}")
        connection.execute("CREATE ROLE careful LOGIN PASSWORD 'right'")
        connection.execute("SELECT pg_reload_conf()")
        yield make_url(postgres).set(username="careful")
        path.write_text(trusting)
        connection.execute("DROP ROLE careful")
        connection.execute("SELECT pg_reload_conf()")


def test_a_wrong_password_buys_nothing_and_is_not_repeated(world, careful):
    address = careful.set(password="wrong-one").render_as_string(hide_password=False)
    world.here._monkeypatch.setenv("VIDI_LEDGER", address)
    answer = world.run("-q")
    assert (answer.exit_code, world.served.requests) == (2, 0)
    assert "careful:***@127.0.0.1" in answer.stderr
    assert 'password authentication failed for user "careful"\n' in answer.stderr
    assert "wrong-one" not in answer.stderr


@pytest.mark.parametrize("moment", ["submit", "look", "download"])
def test_a_server_that_goes_away_while_it_runs_grants_nothing_more(
    world, postgres_database, moment
):
    url = make_url(postgres_database)
    cable = Cable(url.port)
    world.here._monkeypatch.setenv("VIDI_LEDGER", str(url.set(port=cable.port)))
    world.here._monkeypatch.setenv("VIDI_LEDGER_SECONDS", "0.3")
    world.at(moment, cable.cut)
    answer = world.run("-q")
    assert (answer.exit_code, world.served.submits) == (1, 1)
    behind, stopped, hint = answer.stderr.splitlines(keepends=True)
    where = str(url.set(port=cable.port))
    assert behind == BEHIND.format(where=where)
    assert stopped.startswith(f"stopped: the ledger {where} cannot be used: ")
    assert hint == HINT
    world.here._monkeypatch.setenv("VIDI_LEDGER", postgres_database)
    world.check_that_all_is_well()
