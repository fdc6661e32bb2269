"""The budget gate: whether a plan may be carried out at all, decided before anything is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.dollars import format_usd
from vidi.errors import RefusedError
from vidi.runs.planning.budgets import sum_up
from vidi.runs.planning.selection import select_only

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidi.runs.planning.plan import Plan, PlannedInference
    from vidi.runs.planning.shards import Share

NAMED = 5
"""How many ids a message names before it counts the rest."""


def find_refusals(plan: Plan, *, frozen: bool) -> tuple[RefusedError, ...]:
    """Every reason why a plan may not be carried out; empty where it may."""
    refusals = []
    purchases = [planned for planned in plan.to_run if planned.buys]
    if frozen and purchases:
        refusals.append(_refuse_frozen(purchases, plan.counts.bought))
    # An unknown price is not zero: one such entry makes the whole sum unknown.
    if plan.unpriced:
        refusals.append(_refuse_unpriced(plan.unpriced, plan.counts.unpriced))
    refusals += [_refuse_dear(each) for each in purchases if each.dear]
    if plan.share is not None and (dear := _find_unaffordable(plan)) is not None:
        refusals.append(_refuse_small_share(plan, plan.share, dear))
    elif plan.over_budget:
        refusals.append(_refuse_over_budget(plan))
    if refusals:
        refusals[-1].hint += tell_bought(plan)
    return tuple(refusals)


def measure_excess(plans: Sequence[Plan], cap: Decimal | None) -> Decimal:
    """USD by which some plans together exceed a cap, with what is open in their folders."""
    weighed = sum_up(plan.weighed for plan in plans)
    if cap is None or not weighed:
        return Decimal(0)  # nothing is bought, or an unknown price refuses it anyway
    return max(Decimal(0), sum((plan.held for plan in plans), weighed) - cap)


def refuse_over_cap(plans: Sequence[Plan], cap: Decimal | None) -> RefusedError | None:
    """The refusal of job files that do not fit under one cap, though each of them may."""
    excess = measure_excess(plans, cap)
    if not excess:
        return None
    held = sum((plan.held for plan in plans), Decimal(0))
    beside = f" beside {format_usd(held)} that is still open" if held else ""
    return RefusedError(
        f"these {len(plans)} job files cost up to {format_usd(sum_up(p.weighed for p in plans))}"
        f"{beside}, which is {format_usd(excess)} over the --budget of {format_usd(cap)}",
        hint="Raise --budget, or leave some out.",
    )


def tell_bought(plan: Plan) -> str:
    """How to get what a refused plan has bought already, to follow a hint; "" where nothing."""
    bought = [planned.id for planned in plan.to_run if planned.free]
    if not bought:
        return ""
    options = " ".join(f"--select {select_only(key)}" for key in bought[:NAMED])
    return f" What is already bought is fetched with `{options}`{_rest(plan.counts.free)}."


def _refuse_frozen(purchases: Sequence[PlannedInference], count: int) -> RefusedError:
    reasons = ", ".join(f"{each.id} ({each.reason})" for each in purchases[:NAMED])
    return RefusedError(
        f"frozen, and {count} of the inferences would have to be bought: {reasons}" + _rest(count),
        hint="Run it once without --frozen and keep what it makes.",
    ).about(*(each.id for each in purchases))


def _refuse_unpriced(unpriced: Sequence[PlannedInference], count: int) -> RefusedError:
    names = ", ".join(f"{each.id} ({each.estimate.reason})" for each in unpriced[:NAMED])
    return RefusedError(
        f"nobody can say what this costs: {names}{_rest(count)}",
        hint="Set `assume_cost` (USD) on each of them, or leave them out with --exclude.",
    ).about(*(each.id for each in unpriced))


def _refuse_dear(planned: PlannedInference) -> RefusedError:
    return RefusedError(
        f"{planned.id} costs up to {format_usd(planned.estimate.high)}, over its max_cost "
        f"of {format_usd(planned.max_cost)}",
        hint="Raise its `max_cost`, or choose cheaper parameters.",
    ).about(planned.id)


def _refuse_over_budget(plan: Plan) -> RefusedError:
    held = f" beside {format_usd(plan.held)} that is still open" if plan.held else ""
    will = "will likely cost" if plan.gate == "expected" else "costs up to"
    return RefusedError(
        f"this {will} {format_usd(plan.weighed)}{held}, which is "
        f"{format_usd(plan.over_budget)} over the budget of {format_usd(plan.budget)}"
        + (f" that shard {plan.share.shard} has" if plan.share else ""),
        hint="Raise `budget` in the job file (or --budget), or leave some out with --exclude."
        + _suggest_expected(plan),
    ).about(key="budget")


def _find_unaffordable(plan: Plan) -> PlannedInference | None:
    """The dearest purchase, where it alone costs more than the budget; None where none does."""
    budget, bought = plan.budget, [planned for planned in plan.to_run if planned.buys]
    dearest = max(bought, key=lambda each: each.estimate.high or 0, default=None)
    if dearest is None or budget is None or (dearest.estimate.high or 0) <= budget:
        return None
    return dearest


def _refuse_small_share(plan: Plan, share: Share, dear: PlannedInference) -> RefusedError:
    high = dear.estimate.high or Decimal(0)
    return RefusedError(
        f"shard {share.shard} has {format_usd(plan.budget)} of the budget, and {dear.id} alone "
        f"costs up to {format_usd(high)}",
        hint=f"With a budget of {format_usd(share.unsplit(max(high, plan.weighed or high)))} for "
        "all shards it would fit.",
    ).about(dear.id)


def _suggest_expected(plan: Plan) -> str:
    """Name the other gate where the plan would pass it."""
    expected = plan.expected
    if plan.gate == "expected" or plan.budget is None or expected is None:
        return ""
    if plan.held + expected > plan.budget:
        return ""
    likely = format_usd(expected)
    return f" It will likely cost {likely}: --gate expected begins, and never spends over the cap."


def _rest(count: int) -> str:
    return f" and {count - NAMED} more" if count > NAMED else ""
