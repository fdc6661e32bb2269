"""What a fault makes of a request: a refusal in the provider's own words, or a spoilt answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, get_args

from starlette.responses import RedirectResponse, Response

from vidi.sandbox.media import make_media
from vidi.sandbox.media.order import MediaOrder
from vidi.sandbox.refusals import refuse
from vidi.sandbox.wire import Drop, DroppedResponse, SlowResponse, TruncatedResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from vidi.sandbox.addresses import ProviderName
    from vidi.sandbox.faults import Fault

_HTML = "<!DOCTYPE html><html><head><title>Sandbox</title></head><body>Please log in</body></html>"
_IDS = ("id", "request_id", "access_url", "urls")
_MAGIC = 16
"""Bytes at the start of a file that a corrupt one keeps, so that it still looks like itself."""


async def befall(
    fault: Fault, provider: ProviderName, url: str, work: Callable[[], Awaitable[Response]]
) -> Response:
    """Answer a request that a fault strikes.

    Args:
        fault: What goes wrong.
        provider: Whose words a refusal is in.
        url: The request's own address.
        work: What the request would do; done for faults that strike only the answer.
    """
    if fault.kind in _SPOILERS:
        return _SPOILERS[fault.kind](fault, await work())
    if fault.after:
        await work()
    if fault.kind in get_args(Drop):
        return DroppedResponse(fault.kind)  # type: ignore[arg-type]  # checked in the line above
    if fault.kind == "redirect":
        separator = "&" if "?" in url else "?"
        target = str(fault.options.get("to", f"{url}{separator}redirected=1"))
        return RedirectResponse(target, status_code=int(fault.options.get("status", 302)))
    return refuse(fault, provider)


def _garble(_fault: Fault, whole: Response) -> Response:
    return Response(b'{"id": "not-js', status_code=whole.status_code, media_type="application/json")


def _drop_id(_fault: Fault, whole: Response) -> Response:
    body = json.loads(bytes(whole.body))
    kept = {name: value for name, value in body.items() if name not in _IDS}
    return _with_body(whole, json.dumps(kept).encode(), "application/json")


def _change_status(fault: Fault, whole: Response) -> Response:
    body = json.loads(bytes(whole.body))
    body["status"] = fault.options.get("status", "hibernating")
    return _with_body(whole, json.dumps(body).encode(), "application/json")


def _html(_fault: Fault, _whole: Response) -> Response:
    return Response(_HTML, media_type="text/html")


def _empty(_fault: Fault, whole: Response) -> Response:
    return _with_body(whole, b"", whole.media_type or "application/octet-stream")


def _wrong_type(_fault: Fault, whole: Response) -> Response:
    kind = (whole.media_type or "").partition("/")[0]
    if kind == "image":
        order = MediaOrder("audio", "wav", "wrong type", "wrong", duration_s=0.5)
    else:
        order = MediaOrder("image", "png", "wrong type", "wrong", width=64, height=64)
    made = make_media(order)
    return _with_body(whole, made.data, made.content_type)


def _corrupt(_fault: Fault, whole: Response) -> Response:
    body = bytes(whole.body)
    ruined = body[:_MAGIC] + bytes(max(0, len(body) - _MAGIC))
    return _with_body(whole, ruined, whole.media_type or "application/octet-stream")


def _truncate(_fault: Fault, whole: Response) -> Response:
    return TruncatedResponse(whole)


def _slow_down(fault: Fault, whole: Response) -> Response:
    return SlowResponse(whole, float(fault.options.get("seconds", 1)))


_SPOILERS: dict[str, Callable[[Fault, Response], Response]] = {
    "garbage-2xx": _garble,
    "missing-id": _drop_id,
    "html": _html,
    "empty": _empty,
    "truncated": _truncate,
    "wrong-type": _wrong_type,
    "corrupt": _corrupt,
    "slow": _slow_down,
    "unknown-status": _change_status,
}


def _with_body(whole: Response, body: bytes, media_type: str) -> Response:
    return Response(body, status_code=whole.status_code, media_type=media_type)
