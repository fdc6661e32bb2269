"""The estimate as a table: what would run, why, and at what price."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.cli.display.columns import align, fit_terminal
from vidi.cli.display.price_marks import describe_marks, mark_of
from vidi.cli.display.problems import name_some
from vidi.cli.display.visible import make_visible
from vidi.dollars import format_usd
from vidi.runs.planning.budgets import sum_budgets, sum_up
from vidi.runs.planning.gate import measure_excess
from vidi.runs.records.figures import format_estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidi.cli.display.console import Console
    from vidi.inference.models.prices.estimate import Estimate, PriceLine
    from vidi.inference.tracking.caps import CapRoom
    from vidi.runs.planning.plan import Plan, PlannedInference

HEADINGS = ("inference", "model", "action", "why", "quantity × rate", "estimate")


def print_estimate(
    plans: Sequence[tuple[Plan, Sequence[CapRoom]]], console: Console, cap: Decimal | None = None
) -> None:
    """Print the table of each plan with its total, its budget, what caps leave, the verdict.

    Args:
        plans: Each with what the caps by day, week and month leave for it.
        console: Where it is printed.
        cap: What all of them stay under together, in USD; None for no cap.
    """
    for plan, rooms in plans:
        rows = [_describe(planned) for planned in plan.inferences if not planned.elsewhere]
        _print_table(plan, rows, console)
        for line in (*_describe_shard(plan), *describe_marks(plan), *describe_total(plan, rooms)):
            console.print_data(line)
        for reason, names in _group_reasons(plan).items():
            console.print_data(f"  {name_some(names)}: {reason}")
    if len(plans) > 1:
        for line in describe_grand_total(plans, cap):
            console.print_data(line)


def _describe_shard(plan: Plan) -> list[str]:
    """How many of the file's inferences are in this shard; nothing where all are."""
    if plan.share is None:
        return []
    own = sum(not planned.elsewhere for planned in plan.inferences)
    return [f"shard {plan.share.shard}: {own} of the {len(plan.inferences)} inferences"]


def describe_grand_total(
    judged: Sequence[tuple[Plan, Sequence[CapRoom]]], cap: Decimal | None
) -> list[str]:
    """What all job files of a command cost together, what they stay under, and the verdict."""
    plans = [plan for plan, _ in judged]
    low = sum((plan.low for plan in plans), Decimal(0))
    high, likely = sum_up(plan.high for plan in plans), sum_up(plan.expected for plan in plans)
    lines = [
        f"all {len(plans)} job files",
        f"total     {format_estimate(low, high)}{_tell_expected(likely, high)}",
    ]
    budget = sum_budgets(cap, [plan.budget for plan in plans])
    lines.append(f"budget    {'none (no cap)' if budget is None else format_usd(budget)}")
    lines.append(f"verdict   {_judge_all(judged, cap)}")
    return lines


def _judge_all(judged: Sequence[tuple[Plan, Sequence[CapRoom]]], cap: Decimal | None) -> str:
    plans = [plan for plan, _ in judged]
    if excess := measure_excess(plans, cap):
        return f"refused: {format_usd(excess)} over budget"
    refused = sum(_judge(plan, rooms).startswith("refused") for plan, rooms in judged)
    if refused:
        return f"refused: {refused} of the job files"
    if not any(plan.to_run for plan in plans):
        return "nothing to do"
    return "would run" if cap is None and None in [p.budget for p in plans] else "within budget"


def _group_reasons(plan: Plan) -> dict[str, list[str]]:
    """Why estimates are ranges or unknown, each reason once."""
    reasons: dict[str, list[str]] = {}
    for planned in plan.to_run:
        if planned.estimate.reason:
            reasons.setdefault(planned.estimate.reason, []).append(planned.id)
    return reasons


def describe_total(plan: Plan, rooms: Sequence[CapRoom] = ()) -> list[str]:
    """The total, the budget, what caps by day, week and month leave, and the verdict."""
    high = plan.high
    lines = [f"total     {format_estimate(plan.low, high)}{describe_expected(plan)}"]
    if plan.budget is None:
        lines.append("budget    none (no cap)")
    else:
        lines.append(f"budget    {format_usd(plan.budget)}")
    for room in rooms:
        left, cap = format_usd(room.left), format_usd(room.cap.usd)
        lines.append(f"{room.cap.kind:<9} {left} left of {cap}")
    lines.append(f"verdict   {_judge(plan, rooms)}")
    return lines


def describe_expected(plan: Plan) -> str:
    """What it will likely cost, where that is less than the most."""
    return _tell_expected(plan.expected, plan.high)


def _tell_expected(likely: Decimal | None, high: Decimal | None) -> str:
    return "" if likely == high else f", likely {format_usd(likely)}"


def _judge(plan: Plan, rooms: Sequence[CapRoom]) -> str:
    if plan.barred:
        return f"refused: {plan.barred}"
    high = plan.high
    if high is None:
        return f"refused: {plan.counts.unpriced} unpriced"
    if plan.over_budget:
        return f"refused: {format_usd(plan.over_budget)} over budget"
    if dear := plan.counts.dear:
        return f"refused: {dear} over max_cost"
    for room in rooms:
        if room.over:
            return f"refused: {format_usd(room.over)} over the {room.cap.kind}'s budget"
    if not plan.to_run:
        return "nothing to do"
    return "within budget" if plan.budget is not None else "would run"


def _describe(planned: PlannedInference) -> tuple[str, ...]:
    price = planned.estimate
    return (
        planned.id,
        planned.model,
        planned.action,
        planned.reason,
        describe_lines(price) if planned.buys else "",
        (format_estimate(price.low, price.high) if planned.buys else format_usd(price.low))
        + mark_of(planned),
    )


def describe_lines(price: Estimate) -> str:
    """A breakdown in one line, such as `4 image × $0.003`."""
    return " + ".join(_describe_line(line) for line in price.lines)


def _describe_line(line: PriceLine) -> str:
    return f"{_quantity(line.quantity_low, line.quantity_high)} {line.unit} × ${line.rate:f}"


def _quantity(low: Decimal, high: Decimal | None) -> str:
    first = f"{low.normalize():f}"
    if high is None:
        return f"{first}–?"
    return first if low == high else f"{first}–{high.normalize():f}"


def _print_table(plan: Plan, rows: Sequence[tuple[str, ...]], console: Console) -> None:
    """One line an entry; at a terminal of its width, with ids, actions and prices kept."""
    console.print_data(f"{plan.job.path.as_posix()} → {plan.output_dir}")
    table: Sequence[Sequence[str]] = [HEADINGS, *rows]
    right: frozenset[int] = frozenset()
    at_terminal = sys.stdout.isatty()
    if at_terminal:
        visible = [tuple(map(make_visible, row)) for row in table]
        table = fit_terminal(visible, middle=1, ends=(4, 3))
        right = frozenset((len(table[0]) - 1,))
    heading, *lines = align(table, right=right)
    rule = ["━" * max(map(len, (heading, *lines)))] if at_terminal else []
    for line in (heading, *rule, *lines):
        console.print_data(line)
