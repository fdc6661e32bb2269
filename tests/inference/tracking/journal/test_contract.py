"""What every journal and its books promise: in a file, in memory, and in PostgreSQL."""

import contextlib
from decimal import Decimal

import pytest

from support.fleets import enter
from vidi.inference.tracking.books import FolderBooks, Reservation
from vidi.inference.tracking.budget import Budget
from vidi.inference.tracking.fleet.books import ShardBooks
from vidi.inference.tracking.fleet.rows import Row
from vidi.inference.tracking.fleet.schema import make_fleet_tables
from vidi.inference.tracking.fleet.shards import claim_shard
from vidi.inference.tracking.journal.journal import FileJournal
from vidi.inference.tracking.journal.memory import MemoryJournal
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.inference.tracking.receipts import UnsharedReceipts

MODEL, PRICE = "fal/fal-ai/flux/dev", Decimal("0.003")
ERROR = {"code": "not-sent", "message": "why", "hint": ""}
ASSET = {"path": "a.png", "sha256": "s", "bytes": 3, "content_type": "image/png"}
WAYS = [
    ("completed", "asset", "settled"),
    ("unfinished", "completed", "settled"),
    ("in_doubt", "submitted", "completed", "settled"),
    ("in_doubt", "refused", "again", "submitted", "completed"),
    ("refused", "again", "refused"),
]
KEPT = ("status", "request_id", "params", "reserved", "spent", "paid", "output", "metrics", "error")


@pytest.fixture(params=["file", "memory", "postgresql"])
def books(request, tmp_path):
    budget = Budget(Decimal(1))
    if request.param == "memory":
        yield FolderBooks(MemoryJournal(run="r"), budget, UnsharedReceipts())
    elif request.param == "file":
        with FileJournal(tmp_path / "log.jsonl", run="r") as journal:
            yield FolderBooks(journal, budget, UnsharedReceipts())
    else:
        address = request.getfixturevalue("postgres_database")
        with contextlib.closing(open_ledger(address)) as ledger:
            ledger.do(make_fleet_tables())
            row = Row("a", 1, 1, "fal-1", "a.png", "a.png", "f", "{}", 3000, 3000)
            enter(ledger, "j", [row], run="r")
            yield ShardBooks(ledger, ledger.do(claim_shard("j", 1, "w")), "r", [])


async def begin(books, number):
    intent = {
        "attempt": number,
        "model": MODEL,
        "fingerprint": "f",
        "params": {"n": (1, 2), "prompt": "árbol"},
        "reserved_usd": PRICE,
        "estimate_usd": {"low": PRICE, "high": PRICE},
    }
    await books.begin_purchase("a", Reservation(PRICE, MODEL, number), intent)


async def take(books, step, number):
    if step == "again":
        await begin(books, number)
    elif step == "submitted":
        await books.record_submitted("a", "fal", f"q{number}", {"get": "u"})
    elif step == "settled":
        fields = {"status": "succeeded", "basis": "metered"}
        await books.record_settled("a", Decimal("0.002"), fields)
    elif step == "refused":
        await books.record_refused("a", ERROR)
    elif step == "completed":
        output = {"output": [{"url": "u", "size": Decimal("1.50")}], "metrics": {"s": 2}}
        await books.journal.append("completed", "a", **output)
    else:
        await books.journal.append(step, "a", **(ASSET if step == "asset" else {"error": ERROR}))


async def play(books, way):
    number = 1
    await begin(books, number)
    if way[0] in {"completed", "unfinished"}:
        way = ("submitted", *way)
    for step in way:
        number += step == "again"
        await take(books, step, number)
    return books.journal.states["a"]


@pytest.mark.parametrize("way", WAYS, ids="-".join)
async def test_all_tell_the_same(books, way):
    memory = FolderBooks(MemoryJournal(run="r"), Budget(Decimal(1)), UnsharedReceipts())
    told, expected = await play(books, way), await play(memory, way)
    for name in KEPT:
        assert getattr(told, name) == getattr(expected, name), name
    assert [each.actual for each in told.charges] == [each.actual for each in expected.charges]
    assert [each.path for each in told.assets] == [each.path for each in expected.assets]
    balance, other = books.budget.balance, memory.budget.balance
    assert (balance.spent, balance.reserved) == (other.spent, other.reserved)
    assert not await books.has_rival("a", "f")
