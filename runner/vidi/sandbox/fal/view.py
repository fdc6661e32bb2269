"""A request as fal shows it: its status, its result, and its failures in four families."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from vidi.sandbox.answers.answers import replace_leaves
from vidi.sandbox.answers.plain import plain_json
from vidi.sandbox.facts.partners import untold_fields
from vidi.sandbox.fal.failures import failure_of
from vidi.sandbox.serving.addresses import CDN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from vidi.sandbox.answers.answers import FileLeaf
    from vidi.sandbox.files import StoredFile
    from vidi.sandbox.serving.addresses import Addresses
    from vidi.sandbox.work import Stage, Work

_HEADERS = {
    "x-fal-served-from": "5a4d0b0c-5a4d-4b0c-8000-000000000001",
    "x-robots-tag": "noindex",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
}
"""What every recorded answer of a model had; `served-from` is the runner, not another endpoint."""

_LAST_WORDS = {"status-failed": "FAILED", "status-cancelled": "CANCELLED"}
"""The end of a request by its fate, where it is not said as the documents say it."""


def show_status(
    work: Work, stage: Stage, urls: Mapping[str, str], *, logs: bool
) -> dict[str, object]:
    """A status object, which a submit is answered by, too. A failed request is COMPLETED as well.

    Args:
        work: The request.
        stage: Where it stands.
        urls: Those of the request; each object has all of them.
        logs: Whether they were asked for.
    """
    shown: dict[str, object] = {"request_id": work.id, **urls, "logs": None, "metrics": {}}
    if stage == "queued":
        return {"status": "IN_QUEUE", **shown, "queue_position": 0}
    shown["logs"] = [_log_line(work)] if logs else None
    if stage == "running":
        return {"status": "IN_PROGRESS", **shown}
    shown["metrics"] = {"inference_time": work.busy_s}
    if stage != "succeeded":
        failure = failure_of(work, stage)
        if failure.in_status:
            shown |= {"error": failure.message, "error_type": failure.kind}
    return {"status": _LAST_WORDS.get(work.doom, "COMPLETED"), **shown}


def show_result(work: Work, urls: Addresses, units: Decimal | None) -> Response:
    """The answer of a finished request, or its failure.

    Args:
        work: The request; its files are made if it has succeeded.
        urls: Builds the URLs.
        units: What fal bills by, where it bills.
    """
    headers = {"x-fal-request-id": work.id, **_HEADERS}
    if units is not None:
        headers["X-Fal-Billable-Units"] = str(float(units))
    _, stage = work.end()
    if stage != "succeeded":
        return failure_of(work, stage).answer(headers)
    if work.doom == "data-removed":
        return JSONResponse({"status": "NOT_FOUND"}, 404, headers)
    return JSONResponse(answer_of(work, urls), 200, headers)


def answer_of(work: Work, urls: Addresses) -> object:
    """The model's answer, with the URLs of its files."""

    def put(leaf: FileLeaf) -> object:
        return _show_file(work.files[leaf], leaf, urls, work.model.name)

    return plain_json(replace_leaves(work.tree, put))


def _show_file(file: StoredFile, leaf: FileLeaf, urls: Addresses, endpoint: str) -> object:
    url = urls.url(CDN, file.path)
    if leaf.as_url:
        return url
    order = leaf.order
    shown: dict[str, object] = {
        "url": url,
        "content_type": file.content_type,
        "file_name": file.name,
        "file_size": file.size,
    }
    if order.kind in {"image", "video"}:
        shown |= {"width": order.width, "height": order.height}
    if order.kind in {"audio", "video"}:
        shown["duration"] = float(order.duration_s)
    nulls, absent = untold_fields(endpoint, order.kind)
    return {name: value for name, value in {**shown, **nulls}.items() if name not in absent}


def _log_line(work: Work) -> dict[str, object]:
    moment = datetime.fromtimestamp(work.started_at, UTC).isoformat(timespec="milliseconds")
    return {"message": "SANDBOX", "level": "INFO", "source": "RUNNER", "timestamp": moment}
