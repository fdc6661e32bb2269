"""The figures that a provider reports about a finished inference."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.template import OutputType
from vidi.sandbox.answers.answers import file_leaves
from vidi.sandbox.orders.orders import words_of

if TYPE_CHECKING:
    from vidi.sandbox.work import Stage, Work

_DIMENSIONS = {
    "resolution": "resolution_target",
    "generate_audio": "with_audio",
    "mode": "motion_mode",
}
"""Params that Replicate repeats among the metrics, and under which names."""
_TOKEN = 4
"""Characters of a token, more or less."""


@dataclass(frozen=True, slots=True)
class PlannedMedia:
    """What prices need to know of a file that is not made yet."""

    width: int | None
    height: int | None
    duration_s: Decimal | None

    @classmethod
    def of(cls, tree: object) -> tuple[PlannedMedia, ...]:
        """The files of an answer's tree."""
        return tuple(
            cls(
                order.width if order.kind in {"image", "video"} else None,
                order.height if order.kind in {"image", "video"} else None,
                seconds(order.duration_s) if order.kind in {"audio", "video"} else None,
            )
            for order in (leaf.order for leaf in dict.fromkeys(file_leaves(tree)) if not leaf.aside)
        )


def seconds(length: float) -> Decimal:
    """Seconds to the millisecond."""
    return round(Decimal(str(length)), 3)


def billing_metrics(work: Work, stage: Stage) -> dict[str, object]:
    """Replicate's `metrics`: the times, and what it bills by.

    Names: replicate's record_billing_metric code. A failed inference has made nothing.
    """
    ended_at, _ = work.end()
    busy = {"succeeded": work.busy_s, "failed": work.busy_s}.get(stage, 0.0)
    if stage == "canceled":
        busy = max(0.0, ended_at - work.started_at)
    times = {"predict_time": round(busy, 6), "total_time": round(_waited(work) + busy, 6)}
    if stage == "aborted":
        return {"total_time": times["total_time"]}
    dimensions = {
        metric: work.effective[param]
        for param, metric in _DIMENSIONS.items()
        if isinstance(work.effective.get(param), str | bool)
    }
    return times | _output_metrics(work, made=stage == "succeeded") | dimensions


def _waited(work: Work) -> float:
    return min(work.end()[0], work.started_at) - work.created_at


def _output_metrics(work: Work, *, made: bool) -> dict[str, object]:
    files = [leaf.order for leaf in file_leaves(work.tree)] if made else []
    length = float(sum((seconds(order.duration_s) for order in files), Decimal(0)))
    words = words_of(work.effective)
    match work.model.output_type:
        case OutputType.IMAGE:
            return {"image_output_count": len(files)}
        case OutputType.VIDEO:
            return {"video_output_count": len(files), "video_output_duration_seconds": length}
        case OutputType.AUDIO:
            return {
                "audio_output_count": len(files),
                "audio_output_duration_seconds": length,
                "character_input_count": len(words),
            }
        case OutputType.TEXT:
            answered = len(words) // _TOKEN + 4 if made else 0
            return {"token_input_count": len(words) // _TOKEN + 1, "token_output_count": answered}
        case _:
            return {"generic_output_count": int(made)}
