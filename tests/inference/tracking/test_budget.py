from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidi.errors import RefusedError
from vidi.inference.tracking.budget import Balance, Budget

amounts = st.decimals(0, 10, places=6)


async def test_a_reservation_becomes_spending():
    budget = Budget(Decimal("0.50"))
    await budget.reserve("a", Decimal("0.20"))
    assert budget.balance == Balance(Decimal(0), Decimal("0.20"), Decimal("0.30"))
    budget.settle("a", Decimal("0.15"))
    assert budget.balance == Balance(Decimal("0.15"), Decimal(0), Decimal("0.35"))


async def test_what_does_not_fit_is_refused_whole():
    budget = Budget(Decimal("0.50"))
    await budget.reserve("a", Decimal("0.500000"))
    with pytest.raises(RefusedError) as caught:
        await budget.reserve("b", Decimal("0.000001"))
    assert caught.value.message == "this needs up to $0.000001 and $0.00 of the budget is left"
    assert budget.balance.reserved == Decimal("0.5")


async def test_without_a_cap_everything_fits():
    budget = Budget(None)
    await budget.reserve("a", Decimal(1000000))
    assert budget.balance.left is None


async def test_a_release_gives_everything_back():
    budget = Budget(Decimal(1))
    await budget.reserve("a", Decimal(1))
    budget.release("a")
    budget.release("never reserved")
    assert budget.balance == Balance(Decimal(0), Decimal(0), Decimal(1))


async def test_what_is_owed_from_before_is_held_even_over_the_cap():
    budget = Budget(Decimal(1))
    budget.hold("a", Decimal(3))
    assert budget.balance.left == Decimal(-2)
    with pytest.raises(RefusedError):
        await budget.reserve("b", Decimal(0) + Decimal("0.01"))


@given(cap=amounts, steps=st.lists(st.tuples(st.integers(0, 5), amounts, st.booleans())))
async def test_spent_and_reserved_never_exceed_the_cap(cap, steps):
    budget = Budget(cap)
    held: dict[str, Decimal] = {}
    for number, amount, free in steps:
        key = str(number)
        if key in held:
            budget.settle(key, Decimal(0) if free else held.pop(key))
            held.pop(key, None)
        else:
            try:
                await budget.reserve(key, amount)
                held[key] = amount
            except RefusedError:
                assert amount > (budget.balance.left or 0)
        assert budget.balance.spent + budget.balance.reserved <= cap
