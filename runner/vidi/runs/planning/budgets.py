"""The budget of a command: one cap over all its job files, each file's own budget below it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def lower_budget(first: Decimal | None, second: Decimal | None) -> Decimal | None:
    """The cap that holds when two are given, in USD; None is no cap."""
    given = [cap for cap in (first, second) if cap is not None]
    return min(given) if given else None


def sum_budgets(command: Decimal | None, files: Sequence[Decimal | None]) -> Decimal | None:
    """The most that a command may spend in all, in USD; None where nothing caps it.

    Args:
        command: The cap of the whole, `--budget`.
        files: The budget of each job file; a file without one is capped by the whole only.
    """
    own = [cap for cap in files if cap is not None]
    total = sum(own, Decimal(0)) if own and len(own) == len(files) else None
    return lower_budget(command, total)


def sum_up(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of some amounts in USD; None where one of them is not known."""
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
