"""The sandbox's billing record: what each accepted inference would have cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.params.checked import CheckedParams
from vidi.inference.models.prices.estimate import Metered
from vidi.inference.models.prices.money import json_number
from vidi.inference.models.prices.pricing import estimate, settle
from vidi.sandbox.facts.base_prices import find_base_price
from vidi.sandbox.metrics import PlannedMedia, billing_metrics, seconds

if TYPE_CHECKING:
    from vidi.sandbox.work import Stage, Work


@dataclass(frozen=True, slots=True)
class Charge:
    """What one accepted inference cost."""

    request_id: str
    model: str
    status: str
    """How it ends: `succeeded`, `failed`, `canceled` or `aborted`."""
    usd: Decimal | None
    """None where the template knows no price."""
    basis: str
    units: Decimal | None
    """fal's billable units."""

    def to_json(self) -> dict[str, object]:
        """The charge as JSON values."""
        return {
            "request_id": self.request_id,
            "model": self.model,
            "status": self.status,
            "usd": None if self.usd is None else json_number(self.usd),
            "basis": self.basis,
            "units": None if self.units is None else json_number(self.units),
        }


class Billing:
    """Every charge, in the order in which the inferences were accepted."""

    def __init__(self) -> None:
        self._charges: dict[str, Charge] = {}

    @property
    def charges(self) -> tuple[Charge, ...]:
        """All charges; a canceled inference keeps its place."""
        return tuple(self._charges.values())

    @property
    def total(self) -> Decimal:
        """USD of all charges that have a price."""
        return sum((charge.usd or Decimal(0) for charge in self.charges), Decimal(0))

    def charge(self, work: Work) -> Charge:
        """Write down what an inference costs; again, when its end has changed."""
        charge = self._charges[work.id] = price_work(work)
        return charge

    def find(self, request_id: str) -> Charge:
        """The charge of one inference."""
        return self._charges[request_id]

    def to_json(self) -> dict[str, object]:
        """The whole record as JSON values."""
        charges = [charge.to_json() for charge in self.charges]
        return {"total_usd": json_number(self.total), "charges": charges}


def price_work(work: Work) -> Charge:
    """What an inference costs by its template's own price rules."""
    _, stage = work.end()
    worked = stage == "succeeded" or (work.doom == "moderated" and work.model.provider == "fal")
    assets = PlannedMedia.of(work.tree) if worked else ()
    if work.model.provider == "fal":
        return _price_units(work, stage, assets) if worked else _charge_nothing(work, stage)
    actual = settle(work.model, _checked(work), Metered(billing_metrics(work, stage), None, assets))
    billed = worked or (stage in _BILLED_BY_TIME and actual.basis in {"metered", "derived"})
    usd, basis = (actual.usd, actual.basis) if billed else (Decimal(0), "none")
    return Charge(work.id, work.model.id, stage, usd, basis, None)


_BILLED_BY_TIME: tuple[Stage, ...] = ("failed", "canceled")
"""Replicate bills the time that these ran, where it bills time at all."""


def _price_units(work: Work, stage: Stage, assets: tuple[PlannedMedia, ...]) -> Charge:
    """Fal bills units of the base price, so many that they make the price of the page."""
    usd = settle(work.model, _checked(work), Metered({}, None, assets)).usd
    base = find_base_price(work.model)
    quantity = _quantity(work)
    if base is None:
        return Charge(work.id, work.model.id, stage, usd, "metered", quantity)
    units = base.count(usd, quantity or Decimal(1), seconds(work.busy_s))
    return Charge(work.id, work.model.id, stage, base.bill(units, usd), "metered", units)


def _charge_nothing(work: Work, stage: Stage) -> Charge:
    return Charge(work.id, work.model.id, stage, Decimal(0), "none", None)


def _quantity(work: Work) -> Decimal | None:
    """The quantity of the price's first line."""
    lines = estimate(work.model, _checked(work)).lines
    return lines[0].quantity_low if lines and lines[0].quantity_low > 0 else None


def _checked(work: Work) -> CheckedParams:
    return CheckedParams(dict(work.input), dict(work.effective), work.given)
