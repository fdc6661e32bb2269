"""What a project has pinned of the registry, against what is there now."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.errors import Place, UsageError
from vidi.file_kinds import check_regular
from vidi.inference.models.lock import (
    NAME,
    LockDifference,
    LockedModel,
    LockError,
    lock_model,
    read_lock,
)
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.pricing import estimate
from vidi.runs.records.figures import format_estimate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vidi.inference.models.registry import ModelRegistry
    from vidi.inference.models.template import ModelInfo


def load_lock(project: Path) -> dict[str, LockedModel]:
    """The lock of a project.

    Raises:
        UsageError: It is not there, or cannot be read.
    """
    path = project / NAME
    try:
        check_regular(path)
        return read_lock(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"there is no {path}", hint="`vidi lock` writes it.") from error
    except (OSError, UnicodeDecodeError, LockError) as error:
        raise UsageError(
            f"this lock cannot be read: {error}",
            hint="Remove it and write it anew with `vidi lock`.",
            place=Place(str(path)),
        ) from error


def pin_models(registry: ModelRegistry, models: Sequence[ModelInfo]) -> dict[str, LockedModel]:
    """Each of the models as it is now, by its id."""
    pinned = {}
    for model in models:
        price = estimate(model, check_params(model, model.example, base=None))
        example_usd = {"low": price.low, "high": price.high}
        pinned[model.id] = lock_model(registry.text_of(model), example_usd)
    return pinned


def describe_difference(difference: LockDifference) -> str:
    """How a model is no longer as it is pinned, in a line."""
    was, now = difference.was, difference.now
    if difference.what == "prices" and was is not None and now is not None:
        told = f"its example {_usd(was)} when it was pinned, {_usd(now)} now"
        return f"{difference.id}: prices: {told}"
    if difference.what == "template":
        return f"{difference.id}: template: params, dates or sources are others now"
    return f"{difference.id}: {difference.what}" + (f", its example {_usd(now)}" if now else "")


def _usd(model: LockedModel) -> str:
    low = model.example_usd.get("low")
    return format_estimate(Decimal(0) if low is None else low, model.example_usd.get("high"))
