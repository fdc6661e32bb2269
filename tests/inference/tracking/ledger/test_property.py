"""Spent and reserved stay under the cap at every instant, whatever happens in whatever order."""

import random
from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import pytest

from support.ledgers import NOON, a_cap, usage
from vidi.errors import RefusedError
from vidi.inference.tracking.budget import Budget
from vidi.inference.tracking.journal.charges import ChargeKey
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.inference.tracking.ledger.ledger import settle_charge
from vidi.inference.tracking.ledger.run_account import RunAccount

MICRO = Decimal("0.000001")
SCHEDULES = 10_000


def micros(dice: random.Random, most: int) -> Decimal:
    return dice.randint(0, most) * MICRO


async def one_inference(budget: Budget, name: str, dice: random.Random) -> AsyncIterator[None]:
    """Reserve, wait, end somehow; after a transient failure, once more."""
    for attempt in range(1, 4):
        price = micros(dice, 50_000)
        try:
            await budget.reserve(name, price, model="fal/x", attempt=attempt)
        except RefusedError:
            return
        yield
        match dice.choice(["metered", "whole", "free", "in doubt", "transient", "transient, free"]):
            case "metered":
                budget.settle(name, micros(dice, int(price / MICRO)))
                return
            case "whole":
                budget.settle(name, price)
                return
            case "free":
                budget.release(name)
                return
            case "in doubt":
                return
            case "transient":
                budget.settle(name, price)
            case "transient, free":
                budget.release(name)
        yield


async def play(
    budget: Budget, dice: random.Random, inferences: int, check: Callable[[], None]
) -> None:
    """Run inferences in a random interleaving, up to 64 at once, with a look after each step."""
    waiting = [one_inference(budget, str(number), dice) for number in range(inferences)]
    at_once = dice.randint(1, 64)
    while waiting:
        each = dice.choice(waiting[:at_once])
        if await anext(each, "ended") == "ended":
            waiting.remove(each)
        check()


async def test_in_ten_thousand_schedules_the_run_stays_under_its_cap():
    for seed in range(SCHEDULES):
        dice = random.Random(seed)
        cap = micros(dice, 300_000)
        budget = Budget(cap)

        def check(budget: Budget = budget, cap: Decimal = cap) -> None:
            balance = budget.balance
            assert balance.spent + balance.reserved <= cap
            assert balance.left == cap - balance.spent - balance.reserved

        await play(budget, dice, dice.randint(1, 12) if seed % 50 else 96, check)


@pytest.mark.parametrize("batch", range(5))
async def test_several_runs_of_one_ledger_stay_under_the_caps_of_all(batch):
    for seed in range(batch * 20, batch * 20 + 20):
        dice = random.Random(seed)
        ledger = open_ledger(":memory:")
        caps = [a_cap(kind, str(micros(dice, 400_000))) for kind in ("day", "month")]

        def check(ledger=ledger, caps=caps) -> None:
            for cap in caps:
                assert usage(ledger, cap.kind).taken <= cap.usd

        for run in ("run-1", "run-2"):
            budget = Budget(None, RunAccount(ledger, run, caps, {}, now=lambda: NOON))
            await play(budget, dice, dice.randint(1, 8), check)
            refunded = ChargeKey(run, "0", 1)
            ledger.do(settle_charge(refunded, Decimal(0), NOON))
            check()
        ledger.close()
