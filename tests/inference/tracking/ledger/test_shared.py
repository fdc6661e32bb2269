"""Several processes on one ledger: they share a cap to the micro-dollar."""

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from support.ledgers import NOON, same, usage, usd
from support.servers.warm_process import Started, start_warm

HAMMER = """
import random, sys
from support.ledgers import NOON, a_cap, a_charge, usd
from vidi.errors import RefusedError
from vidi.inference.tracking.ledger.ledger import reserve_charge, settle_charge
from vidi.inference.tracking.ledger.connection import open_ledger

address, name, cap, settles = sys.argv[1:]
dice, granted = random.Random(name), 0
ledger = open_ledger(address)
for number in range(40):
    charge = a_charge(f"{name}-{number}", "0.001003", run=name)
    try:
        ledger.do(reserve_charge(charge, [a_cap("day", cap), a_cap("month", "1")]))
    except RefusedError:
        continue
    granted += 1
    if settles == "yes":
        ledger.do(settle_charge(charge.key, usd(dice.choice(["0", "0.000001", "0.001003"])), NOON))
print(granted)
"""


MAKER = """
import sys
from vidi.inference.tracking.ledger.connection import open_ledger

open_ledger(sys.argv[1])
"""


def start(source: str, *words: str) -> Started:
    environment = {"PATH": os.environ["PATH"]}
    pipe = subprocess.PIPE
    return start_warm("python", source, *words, cwd=Path.cwd(), env=environment, stdout=pipe)


def hammer(address: str, cap: str, *, settles: str) -> list[Started]:
    return [start(HAMMER, address, f"process-{number}", cap, settles) for number in range(4)]


def collect(processes: Sequence[Started]) -> list[int]:
    answers = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return [int(answer) for answer in answers]


def test_many_may_make_a_ledger_at_once(address):
    many = [start(MAKER, address) for _ in range(8)]
    for each in many:
        each.communicate(timeout=60)
    assert [each.returncode for each in many] == [0] * 8


def test_a_fresh_ledger_is_made_and_a_cap_shared_exactly(address):
    from vidi.inference.tracking.ledger.connection import open_ledger

    granted = collect(hammer(address, "0.100300", settles="no"))
    assert sum(granted) == 100  # of 160 that were wanted
    ledger = open_ledger(address)
    assert usage(ledger) == same("0", "0.100300")
    ledger.close()


def test_a_cap_is_never_over_at_any_instant_while_all_reserve_and_settle(address, ledger):
    processes = hammer(address, "0.020000", settles="yes")
    highest = usd("0")
    while any(process.poll() is None for process in processes):
        highest = max(highest, usage(ledger).taken)
        time.sleep(0.001)
    granted = collect(processes)
    assert highest <= usd("0.020000")
    assert sum(granted) >= 19
    assert usage(ledger, "day", NOON).reserved == 0
