"""Each request at a provider is entered for one attempt, whoever else wants it."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from support.ledgers import NOON, a_charge
from vidi.inference.tracking.journal.charges import ChargeKey
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.inference.tracking.ledger.receipts import find_takers, take_receipt
from vidi.inference.tracking.ledger.replay import RunRecord, replay_journal

ONE = ChargeKey("run-1", "tree", 1)
TWO = ChargeKey("run-2", "tree", 1)


def test_the_first_to_enter_a_request_has_it(ledger):
    assert take_receipt(ledger, ONE, "fal", "request")
    assert take_receipt(ledger, ONE, "fal", "request")
    assert not take_receipt(ledger, TWO, "fal", "request")
    assert take_receipt(ledger, TWO, "replicate", "request")


def test_it_is_known_whose_requests_are(ledger):
    take_receipt(ledger, ONE, "fal", "a")
    take_receipt(ledger, TWO, "fal", "b")
    assert find_takers(ledger, "fal", ["a", "b", "c"]) == {"a": ONE, "b": TWO}
    assert find_takers(ledger, "replicate", ["a"]) == {}


def test_of_many_that_want_a_request_one_has_it(address):
    open_ledger(address).close()

    def take(number):
        ledger = open_ledger(address)
        taken = take_receipt(ledger, ChargeKey(f"run-{number}", "tree", 1), "fal", "request")
        ledger.close()
        return taken

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(24))) == 1


def test_a_journal_that_is_replayed_enters_its_receipts(ledger):
    record = RunRecord("run-1", "job.yaml", "/folder", NOON)
    charge = replace(a_charge(), request_id="request")
    for _ in range(2):
        replay_journal(ledger, [record], [charge, a_charge("unsent")], NOON)
        assert find_takers(ledger, "fal", ["request"]) == {"request": charge.key}


def test_a_ledger_from_before_gains_its_receipts(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    open_ledger(str(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE vidi_receipts")
    connection.close()
    ledger = open_ledger(str(path))
    assert take_receipt(ledger, ONE, "fal", "request")
    ledger.close()
