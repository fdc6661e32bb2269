"""Every way in which a provider says no, in its own words.

Sources: recorded traffic, error texts pasted in public, and both providers' pages on errors.
"""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, JSONResponse, Response

from vidi.sandbox.facts.request_ids import make_request_id
from vidi.sandbox.serving.addresses import PLATFORM

if TYPE_CHECKING:
    from vidi.sandbox.faults import Fault
    from vidi.sandbox.serving.addresses import Service

PROBLEM = "application/problem+json"

_NGINX = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad "
    "Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)

_CREDIT = (
    "You have insufficient credit to run this model. Go to "
    "https://replicate.com/account/billing#billing to purchase credit. Once you purchase credit, "
    "please wait a few minutes before trying again."
)
_FORBIDDEN = "You do not have permission to perform this action."
_REPLICATE = {
    400: ("Bad request", "The request could not be read."),
    401: ("Unauthenticated", "You did not pass a valid authentication token"),
    402: ("Insufficient credit", _CREDIT),
    403: ("Forbidden", _FORBIDDEN),
    404: ("Not found", "The requested resource could not be found."),
    410: ("Gone", "The requested resource is no longer available."),
    413: ("Payload too large", "The request body is too large."),
    422: ("Input validation failed", "- input: prompt is required\n"),
    500: ("Internal server error", "An internal error occurred."),
    503: ("Service unavailable", "The service is temporarily unavailable."),
    504: ("Gateway timeout", "The request timed out."),
}
"""Title and detail by status."""

LOCKED = (
    "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."
)
_FAL: dict[int, tuple[str, str]] = {
    400: ("Bad request", "bad_request"),
    401: ("No user found for Key ID and Secret", ""),
    402: (LOCKED, ""),
    403: (LOCKED, ""),
    404: ("Application not found", ""),
    410: ("File no longer available", ""),
    413: ("Request body too large", "bad_request"),
    500: ("Internal server error", "internal_error"),
    503: ("Runner scheduling failure", "runner_scheduling_failure"),
    504: ("Request timed out", "request_timeout"),
}
"""Detail and error type by status: families B, C and D."""

_PLATFORM = {
    400: ("validation_error", "Invalid request parameters"),
    401: ("authorization_error", "Authentication is required to access this endpoint"),
    403: ("authorization_error", "Insufficient permissions"),
    404: ("not_found", "Not found"),
    422: ("validation_error", "Invalid request parameters"),
    429: ("rate_limited", "Too many requests"),
    500: ("server_error", "Unexpected server error"),
}
"""Type and message by status, at fal's platform API; 401, 422 and 429 were never recorded."""

_LOW_CREDIT = (
    "Request was throttled. Your rate limit for creating predictions is reduced to 6 requests per "
    "minute with a burst of 1 requests while you have less than $5.0 in credit. "
)


def refuse(fault: Fault, service: Service) -> Response:
    """The refusal that a fault stands for, in the words of a service."""
    if fault.kind.startswith("429"):
        return _throttle(fault, service)
    if fault.kind == "502-nginx":
        return HTMLResponse(_NGINX, status_code=502)
    names = {"403-locked": 403, "gone": 410, "result-5xx": 500}
    status = int(fault.options.get("status", names.get(fault.kind) or fault.kind))
    message = fault.options.get("message", _FORBIDDEN if fault.kind == "403" else None)
    if service.provider == "replicate":
        return replicate_problem(status, message)
    if service == PLATFORM:
        return platform_error(status, message)
    return fal_refusal(status, message)


def replicate_problem(
    status: int, detail: str | None = None, *, title: str | None = None, **more: object
) -> Response:
    """A `application/problem+json` answer as Replicate gives it."""
    usual_title, usual_detail = _REPLICATE.get(status, ("Error", "Something went wrong."))
    body = {"title": title or usual_title, "detail": detail or usual_detail, "status": status}
    return JSONResponse(body | more, status, media_type=PROBLEM)


def fal_refusal(status: int, detail: str | None = None) -> Response:
    """A refusal as fal gives it, before any model has seen the request."""
    if status == 422:
        missing = model_error(["body", "prompt"], "Field required", "missing")
        return JSONResponse({"detail": [missing]}, 422, {"X-Fal-Retryable": "false"})
    usual, error_type = _FAL.get(status, ("Error", "internal_error"))
    body = {"detail": detail or usual}
    headers = {"x-fal-request-id": make_request_id(time())}
    if error_type:
        body["error_type"] = error_type
        headers["X-Fal-Error-Type"] = error_type
    return JSONResponse(body, status, headers)


def platform_error(status: int, message: str | None = None) -> Response:
    """A refusal as fal's platform API gives it: without a fal header, the type in words."""
    kind, usual = _PLATFORM.get(status, ("server_error", "Unexpected server error"))
    error = {"type": kind, "message": message or usual}
    return JSONResponse({"error": error}, status)


def model_error(at: list[str | int], message: str, kind: str, **more: object) -> dict[str, object]:
    """One entry of fal's family A: an error that the model itself reports."""
    url = f"https://docs.fal.ai/errors#{kind}"
    return {"loc": at, "msg": message, "type": kind, "url": url, **more}


def _throttle(fault: Fault, service: Service) -> Response:
    """429 that says how long to wait in the header, in the body, in the text, or not at all."""
    wait = fault.options.get("retry_after", 1)
    headers = {"Retry-After": str(wait)} if fault.kind == "429" else {}
    body: dict[str, object] = {"detail": "Request was throttled."}
    if fault.kind == "429-body":
        body = {"detail": _LOW_CREDIT.strip(), "status": 429, "retry_after": wait}
    elif fault.kind == "429-detail":
        body = {"detail": f"Request was throttled. Your rate limit resets in ~{wait}s."}
    if service.provider == "fal":
        body |= {"error_type": "concurrent_requests_limit"}
        headers |= {"X-Fal-needs-retry": "1", "x-fal-request-id": make_request_id(time())}
        return JSONResponse(body, 429, headers)
    return JSONResponse(body, 429, headers, media_type=PROBLEM)
