"""However many are under way, few are between their intent and their receipt: a kill leaves few."""

import json
from collections import Counter
from pathlib import Path

from support.servers.altered_sandbox import run, serve_altered, write_job

MANY = 16
JOURNAL = Path("outputs/job/log.jsonl")


def count_open():
    """How many intents of the journal have no receipt."""
    lines = JOURNAL.read_text(encoding="utf-8").splitlines()
    kinds = Counter(json.loads(line)["event"] for line in lines if line.endswith("}"))
    return kinds["intent"] - kinds["submitted"]


def test_at_most_two_are_between_intent_and_receipt(here):
    found = []

    def look(exchange):
        if exchange.is_receipt:
            found.append(count_open())
        return exchange

    write_job(here, "fal", *(f"n{number}" for number in range(MANY)))
    with serve_altered(here, look) as served:
        assert run(here, "-j", MANY, "--budget", "10").exit_code == 0
        assert served.submits == len(found) == MANY
    assert set(found) <= {1, 2}
