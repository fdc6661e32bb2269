"""The money of one run: what is spent, what is reserved, and the cap that both stay under.

Every amount is an exact Decimal in USD. The rule is `spent + reserved <= cap` at every instant:
an amount is reserved before the request leaves, and turned into spending, or released, after.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from vidi.dollars import format_usd
from vidi.errors import RefusedError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable

    from vidi.inference.tracking.bills import Bill


@dataclass(frozen=True, slots=True)
class Balance:
    """A view of the money at one instant. `left` is None without a cap."""

    spent: Decimal
    reserved: Decimal
    left: Decimal | None


class CostAccount(Protocol):
    """Where the money of all runs is kept: the ledger, as a run sees it."""

    async def reserve(
        self, inference: str, attempt: int, model: str, amount: Decimal
    ) -> Iterable[str]:
        """Set an amount aside for everybody to see, or raise; returns what is to be told."""

    def settle(self, inference: str, actual: Decimal, bill: Bill | None = None) -> None:
        """Book what a reservation came to, and what is to be learnt from it.

        Neither waits nor raises: what cannot be booked now is booked before the next reservation.
        """

    async def set_aside(self, inference: str, amount: Decimal) -> None:
        """Set more aside for what is under way, whatever the caps say."""


class SharedCap:
    """One cap over the budgets of several runs: of all job files of a command.

    It keeps no amounts of its own, so that what it says can never differ from what its runs say.

    Args:
        cap: USD that all of them may spend together; None for no cap.
    """

    def __init__(self, cap: Decimal | None) -> None:
        self._cap = cap
        self._budgets: list[Budget] = []
        self._owed: dict[str, Decimal] = {}

    def hold(self, run: str, amount: Decimal) -> None:
        """Set aside what is open in the folder of a run that has not begun: it may be billed."""
        self._owed[run] = amount

    def join(self, run: str, budget: Budget) -> None:
        """Count a run's own budget from here on; it holds what was set aside for it."""
        self._owed.pop(run, None)
        self._budgets.append(budget)

    @property
    def left(self) -> Decimal | None:
        """USD that any of the runs may still set aside; None without a cap."""
        if self._cap is None:
            return None
        balances = [budget.balance for budget in self._budgets]
        taken = sum((each.spent + each.reserved for each in balances), Decimal(0))
        return self._cap - taken - sum(self._owed.values(), Decimal(0))


class Budget:
    """The budget of one run.

    Args:
        cap: USD that the run may spend; None for no cap.
        account: The ledger, which must grant every reservation too; None where there is none.
        tell: Who hears what the account has to say.
        shared: What the run stays under together with others; None where it is alone.
    """

    def __init__(
        self,
        cap: Decimal | None,
        account: CostAccount | None = None,
        tell: Callable[[str], None] = lambda message: None,  # noqa: ARG005 - nobody listens
        shared: SharedCap | None = None,
    ) -> None:
        self._cap = cap
        self._shared = shared
        self._account = account
        self._tell = tell
        self._spent = Decimal(0)
        self._reserved: dict[str, Decimal] = {}
        self._settled: asyncio.Event | None = None

    def holds(self, key: str) -> bool:
        """Whether something is set aside for an inference."""
        return key in self._reserved

    def next_settlement(self) -> asyncio.Event:
        """Is set when something has been settled, so that there may be more room."""
        if self._settled is None:
            from asyncio import Event  # an estimate needs budgets, and none of it

            self._settled = Event()
        return self._settled

    def tell_settled(self) -> None:
        """Let those look again who wait for room."""
        if self._settled is not None:
            self._settled.set()
            self._settled = None

    @property
    def balance(self) -> Balance:
        """The money as it stands."""
        reserved = sum(self._reserved.values(), Decimal(0))
        left = None if self._cap is None else self._cap - self._spent - reserved
        return Balance(self._spent, reserved, left)

    @property
    def left(self) -> Decimal | None:
        """USD that may still be set aside under the own and the shared cap; None without any."""
        shared = self._shared.left if self._shared is not None else None
        given = [left for left in (self.balance.left, shared) if left is not None]
        return min(given) if given else None

    async def reserve(
        self, key: str, amount: Decimal, *, model: str = "", attempt: int = 1
    ) -> None:
        """Set an amount aside for one inference; when it returns, it may be spent.

        Raises:
            RefusedError: It would take spent + reserved over the cap, or over one of the account's.
            StorageError: The account did not grant it.
        """
        _refuse_beyond(self.balance.left, amount, "the budget", "`budget` in the job file or ")
        if self._shared is not None:
            _refuse_beyond(self._shared.left, amount, "the budget of all job files", "")
        # Held before the account is asked: meanwhile others of this run are weighed against it.
        before = self._reserved.get(key)
        self._reserved[key] = (before or Decimal(0)) + amount
        with ExitStack() as undoing:
            undoing.callback(self._give_back, key, before)
            messages = await self._ask_account(key, attempt, model, amount)
            undoing.pop_all()
        for message in messages:
            self._tell(message)

    async def _ask_account(
        self, key: str, attempt: int, model: str, amount: Decimal
    ) -> Iterable[str]:
        if self._account is None:
            return ()
        return await self._account.reserve(key, attempt, model, amount)

    def _give_back(self, key: str, before: Decimal | None) -> None:
        """Set aside for a key only what was so before, and let others look for room."""
        if before is None:
            self._reserved.pop(key, None)
        else:
            self._reserved[key] = before
        self.tell_settled()

    def settle(self, key: str, actual: Decimal, bill: Bill | None = None) -> None:
        """Turn a reservation into what was really spent (0 where it proved free)."""
        # What it really cost counts, also where that is more than was set aside: no bill is capped.
        self._reserved.pop(key, None)
        self._spent += actual
        if self._account:
            self._account.settle(key, actual, bill)
        self.tell_settled()

    async def set_aside(self, key: str, amount: Decimal) -> None:
        """Set more aside for what is under way, whatever the caps say: it may be billed.

        Raises:
            StorageError: The account cannot be written.
        """
        if key in self._reserved:
            self._reserved[key] = max(amount, self._reserved[key])
            if self._account:
                await self._account.set_aside(key, amount)

    def release(self, key: str) -> None:
        """Give a reservation back: proved not to have cost anything."""
        self.settle(key, Decimal(0))

    def hold(self, key: str, amount: Decimal) -> None:
        """Set aside what an earlier run left open, whatever the cap says: it may be owed."""
        self._reserved[key] = amount


def _refuse_beyond(left: Decimal | None, amount: Decimal, what: str, or_raise: str) -> None:
    if left is not None and amount > left:
        raise RefusedError(
            f"this needs up to {format_usd(amount)} and {format_usd(max(left, Decimal(0)))} of "
            f"{what} is left",
            hint=f"Raise {or_raise}--budget.",
        )
