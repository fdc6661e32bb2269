"""What was bought, as the value that a program gets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from vidi.dollars import format_usd
from vidi.errors import DownloadError
from vidi.inference.outputs.fetching.download import Fetcher
from vidi.inference.outputs.finding.find import find_outputs
from vidi.inference.outputs.result import InferenceResult

if TYPE_CHECKING:
    import httpx

    from vidi.inference.request import InferenceRequest
    from vidi.inference.session import Bought
    from vidi.inference.settings import Settings


def make_result(
    request: InferenceRequest,
    bought: Bought,
    settings: Settings,
    wire: httpx.AsyncBaseTransport | None,
) -> InferenceResult:
    """The result of an inference; nothing is fetched before somebody asks for it.

    Args:
        request: What was asked for.
        bought: What came of it.
        settings: What its files are fetched with.
        wire: What they are fetched over, instead of the network.

    Raises:
        DownloadError: The provider's answer holds nothing.
    """
    state, model = bought.state, request.model
    outputs = find_outputs(model, state.output)
    if not outputs:
        raise DownloadError(
            f"the provider's answer holds no output (request {state.request_id})",
            hint=f"Look at it on the provider's site; it has cost {format_usd(state.actual or 0)}.",
            gone=True,
        )
    return InferenceResult(
        cost=state.actual,
        metadata=_tell_more(request, bought),
        model=model.id,
        output_type=model.output_type,
        request_id=state.request_id or "",
        outputs=outputs,
        open_fetcher=partial(Fetcher, settings, wire),
    )


def _tell_more(request: InferenceRequest, bought: Bought) -> dict[str, object]:
    state = bought.state
    charge = state.charges[-1].key if state.charges else None
    return {
        "model": request.model.id,
        "provider": request.model.provider,
        "request_id": state.request_id,
        "idempotency_key": request.id,
        "run": charge.run if charge else bought.run,
        "attempts": state.attempts,
        "replayed": bought.replayed,
        "basis": state.basis,
        "estimate": {"low": request.estimate.low, "high": request.estimate.high},
        "duration": state.took_s,
        "submitted_at": state.submitted_at,
        "completed_at": state.completed_at,
        "metrics": dict(state.metrics),
        "answer": _facts_in(state.output),
    }


def _facts_in(answer: object) -> dict[str, object]:
    """What the provider said beside the outputs, such as `seed`."""
    if not isinstance(answer, Mapping):
        return {}
    return {
        name: value
        for name, value in answer.items()
        if value is not None and not isinstance(value, str | list | Mapping)
    }
