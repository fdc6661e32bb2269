import sqlite3
import sys

import pytest

from support.ledgers import a_charge, change, usage
from vidi.errors import StorageError, UsageError
from vidi.inference.tracking.ledger.connection import HINT, open_ledger
from vidi.inference.tracking.ledger.ledger import reserve_charge
from vidi.inference.tracking.ledger.work import Work


def test_a_ledger_is_made_where_there_is_none_and_opened_again(address):
    for name in ("a", "b"):
        ledger = open_ledger(address)
        ledger.do(reserve_charge(a_charge(name), []))
        ledger.close()
    ledger = open_ledger(address)
    assert str(usage(ledger).reserved) == "0.100000"
    ledger.close()


def test_a_newer_ledger_is_left_alone(address):
    ledger = open_ledger(address)
    change(ledger, "UPDATE vidi_about SET value = 2")
    ledger.close()
    with pytest.raises(StorageError) as caught:
        open_ledger(address)
    assert caught.value.message == (
        f"the ledger {ledger.where} has version 2, and this vidi knows 1"
    )
    assert caught.value.hint == "Update vidi, or name another ledger with VIDI_LEDGER."


def test_a_file_that_is_no_ledger_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(b"not a database at all, and long enough to be looked at" * 40)
    before = path.read_bytes()
    with pytest.raises(StorageError) as caught:
        open_ledger(str(path))
    assert caught.value.message == f"the ledger {path} cannot be used: file is not a database"
    assert caught.value.hint == HINT
    assert path.read_bytes() == before


def test_a_damaged_ledger_is_refused(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    open_ledger(str(path)).close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"cannot be used: database disk image is malformed"):
        open_ledger(str(path)).do(reserve_charge(a_charge(), []))


def test_a_locked_ledger_grants_nothing(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    ledger = open_ledger(str(path), patience_s=0.1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError) as caught:
        ledger.do(reserve_charge(a_charge(), []))
    assert caught.value.message == f"the ledger {path} cannot be used: database is locked"
    assert caught.value.hint == HINT
    other.execute("ROLLBACK")
    other.close()
    assert usage(ledger).reserved == 0
    ledger.close()


def test_a_ledger_that_is_held_can_still_be_read(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    ledger = open_ledger(str(path))
    ledger.do(reserve_charge(a_charge(), []))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert str(usage(ledger).reserved) == "0.050000"
    other.close()
    ledger.close()


def test_a_folder_in_the_way_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError) as caught:
        open_ledger(str(tmp_path / "file" / "ledger.sqlite3"))
    assert caught.value.message == (
        f"cannot make the ledger's folder {tmp_path / 'file'}: File exists"
    )


def test_a_server_that_is_not_there_is_told_without_its_password():
    with pytest.raises(StorageError) as caught:
        open_ledger("postgres://user:secret@127.0.0.1:9/money")
    assert caught.value.message.startswith(
        "the ledger postgres://user:***@127.0.0.1:9/money cannot be used: connection failed"
    )
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("mysql://localhost/money", "mysql:// is neither"),
        ("sqlite:///money.db", "sqlite:// is neither"),
        ("postgresql://host:port/db", "what it holds cannot be read"),
        ("://", "what it holds cannot be read"),
    ],
)
def test_another_kind_of_address_is_refused(address, why):
    with pytest.raises(UsageError) as caught:
        open_ledger(address)
    assert caught.value.message == f"VIDI_LEDGER is a path or a postgresql:// URL, and {why}"
    assert caught.value.hint == (
        "Write postgresql://user:password@host:port/database, or a path, or unset it."
    )


@pytest.mark.parametrize("missing", ["psycopg", "sqlalchemy"])
def test_a_missing_driver_is_named(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, "vidi.inference.tracking.ledger.postgres", raising=False)
    with pytest.raises(UsageError) as caught:
        open_ledger("postgresql://localhost/money")
    assert caught.value.hint == "Install it with: pip install 'vidi-run[postgres]'"


def test_a_table_that_another_holds_in_postgresql_grants_nothing(postgres_database):
    ledger = open_ledger(postgres_database, patience_s=0.1)
    other = open_ledger(postgres_database)

    def lock(transaction):
        transaction.change("LOCK TABLE vidi_periods IN EXCLUSIVE MODE", {})
        with pytest.raises(StorageError, match="canceling statement due to lock timeout"):
            ledger.do(reserve_charge(a_charge(), []))

    other.do(Work("writes", lock))
    assert usage(ledger).reserved == 0
    ledger.close()
    other.close()
