"""`vidi costs --drift`: models whose bills lie beyond what their price rules said."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vidi.cli.display.console import Console
    from vidi.inference.tracking.bills import Bill

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class ModelDrift:
    """What the bills of one model that lie beyond its price rule come to. Amounts are USD."""

    model: str
    bills: int
    ruled: Decimal
    """What the rule said of them, at most."""
    billed: Decimal
    times: Decimal
    """The most that one was of its rule; below 1 where all were less than the rule's least."""
    as_of: str
    """When the prices of the rule were true."""

    def to_json(self) -> dict[str, object]:
        """The model as JSON values."""
        return {
            "bills": self.bills,
            "ruled_usd": self.ruled,
            "billed_usd": self.billed,
            "times": self.times,
            "prices_as_of": self.as_of,
        }


def group_drift(bills: Iterable[Bill]) -> list[ModelDrift]:
    """Sum up bills that lie beyond their rule, by model."""
    groups: dict[str, list[Bill]] = {}
    for bill in bills:
        if bill.beyond:
            groups.setdefault(bill.model, []).append(bill)
    return [_sum_up(model, group) for model, group in sorted(groups.items())]


def _sum_up(model: str, bills: Sequence[Bill]) -> ModelDrift:
    ratios = [bill.actual / bill.rule.high for bill in bills if bill.rule.high]
    return ModelDrift(
        model,
        len(bills),
        sum((bill.rule.high for bill in bills), Decimal(0)),
        sum((bill.actual for bill in bills), Decimal(0)),
        max(ratios, default=Decimal(0)).quantize(CENT),
        max(bill.as_of for bill in bills),
    )


def print_drift(found: Sequence[ModelDrift], console: Console, *, json_wanted: bool) -> None:
    """Print the models as a table or as JSON."""
    if json_wanted:
        from vidi.runs.records.json_text import render_json

        answer = {"schema_version": 1, "drift": {each.model: each.to_json() for each in found}}
        console.print_data(render_json(answer).rstrip("\n"))
        return
    if not found:
        console.say("every bill was as its price rule said")
        return
    from vidi.cli.display.columns import align
    from vidi.dollars import format_usd

    table = [("model", "bills", "rule", "billed", "times", "prices of")]
    for each in found:
        amounts = (format_usd(each.ruled), format_usd(each.billed), f"{each.times}")
        table.append((each.model, str(each.bills), *amounts, each.as_of))
    for line in align(table, right=frozenset({1, 2, 3, 4})):
        console.print_data(line)


def tell_drift(found: Sequence[ModelDrift], console: Console) -> None:
    """Say of each model that is billed above its rule, below the costs of all."""
    for each in found:
        if each.times > 1:
            console.say(
                f"drift: {each.model} is billed up to {each.times} times its price rule "
                "(vidi costs --drift)",
                style="yellow",
            )
