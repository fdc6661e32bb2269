"""What settled estimates have really cost: asked of the provider's own list, and put right.

A bill that no figure came with is booked at its estimate. Where the provider's list has its units,
they are worth more than the estimate, in either direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from vidi.errors import CredentialsError, PollError, UsageError
from vidi.inference.models.prices.rows import row_in_force
from vidi.inference.models.prices.units import bill_units, find_base
from vidi.runs.execution.reconciliation import open_runtime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.models.template import ModelInfo
    from vidi.inference.tracking.journal.charges import Charge
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.runs.execution.reconciliation import ReconcileConfig


@dataclass(frozen=True, slots=True)
class CostFinding:
    """What one settled estimate has cost. USD."""

    id: str
    model: str
    request_id: str
    was: Decimal
    actual: Decimal | None
    """None where nobody can say: the estimate stands."""
    basis: str
    """`metered`, `none` where it was free, else `estimated` still."""
    message: str = ""


def list_estimated(states: Mapping[str, InferenceState]) -> tuple[tuple[str, Charge], ...]:
    """Every attempt that was booked at its estimate, with the id that it is on record under."""
    return tuple(
        (state.id, charge)
        for state in states.values()
        for charge in state.charges
        if charge.basis == "estimated" and charge.request_id is not None and not charge.open
    )


async def ask_costs(config: ReconcileConfig) -> tuple[CostFinding, ...]:
    """Ask the providers for every settled estimate, and put right what they know."""
    async with open_runtime(config) as runtime:
        estimated = list_estimated(config.journal.states)
        return tuple([await _ask(key, charge, config, runtime) for key, charge in estimated])


async def _ask(key: str, charge: Charge, config: ReconcileConfig, runtime: Runtime) -> CostFinding:
    was, request_id = charge.actual or Decimal(0), charge.request_id or ""
    stays = partial(CostFinding, key, charge.model, request_id, was, None, "estimated")
    try:
        model = config.registry.get_template(charge.model)
        provider = runtime.open_provider(model.provider)
        units = await provider.find_units(model, request_id, charge.reserved_at)
        usd = None if units is None else await _price(model, units, runtime)
    except (PollError, CredentialsError, UsageError) as error:
        return stays(error.message)
    if usd is None:
        return stays("nobody can say yet" if units is None else "its units have no known price")
    basis = "metered" if units else "none"
    await config.journal.append(
        "repriced",
        key,
        request_id=request_id,
        actual_usd=usd,
        basis=basis,
        billable_units=units,
    )
    return CostFinding(key, charge.model, request_id, was, usd, basis)


async def _price(model: ModelInfo, units: Decimal, runtime: Runtime) -> Decimal | None:
    """What so many units cost in USD; None where nobody knows what one costs."""
    if not units:
        return Decimal(0)
    row = row_in_force(model.pricing, datetime.now(UTC).date())
    base = find_base(await runtime.base_prices.find(model) or model.billing, row)
    return None if base is None else bill_units(units, base)
