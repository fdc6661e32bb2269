"""The journal in memory gives back what one in a file would."""

from decimal import Decimal

from support.journals import append
from vidi.inference.tracking.journal.journal import FileJournal
from vidi.inference.tracking.journal.memory import MemoryJournal

INTENT = {
    "attempt": 1,
    "model": "fal/m",
    "fingerprint": "f",
    "params": {"n": (1, 2)},
    "reserved_usd": Decimal("0.05"),
    "estimate_usd": {"low": Decimal("0.05"), "high": Decimal("0.05")},
}


def test_both_tell_the_same(tmp_path):
    memory = MemoryJournal(run="r")
    with FileJournal(tmp_path / "log.jsonl", run="r") as file:
        for journal in (memory, file):
            append(journal, "intent", "tree", **INTENT)
            append(journal, "submitted", "tree", request_id="x", urls={})
            append(journal, "run_finished")
        one, other = memory.states["tree"], file.states["tree"]
    assert (one.params, one.reserved, one.status) == (other.params, other.reserved, other.status)
    memory.forget("tree")
    memory.forget("tree")
    assert memory.states == {}
    memory.close()
