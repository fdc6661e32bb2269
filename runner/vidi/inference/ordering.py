"""From a model and its params to a request that may be bought, as a program gives them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import PurePath
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from vidi.errors import UsageError
from vidi.inference.models.pricing import estimate
from vidi.inference.models.registry import ParamsError
from vidi.inference.models.schema import check_params
from vidi.inference.request import InferenceRequest, fingerprint_of, hash_file

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.inference.models.checked import CheckedParams
    from vidi.inference.models.template import ModelInfo


def check_inputs(model: ModelInfo, params: Mapping[str, Any], base: Path) -> CheckedParams:
    """Check and convert params; `Path`s are taken as the names of files.

    Raises:
        ParamsError: At least one is wrong; it carries all the problems.
    """
    checked = check_params(model, _name_paths(params), base=base)
    if checked.errors:
        raise ParamsError(model.id, checked.errors)
    return checked


def make_request(
    model: ModelInfo,
    params: Mapping[str, Any],
    *,
    base: Path,
    key: str | None = None,
    timeout_s: float | None = None,
) -> InferenceRequest:
    """Check and price one inference. Reads its input files.

    Args:
        model: What is to be run.
        params: Its inputs.
        base: What the paths of input files are relative to.
        key: What names this purchase; a new name where it is None.
        timeout_s: Seconds from submit to result; the template's where it is None.

    Raises:
        ParamsError: At least one param is wrong.
        UsageError: The key or the time is no such thing.
    """
    if key is not None and not key.strip():
        raise UsageError("idempotency_key is empty", hint="Give it a name, or leave it out.")
    if timeout_s is not None and not 0 < timeout_s < float("inf"):
        raise UsageError(
            f"timeout is {timeout_s}, which is not a number of seconds above 0",
            hint="Give the seconds from submit to result, or leave it out.",
        )
    checked = check_inputs(model, params, base)
    price = estimate(model, checked, timeout_s=timeout_s or model.timeout_s)
    inputs = {file.name: hash_file(file.path) for file in checked.files}
    return InferenceRequest(
        id=key or token_hex(8),
        model=model,
        checked=checked,
        estimate=price,
        reserve=price.high or Decimal(0),
        fingerprint=fingerprint_of(model, checked, inputs),
        output="",
        timeout_s=timeout_s or model.timeout_s,
        inputs=inputs,
    )


def _name_paths(value: Any) -> Any:
    if isinstance(value, PurePath):
        return value.as_posix()
    if isinstance(value, Mapping):
        return {name: _name_paths(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_name_paths(each) for each in value]
    return value
