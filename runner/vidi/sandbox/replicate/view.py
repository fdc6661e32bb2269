"""A prediction as Replicate shows it."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vidi.sandbox.answers.answers import replace_leaves
from vidi.sandbox.facts.official import is_official, version_of
from vidi.sandbox.metrics import billing_metrics
from vidi.sandbox.serving.addresses import DELIVERY, REPLICATE
from vidi.sandbox.state import OUTPUTS_KEPT_S
from vidi.sandbox.work import is_terminal

if TYPE_CHECKING:
    from vidi.sandbox.answers.answers import FileLeaf
    from vidi.sandbox.serving.addresses import Addresses
    from vidi.sandbox.work import Stage, Work

_STATUSES: dict[Stage, str] = {"queued": "starting", "running": "processing"}

_DIRECTOR = "Director: unexpected error handling prediction"
_ERRORS = {
    "failed": "CUDA out of memory. Try a smaller input. (E1001)",
    "failed-transient": "An unknown error occurred. Please retry. (E1000)",
    "interrupted": "Prediction interrupted; please retry (code: PA)",
    "moderated": (
        "The input or output was flagged as sensitive. Please try again with different inputs. "
        "(E005)"
    ),
    "completed-with-error": "The model ended with an error.",
    "e003": (
        "Prediction failed: Async prediction failed: ModelRateLimitError: Service is currently "
        "unavailable due to high demand. (E003)"
    ),
    "e004": "Prediction failed: Service is temporarily unavailable. (E004)",
    "director": _DIRECTOR,
    **{
        code.lower(): f"{_DIRECTOR} ({code})"
        for code in ("E6716", "E8367", "E8765", "E9243", "E9828")
    },
}


def show_prediction(
    work: Work, urls: Addresses, now: float | None, *, inline: bool = False
) -> dict[str, object]:
    """A prediction as JSON values.

    Args:
        work: The inference; its files are made if it has succeeded.
        urls: Builds the URLs.
        now: Seconds since the epoch; None for the answer to a create, which knows nothing yet.
        inline: Files as `data:` URIs, not as URLs.
    """
    stage = "queued" if now is None else work.stage(now)
    gone = now is not None and _is_removed(work, now)
    shown: dict[str, object] = {
        "id": work.id,
        "model": work.model.name,
        "version": "hidden" if is_official(work.model) else version_of(work.model),
        "input": {} if gone else dict(work.input),
        "logs": None if gone else _logs(work, stage),
        "output": None if gone or stage != "succeeded" else _output(work, urls, inline=inline),
        "data_removed": gone,
        "error": _error(work) if stage == "failed" else None,
        "source": "api",
        "status": _STATUSES.get(stage, stage),
        "created_at": _moment(work.created_at),
        "urls": _links(work, urls),
    }
    if work.webhook:
        shown["webhook"] = work.webhook
    return shown if now is None else shown | _times(work, stage, now)


def _times(work: Work, stage: Stage, now: float) -> dict[str, object]:
    ended_at, _ = work.end()
    times: dict[str, object] = {}
    if now >= work.started_at and stage != "aborted" and ended_at >= work.started_at:
        times["started_at"] = _moment(work.started_at)
    if is_terminal(stage):
        times["completed_at"] = _moment(ended_at)
        times["metrics"] = billing_metrics(work, stage)
    return times


def _links(work: Work, urls: Addresses) -> dict[str, str]:
    own = urls.url(REPLICATE, f"/v1/predictions/{work.id}")
    return {"cancel": f"{own}/cancel", "get": own, "web": f"https://replicate.com/p/{work.id}"}


def _output(work: Work, urls: Addresses, *, inline: bool) -> object:
    def put(leaf: FileLeaf) -> str:
        file = work.files[leaf]
        if inline:
            data = b64encode(file.read()).decode()
            return f"data:{file.content_type};base64,{data}"
        return urls.url(DELIVERY, file.path)

    return replace_leaves(work.tree.get("output"), put)


def _is_removed(work: Work, now: float) -> bool:
    ended_at, _ = work.end()
    return work.doom == "data-removed" or now >= ended_at + OUTPUTS_KEPT_S


def _error(work: Work) -> str:
    assert work.fate is not None  # noqa: S101  only a fault fails a prediction that was accepted
    return str(work.fate.options.get("message", _ERRORS.get(work.doom, "It failed.")))


def _logs(work: Work, stage: Stage) -> str:
    flagged = work.doom in {"nsfw", "partial-moderation"} and is_terminal(stage)
    return "NSFW content detected in image 1\n" if flagged else ""


def _moment(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")
