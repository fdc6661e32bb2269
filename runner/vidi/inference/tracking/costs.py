"""What inferences have cost: in all, by period, by model, with an alert when it grows too much."""

from __future__ import annotations

import logging
import os
import warnings
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Protocol, Self

from vidi.dollars import format_usd
from vidi.errors import UsageError
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.pricing import estimate
from vidi.inference.models.registry import ParamsError
from vidi.inference.tracking.caps import name_periods
from vidi.inference.tracking.cost_stores import LedgerCosts, MemoryCosts, NoCosts
from vidi.inference.tracking.journal.charges import Charge, ChargeKey
from vidi.inference.tracking.ledger.address import locate_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vidi.inference.models.prices.estimate import Estimate
    from vidi.inference.models.template import ModelInfo
    from vidi.inference.tracking.caps import Grouping
    from vidi.inference.tracking.cost_stores import CostStore

_log = logging.getLogger("vidi.inference.costs")
_log.addHandler(logging.NullHandler())


class CostAlertWarning(UserWarning):
    """What was spent has reached the threshold that was set."""


class Priced(Protocol):
    """What a tracker needs to know of a result; `InferenceResult` is one."""

    @property
    def model(self) -> str:
        """The model's id."""

    @property
    def cost(self) -> Decimal | None:
        """USD; None where it is not known."""

    @property
    def request_id(self) -> str:
        """The provider's id; empty where there is none."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """`run`, `idempotency_key` and `attempts`, where an engine made it."""


class CostTracker:
    """Costs over time, in USD. Days, ISO weeks and months are UTC's.

    By default they are in the ledger, with those of every `vidi-run`; `VIDI_LEDGER` names another
    one and `VIDI_COSTS=off` keeps nothing. May be used from any thread.

    Args:
        store: Where costs are kept; as the environment says where it is None.
    """

    def __init__(self, store: CostStore | None = None) -> None:
        self.store: CostStore = store or choose_store(os.environ)
        self._before: dict[Grouping, dict[str, Decimal]] = {}
        self._threshold: Decimal | None = None
        self._callback: Callable[[Decimal], None] | None = None

    @classmethod
    def in_memory(cls) -> Self:
        """A tracker that forgets everything with the process."""
        return cls(MemoryCosts())

    def calculate_cost(
        self, template: ModelInfo, params: Mapping[str, object], *, base: Path | None = None
    ) -> Estimate:
        """What an inference will cost today.

        Args:
            template: The model.
            params: Its inputs.
            base: What the paths of input files are relative to; the working directory where None.

        Raises:
            ParamsError: At least one param is wrong.
        """
        checked = check_params(template, params, base=base or Path.cwd())
        if checked.errors:
            raise ParamsError(template.id, checked.errors)
        return estimate(template, checked)

    def track_inference_cost(self, result: Priced) -> None:
        """Count what a result has cost; the same again, or one bought before, changes nothing.

        Raises:
            StorageError: The ledger cannot be written.
        """
        if result.cost is not None and not result.metadata.get("replayed"):
            now = datetime.now(UTC)
            self.store.add(
                Charge(_key_of(result), result.model, result.cost, now, result.cost, now)
            )
        self._alert()

    def get_total_cost(self) -> Decimal:
        """Everything that was spent."""
        return sum(self._sums("model").values(), Decimal(0))

    def get_daily_cost(self, day: date | None = None) -> Decimal:
        """What was spent on a day; today where it is None."""
        return self._sum_of("day", day)

    def get_weekly_cost(self, day: date | None = None) -> Decimal:
        """What was spent in the ISO week of a day; in this one where it is None."""
        return self._sum_of("week", day)

    def get_monthly_cost(self, day: date | None = None) -> Decimal:
        """What was spent in the month of a day; in this one where it is None."""
        return self._sum_of("month", day)

    def get_periodic_costs(self) -> dict[str, dict[str, Decimal]]:
        """What was spent in each period: `daily`, `weekly`, `monthly`, each by its name.

        Names are such as `2026-11-23`, `2026-W48` and `2026-11`.
        """
        return {
            "daily": self._sums("day"),
            "weekly": self._sums("week"),
            "monthly": self._sums("month"),
        }

    def get_costs_by_model(self) -> dict[str, Decimal]:
        """What was spent on each model, by its id."""
        return self._sums("model")

    def set_alert_threshold(
        self,
        amount: Decimal | str | int | None,
        callback: Callable[[Decimal], None] | None = None,
    ) -> None:
        """Ask to be told, once, when the total reaches an amount: a `CostAlertWarning`, a log line.

        Args:
            amount: USD; None takes the threshold away.
            callback: Called with the total as well.

        Raises:
            UsageError: The amount is none.
        """
        self._threshold = None if amount is None else read_amount(amount)
        self._callback = callback

    def reset_costs(self) -> None:
        """Begin to count at 0 again. The ledger keeps everything; this tracker looks past it."""
        self._before = {}
        self._before = {name: self._sums(name) for name in ("model", "day", "week", "month")}

    def close(self) -> None:
        """Let go of the ledger; the next use opens it again."""
        self.store.close()

    def _sum_of(self, grouping: Grouping, day: date | None) -> Decimal:
        moment = datetime.now(UTC) if day is None else datetime.combine(day, time(), UTC)
        periods = {str(kind): name for kind, name in name_periods("", moment).items()}
        return self._sums(grouping).get(periods[grouping], Decimal(0))

    def _sums(self, grouping: Grouping) -> dict[str, Decimal]:
        before = self._before.get(grouping, {})
        sums = self.store.sums(grouping)
        since = {name: usd - before.get(name, Decimal(0)) for name, usd in sums.items()}
        return {name: usd for name, usd in since.items() if usd or name not in before}

    def _alert(self) -> None:
        if self._threshold is None:
            return
        total, threshold, callback = self.get_total_cost(), self._threshold, self._callback
        if total < threshold:
            return
        self._threshold = None
        message = f"{format_usd(total)} spent: the threshold of {format_usd(threshold)} is reached"
        _log.warning("%s", message)
        if callback is not None:
            callback(total)
        warnings.warn(message, CostAlertWarning, stacklevel=3)


def choose_store(environ: Mapping[str, str]) -> CostStore:
    """The store that the environment asks for.

    Raises:
        UsageError: VIDI_COSTS is neither on nor off.
    """
    address = locate_ledger(environ)
    return NoCosts() if address is None else LedgerCosts(address)


def _key_of(result: Priced) -> ChargeKey:
    """The key under which an engine has booked it already, or one of its own."""
    known = result.metadata
    if "run" in known and "idempotency_key" in known:
        return ChargeKey(known["run"], known["idempotency_key"], known.get("attempts", 1))
    return ChargeKey("library", result.request_id or token_hex(8), 1)


def read_amount(amount: Decimal | str | float) -> Decimal:
    """An amount that a program gives, in USD.

    Raises:
        UsageError: It is none.
    """
    try:
        usd = Decimal(str(amount).removeprefix("$"))
    except ArithmeticError:
        usd = Decimal("NaN")
    if not usd.is_finite() or usd < 0:
        raise UsageError(f"'{amount}' is not an amount in USD", hint="Write it as '5.00'.")
    return usd
