"""How a request at fal fails: family A by the model, family B by the platform."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from starlette.responses import JSONResponse

from vidi.json_values import as_list
from vidi.sandbox.answers.plain import plain_json
from vidi.sandbox.answers.refusals import model_error
from vidi.sandbox.facts.apps import split_endpoint
from vidi.sandbox.faults import UNKNOWN_PATH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.sandbox.orders.checks import Violation
    from vidi.sandbox.work import Stage, Work

_POLICY = "The content could not be processed because it contained material flagged by a checker."
_KINDS = {
    "required": "missing", "enum": "literal_error", "minimum": "greater_than_equal",
    "maximum": "less_than_equal", "exclusiveMinimum": "greater_than",
    "exclusiveMaximum": "less_than", "minLength": "string_too_short",
    "maxLength": "string_too_long", "minItems": "sequence_too_short",
    "maxItems": "sequence_too_long", "multipleOf": "multiple_of", "url": "file_download_error",
}  # fmt: skip
"""JSON Schema keyword to pydantic's or fal's name of the error."""
_CONTEXT = {"minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt"}


@dataclass(frozen=True, slots=True)
class Failure:
    """One way to fail."""

    status: int
    """The HTTP status of the result."""
    kind: str
    message: str
    family: Literal["model", "platform", "dict", "plain"] = "platform"
    retryable: bool | None = None
    """What `X-Fal-Retryable` says; None: the header is not there."""
    in_status: bool = False
    """Whether the status object tells of it, too."""
    details: tuple[Mapping[str, object], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def answer(self, headers: Mapping[str, str]) -> JSONResponse:
        """The result's answer, with these headers and its own."""
        own = dict(self.headers)
        if self.retryable is not None:
            own["X-Fal-Retryable"] = str(self.retryable).lower()
        if self.family == "model":
            usual = (model_error(["body", "prompt"], self.message, self.kind),)
            body: dict[str, object] = {"detail": list(self.details or usual)}
        elif self.family == "dict":
            body = {"detail": {"type": self.kind, "message": self.message}}
        elif self.family == "plain":
            body = {"detail": self.message}
        else:
            own["X-Fal-Error-Type"] = self.kind
            body = {"detail": self.message, "error_type": self.kind}
        return JSONResponse(plain_json(body), self.status, {**headers, **own})


_CANCELED = Failure(499, "client_cancelled", "Request was cancelled by the client")
_EXPIRED = Failure(
    504,
    "request_timeout",
    "Request timed out before it started",
    in_status=True,
    headers={"X-Fal-Request-Timeout-Type": "user"},
)
_NO_UNITS = {"X-Fal-Billable-Units": "0"}
_BY_FATE = {
    "failed": Failure(
        500, "internal_server_error", "Internal server error", "model", retryable=False
    ),
    "failed-transient": Failure(
        503, "runner_disconnected", "Runner disconnected", retryable=True, in_status=True
    ),
    "interrupted": Failure(504, "generation_timeout", "Generation timed out", "model", True),
    "moderated": Failure(422, "content_policy_violation", _POLICY, "model", retryable=False),
    "completed-with-error": Failure(
        500, "runner_server_error", "Runner server error", in_status=True
    ),
    "canceled": _CANCELED,
    "aborted": _EXPIRED,
    "retryable": Failure(
        500, "downstream_service_error", "Downstream service error", "model", True, in_status=True
    ),
    "moderated-dict": Failure(422, "content_policy_violation", _POLICY, "dict"),
    "moderated-partner": Failure(
        422, "value_error", "", "model", details=({"msg": "partner_validation_failed"},)
    ),
    "unread-input": Failure(
        422, "file_download_error", "Failed to download the file", "model", headers=_NO_UNITS
    ),
    "status-failed": Failure(422, "string_too_long", "too long", "model"),
    "status-cancelled": Failure(422, "client_cancelled", "Request was cancelled", "plain"),
}


def failure_of(work: Work, stage: Stage) -> Failure:
    """How this request failed."""
    if work.violations:
        details = tuple(_detail(each) for each in work.violations)
        kind = str(details[0]["type"])
        free = _NO_UNITS if kind == "file_download_error" else {}
        return Failure(422, kind, "Invalid input", "model", False, details=details, headers=free)
    if work.doom == UNKNOWN_PATH:
        _, path = split_endpoint(work.model.name)
        return Failure(404, "not_found", f"Path /{path} not found", "plain")
    if stage == "canceled":
        return _CANCELED
    return _EXPIRED if stage == "aborted" else _BY_FATE.get(work.doom, _BY_FATE["failed"])


def _detail(violation: Violation) -> dict[str, object]:
    kind = _KINDS.get(violation.rule)
    if kind is None and violation.rule == "type":
        kind = f"{as_list(violation.expected)[0]}_type".replace("integer_type", "int_parsing")
    more: dict[str, object] = {"input": violation.given}
    if violation.rule in _CONTEXT:
        more["ctx"] = {_CONTEXT[violation.rule]: violation.expected}
    at: list[str | int] = ["body", *violation.path]
    return model_error(at, _words(violation), kind or "value_error", **more)


def _words(violation: Violation) -> str:
    match violation.rule:
        case "required":
            return "Field required"
        case "enum":
            return (
                f"Input should be {' or '.join(repr(each) for each in as_list(violation.expected))}"
            )
        case "type":
            return f"Input should be a valid {' or '.join(map(str, as_list(violation.expected)))}"
        case "minimum" | "maximum" as rule:
            side = "greater" if rule == "minimum" else "less"
            return f"Input should be {side} than or equal to {violation.expected}"
        case "url":
            return "Failed to download the file. Please check if the URL is accessible."
        case _:
            return "Input is not valid"
