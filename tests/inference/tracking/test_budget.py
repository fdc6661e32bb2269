from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidi.errors import RefusedError
from vidi.inference.tracking.budget import Balance, Budget, SharedCap

amounts = st.decimals(0, 10, places=6)


async def test_a_reservation_becomes_spending():
    budget = Budget(Decimal("0.50"))
    await budget.reserve("a", Decimal("0.20"))
    assert budget.balance == Balance(Decimal(0), Decimal("0.20"), Decimal("0.30"))
    budget.settle("a", Decimal("0.15"))
    assert budget.balance == Balance(Decimal("0.15"), Decimal(0), Decimal("0.35"))
    budget.settle("b", Decimal("0.05"))
    assert budget.balance == Balance(Decimal("0.20"), Decimal(0), Decimal("0.30"))


async def test_what_does_not_fit_is_refused_whole():
    budget = Budget(Decimal("0.50"))
    await budget.reserve("a", Decimal("0.500000"))
    with pytest.raises(RefusedError) as caught:
        await budget.reserve("b", Decimal("0.000001"))
    assert caught.value.message == "this needs up to $0.000001 and $0.00 of the budget is left"
    assert caught.value.hint == "Raise `budget` in the job file or --budget."
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


class Account:
    """A ledger that says what it was asked, and refuses when it is told to."""

    def __init__(self):
        self.asked, self.refuses = [], False

    async def reserve(self, *reservation):
        self.asked.append(("reserve", *reservation))
        if self.refuses:
            raise RefusedError("no room")
        return ["half of it is taken", "nearly all is"]

    def settle(self, *settlement):
        self.asked.append(("settle", *settlement))

    async def set_aside(self, *aside):
        self.asked.append(("set_aside", *aside))


async def test_an_account_is_asked_for_each_and_told_of_each():
    account, told = Account(), []
    budget = Budget(Decimal(1), account, told.append)
    one = Decimal("0.1")
    await budget.reserve("a", one, model="m", attempt=3)
    assert told == ["half of it is taken", "nearly all is"]
    budget.settle("a", one, "a bill")
    await budget.reserve("b", one)
    await budget.set_aside("b", 2 * one)
    await budget.set_aside("b", one)
    await budget.set_aside("unknown", one)
    assert budget.balance == Balance(one, 2 * one, Decimal("0.7"))
    budget.release("b")
    assert account.asked == [
        ("reserve", "a", 3, "m", one), ("settle", "a", one, "a bill"),
        ("reserve", "b", 1, "", one), ("set_aside", "b", 2 * one), ("set_aside", "b", one),
        ("settle", "b", Decimal(0), None),
    ]  # fmt: skip


async def test_what_an_account_refuses_is_given_back_and_others_look_again():
    account = Account()
    budget = Budget(Decimal(1), account)
    budget.hold("a", Decimal("0.2"))
    account.refuses = True
    for key, held in (("a", Decimal("0.2")), ("b", Decimal(0))):
        settled = budget.next_settlement()
        assert settled is budget.next_settlement()
        with pytest.raises(RefusedError):
            await budget.reserve(key, Decimal("0.3"))
        assert settled.is_set()
        assert (budget.holds(key), budget.balance.reserved) == (held > 0, Decimal("0.2"))
    account.refuses = False
    await budget.reserve("a", Decimal("0.3"))
    assert budget.balance.reserved == Decimal("0.5"), "beside what an earlier run left open"


async def test_runs_under_one_cap_see_what_the_others_took_and_what_is_yet_to_begin():
    shared = SharedCap(Decimal(1))
    first, second = Budget(None, shared=shared), Budget(Decimal("0.9"), shared=shared)
    shared.hold("second", Decimal("0.4"))
    shared.join("first", first)
    assert (first.left, shared.left) == (Decimal("0.6"), Decimal("0.6"))
    await first.reserve("a", Decimal("0.2"))
    first.settle("a", Decimal("0.1"))
    await first.reserve("b", Decimal("0.3"))
    assert shared.left == Decimal("0.2")
    with pytest.raises(RefusedError) as caught:
        await first.reserve("c", Decimal("0.200001"))
    assert caught.value.message == (
        "this needs up to $0.200001 and $0.20 of the budget of all job files is left"
    )
    assert caught.value.hint == "Raise --budget."
    shared.join("second", second)
    assert (second.left, second.balance.left) == (Decimal("0.6"), Decimal("0.9"))
    await second.reserve("a", Decimal("0.6"))
    assert (first.left, second.left, Budget(None).left) == (Decimal(0), Decimal(0), None)
    assert SharedCap(None).left is None
    over = Budget(Decimal(1))
    over.hold("a", Decimal(3))
    with pytest.raises(RefusedError, match=r"and \$0\.00 of the budget is left"):
        await over.reserve("b", Decimal("0.1"))
