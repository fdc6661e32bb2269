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
    assert ledger.do(take_receipt(ONE, "fal", "request"))
    assert ledger.do(take_receipt(ONE, "fal", "request"))
    assert not ledger.do(take_receipt(TWO, "fal", "request"))
    assert ledger.do(take_receipt(TWO, "replicate", "request"))


def test_it_is_known_whose_requests_are(ledger):
    ledger.do(take_receipt(ONE, "fal", "a"))
    ledger.do(take_receipt(TWO, "fal", "b"))
    assert ledger.do(find_takers("fal", ["a", "b", "c"])) == {"a": ONE, "b": TWO}
    assert ledger.do(find_takers("replicate", ["a"])) == {}


def test_of_many_that_want_a_request_one_has_it(address):
    open_ledger(address).close()

    def take(number):
        ledger = open_ledger(address)
        taken = ledger.do(take_receipt(ChargeKey(f"run-{number}", "tree", 1), "fal", "request"))
        ledger.close()
        return taken

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(24))) == 1


def test_a_journal_that_is_replayed_enters_its_receipts(ledger):
    record = RunRecord("run-1", "job.yaml", "/folder", NOON)
    charge = replace(a_charge(), request_id="request")
    for _ in range(2):
        ledger.do(replay_journal([record], [charge, a_charge("unsent")], NOON))
        assert ledger.do(find_takers("fal", ["request"])) == {"request": charge.key}


def test_a_ledger_from_before_gains_its_receipts(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    open_ledger(str(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE vidi_receipts")
    connection.close()
    ledger = open_ledger(str(path))
    assert ledger.do(take_receipt(ONE, "fal", "request"))
    ledger.close()
