"""An entry of a job file as a request that may be bought: checked, priced, fingerprinted."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.prices.estimate import Estimate
from vidi.inference.models.prices.money import up_to_micro
from vidi.inference.models.prices.pricing import estimate
from vidi.inference.request import InferenceRequest, fingerprints_of
from vidi.jobs.reading.fields import Retry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vidi.inference.models.params.checked import CheckedParams
    from vidi.inference.models.remembered_prices import RememberedPrices
    from vidi.inference.models.template import ModelInfo
    from vidi.jobs.spec import InferenceSpec

_USUAL_RETRY = Retry()
ASSUMED = "assume_cost: the figure in the job file, not a published price"


def price_listed(request: InferenceRequest, assume_cost: Decimal | None) -> Decimal:
    """The most that a request costs by its template alone, in USD: the same on every machine.

    What was billed before on this one is left aside. 0 where nothing bounds it.
    """
    price = estimate(request.model, request.checked, timeout_s=request.timeout_s)
    return price.high or assume_cost or Decimal(0)


def make_request(
    spec: InferenceSpec,
    model: ModelInfo,
    checked: CheckedParams,
    hash_input: Callable[[Path], str],
    prices: RememberedPrices,
) -> InferenceRequest:
    """Make the request of an entry whose params are right.

    Args:
        spec: The entry.
        model: Its model.
        checked: Its params.
        hash_input: The sha256 of an input file, by its path.
        prices: What inferences of the plan cost, by past bills too.
    """
    timeout_s, retry = spec.timeout or model.timeout_s, spec.retry or _USUAL_RETRY
    price = prices.estimate(model, checked, timeout_s)
    if price.high is None and spec.assume_cost is not None:
        assumed = up_to_micro(spec.assume_cost)
        price = Estimate(assumed, assumed, ASSUMED)
    inputs = {file.name: hash_input(file.path) for file in checked.files}
    fingerprint, *former = fingerprints_of(model, checked, inputs)
    return InferenceRequest(
        id=spec.id,
        model=model,
        checked=checked,
        estimate=price,
        reserve=price.high or Decimal(0),
        fingerprint=fingerprint,
        output=spec.output,
        timeout_s=timeout_s,
        attempts=retry.attempts,
        retry_on=retry.on,
        cancel_at_deadline=spec.timeout is not None,
        inputs=inputs,
        mark=spec.mark,
        former=tuple(former),
    )
