"""From a model and its params to a request that may be bought, as a program gives them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import PurePath
from secrets import token_hex
from typing import TYPE_CHECKING, NamedTuple

from vidi.errors import RefusedError, UsageError
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.estimate import Estimate
from vidi.inference.models.prices.pricing import estimate
from vidi.inference.models.registry import ParamsError
from vidi.inference.request import InferenceRequest, fingerprints_of, hash_file

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.inference.models.params.checked import CheckedParams
    from vidi.inference.models.template import ModelInfo

ASSUMED = "assume_cost: the caller's figure, not a published price"


def check_inputs(model: ModelInfo, params: Mapping[str, object], base: Path) -> CheckedParams:
    """Check and convert params; `Path`s are taken as the names of files.

    Raises:
        ParamsError: At least one is wrong; it carries all the problems.
    """
    named = {name: _name_paths(each) for name, each in params.items()}
    checked = check_params(model, named, base=base)
    if checked.errors:
        raise ParamsError(model.id, checked.errors)
    return checked


class RequestOptions(NamedTuple):
    """How an inference is bought, whatever its model is."""

    key: str | None = None
    """What names the purchase; a new name where it is None."""
    timeout_s: float | None = None
    """Seconds from submit to result; the template's where it is None."""
    assume_cost: Decimal | None = None
    """USD that it is taken to cost at most, where nobody knows."""


def make_request(
    model: ModelInfo, params: Mapping[str, object], *, base: Path, options: RequestOptions
) -> InferenceRequest:
    """Check and price one inference. Reads its input files.

    Args:
        model: What is to be run.
        params: Its inputs.
        base: What the paths of input files are relative to.
        options: How it is bought.

    Raises:
        ParamsError: At least one param is wrong.
        RefusedError: Nothing bounds its price, and no cost is assumed.
        UsageError: The key, the time or the cost is no such thing.
    """
    key, timeout_s, assume_cost = options
    if key is not None and not key.strip():
        raise UsageError("idempotency_key is empty", hint="Give it a name, or leave it out.")
    if timeout_s is not None and not 0 < timeout_s < float("inf"):
        raise UsageError(
            f"timeout is {timeout_s}, which is not a number of seconds above 0",
            hint="Give the seconds from submit to result, or leave it out.",
        )
    checked = check_inputs(model, params, base)
    price = _bound(estimate(model, checked, timeout_s=timeout_s or model.timeout_s), assume_cost)
    inputs = {file.name: hash_file(file.path) for file in checked.files}
    fingerprint, *former = fingerprints_of(model, checked, inputs)
    return InferenceRequest(
        id=key or token_hex(8),
        model=model,
        checked=checked,
        estimate=price,
        reserve=price.high or Decimal(0),
        fingerprint=fingerprint,
        output="",
        timeout_s=timeout_s or model.timeout_s,
        cancel_at_deadline=timeout_s is not None,
        inputs=inputs,
        former=tuple(former),
    )


def _bound(price: Estimate, assumed: Decimal | None) -> Estimate:
    if price.high is not None:
        return price
    if assumed is None:
        raise RefusedError(
            f"nobody knows what this costs: {price.reason}",
            hint="Give assume_cost, the USD that you take it to cost at most.",
        )
    if not assumed.is_finite() or assumed < 0:
        raise UsageError(f"assume_cost is {assumed}", hint="Write it as Decimal('0.50').")
    return Estimate(assumed, assumed, ASSUMED)


def _name_paths(value: object) -> object:
    if isinstance(value, PurePath):
        return value.as_posix()
    if isinstance(value, Mapping):
        return {name: _name_paths(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_name_paths(each) for each in value]
    return value
