"""fal's result of a completed request, read: a success, the model's own error, or the gateway's.

`COMPLETED` does not mean success: the error is in the status, and in the HTTP status and body of
the result. A 5xx that neither the model nor the platform signed is the way's fault, not the
request's: it is fetched again, never bought again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from vidi.errors import NotFoundError, PollError
from vidi.inference.providers.account import FAL
from vidi.inference.providers.fal.answers import FAILED
from vidi.inference.providers.fal.error_codes import (
    CANCELED_TYPES,
    SERVER_TYPES,
    read_billable_units,
    read_retryable,
    read_words,
)
from vidi.inference.providers.provider import Failed, PollResult, Running, Succeeded
from vidi.inference.providers.transport.answer import shorten
from vidi.inference.providers.transport.retry_after import read_retry_after

if TYPE_CHECKING:
    from decimal import Decimal

    from vidi.inference.providers.transport.answer import Answer, Fields

MODERATED = re.compile(
    r"content[ _-]?(policy|checker)|moderat|nsfw|flagged|partner_validation_failed"
    r"|safety[ _-](violation|filter|checker|system)|likeness",
    flags=re.IGNORECASE,
)
"""What the recorded refusals of content filters say, fal's own and its partners'."""
NO_PATH = re.compile(r"Path \S+ not found")
"""What an app says of a path that it does not have: the queue takes any path of a known app."""
OF_THE_WAY = frozenset({401, 402, 403, 404, 405, 408, 410, 425, 429})
"""Client errors that a gateway gives for its own reasons."""


def read_result(answer: Answer, status: Fields) -> PollResult:
    """Read the result's answer beside the status that announced it.

    Raises:
        PollError: It is not the model's answer; fetch it again.
        CredentialsError: The key was refused.
    """
    if answer.ok:
        return _read_success(answer, status)
    if answer.status == 400 and "still in progress" in read_words(answer).said.lower():
        return Running("IN_PROGRESS")
    if answer.status == 404 and NO_PATH.match(read_words(answer).said):
        return _read_no_path(answer)
    if is_status_error(status) or _is_the_models_own(answer):
        return _read_failure(answer, status)
    if answer.status == 401:
        raise FAL.bad_key(read_words(answer).said)
    if answer.status == 404:
        said = f"fal.ai answered HTTP 404 for the result: {read_words(answer).said}"
        raise NotFoundError(said, of_result=True)
    raise PollError(
        f"fal.ai answered HTTP {answer.status} for the result: {read_words(answer).said}",
        retry_after=read_retry_after(answer),
    )


def _read_success(answer: Answer, status: Fields) -> PollResult:
    if is_status_error(status):
        return _read_failure(answer, status)
    output = answer.json()
    if answer.status == 202:
        return Running("IN_PROGRESS")
    if output is None:
        raise PollError(f"fal.ai's result cannot be read: {answer.text() or 'it is empty'}")
    return Succeeded(
        output,
        metrics=_read_metrics(status),
        billable_units=read_billable_units(answer),
        logs=_read_logs(status.get("logs")),
    )


def _read_no_path(answer: Answer) -> Failed:
    """The queue took it, and no such endpoint is in the app: nothing ran, nothing is billed."""
    units = read_billable_units(answer)
    said = f"the app has no such endpoint, it was renamed or retired: {read_words(answer).said}"
    return Failed("failed", said, "path_not_found", free=not units, billable_units=units)


def _read_logs(logs: object) -> str:
    items = logs if isinstance(logs, list) else []
    return "\n".join(str(each.get("message", "")) for each in items if isinstance(each, dict))


def is_status_error(status: Fields) -> bool:
    """Whether the status itself says that the request ended in an error."""
    said = bool(status.get("error") or status.get("error_type"))
    return said or str(status.get("status")) in FAILED


def is_model_error(answer: Answer) -> bool:
    """Whether an error has the form in which models report theirs (family A)."""
    return isinstance(answer.fields().get("detail"), list)


def _is_the_models_own(answer: Answer) -> bool:
    """Whether the model or fal's platform says this of the request, not a gateway of this look.

    A 429 even with an error type is about the look: taken for the request's, it would be bought
    again.
    """
    if answer.status in OF_THE_WAY:
        return is_model_error(answer)
    if read_words(answer).structured:
        return True
    if answer.status >= 500:
        return "x-fal-request-id" in answer.headers
    return answer.status >= 400 and bool(answer.fields())


def _read_failure(answer: Answer, status: Fields) -> Failed:
    """The result's own words where it has any, else the status's."""
    words = read_words(answer)
    own = not answer.ok and (words.structured or bool(answer.fields()))
    kind = (words.error_type if own else "") or str(status.get("error_type") or "")
    said = words.said if own else _read_reason(status, kind)
    server_side = kind in SERVER_TYPES or (answer.status >= 500 and own)
    retryable, units = read_retryable(answer), read_billable_units(answer)
    return Failed(
        _name_failure(kind, said, answer.status, status),
        said,
        error_type=kind,
        transient=server_side if retryable is None else retryable,
        free=_is_free(units, server_side=server_side),
        metrics=_read_metrics(status),
        billable_units=units,
        output=answer.json() if answer.ok else None,
    )


def _read_reason(status: Fields, kind: str) -> str:
    return shorten(str(status.get("error") or kind or "fal.ai gave no reason"))


def _is_free(units: Decimal | None, *, server_side: bool) -> bool:
    return units == 0 or (server_side and units is None)


def _read_metrics(status: Fields) -> Fields:
    metrics = status.get("metrics")
    return metrics if isinstance(metrics, dict) else {}


def _name_failure(
    kind: str, said: str, http: int, status: Fields
) -> Literal["failed", "moderated", "canceled"]:
    if MODERATED.search(f"{kind} {said}"):
        return "moderated"
    if kind in CANCELED_TYPES or http == 499 or status.get("status") == "CANCELLED":
        return "canceled"
    return "failed"
