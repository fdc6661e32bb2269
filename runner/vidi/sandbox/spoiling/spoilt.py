"""Answers that were right, and are spoilt on their way: broken, emptied, slow, something else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeGuard

from starlette.responses import Response, StreamingResponse

from vidi.sandbox.media import make_media
from vidi.sandbox.media.order import MediaOrder
from vidi.sandbox.serving.wire import SlowResponse, TruncatedResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from vidi.sandbox.faults import Fault

_HTML = "<!DOCTYPE html><html><head><title>Sandbox</title></head><body>Please log in</body></html>"
_IDS = ("id", "request_id", "access_url", "urls")
_EVENT = b"data: "
_MAGIC = 16
"""Bytes at the start of a file that a corrupt one keeps, so that it still looks like itself."""


def _garble(_fault: Fault, whole: Response) -> Response:
    return Response(b'{"id": "not-js', status_code=whole.status_code, media_type="application/json")


def _drop_id(_fault: Fault, whole: Response) -> Response:
    return _edit_json(whole, _without_ids)


def _without_ids(body: dict[str, object]) -> dict[str, object]:
    """Without the ids of a receipt, and of the items of a list."""
    kept = {name: value for name, value in body.items() if name not in _IDS}
    return _with_items(kept, lambda items: [_without_ids(each) for each in items])


def _change_status(fault: Fault, whole: Response) -> Response:
    status = fault.options.get("status", "hibernating")
    return _edit_json(whole, lambda body: {**body, "status": status})


def _nullify(_fault: Fault, whole: Response) -> Response:
    return _edit_json(whole, dict.fromkeys)


def _unlist(_fault: Fault, whole: Response) -> Response:
    return _edit_json(whole, lambda page: _with_items(page, lambda _items: []))


def _list_twice(_fault: Fault, whole: Response) -> Response:
    return _edit_json(whole, lambda page: _with_items(page, _twice))


def _twice(items: list[dict[str, object]]) -> list[dict[str, object]]:
    """The newest is there again, under another id."""
    newest = items[0]
    return [*items, newest | {name: f"{newest[name]}-again" for name in _IDS if name in newest}]


def _with_items(
    page: dict[str, object],
    change: Callable[[list[dict[str, object]]], list[dict[str, object]]],
) -> dict[str, object]:
    """A page whose lists of objects are changed."""
    return {name: change(value) if _are_items(value) else value for name, value in page.items()}


def _are_items(value: object) -> TypeGuard[list[dict[str, object]]]:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


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


SPOIL: dict[str, Callable[[Fault, Response], Response]] = {
    "garbage-2xx": _garble,
    "missing-id": _drop_id,
    "html": _html,
    "empty": _empty,
    "truncated": _truncate,
    "wrong-type": _wrong_type,
    "corrupt": _corrupt,
    "slow": _slow_down,
    "unknown-status": _change_status,
    "nulls": _nullify,
    "unlisted": _unlist,
    "listed-twice": _list_twice,
}
"""Each of `faults.SPOILERS`, and what it makes of a whole answer."""


async def read_whole(answer: Response) -> Response:
    """The answer with its body; a stream of events is waited for to its end."""
    if not isinstance(answer, StreamingResponse):
        return answer
    pieces = [str(piece).encode() async for piece in answer.body_iterator]
    return _with_body(answer, b"".join(pieces), answer.media_type or "")


def _edit_json(whole: Response, edit: Callable[[dict[str, object]], dict[str, object]]) -> Response:
    """The answer with its JSON object changed, or that of each event; a file stays as it is."""
    body = bytes(whole.body)
    if body.startswith(_EVENT):
        told = [json.loads(line[len(_EVENT) :]) for line in body.splitlines() if line]
        events = [_EVENT + json.dumps(edit(each)).encode() + b"\n\n" for each in told]
        return _with_body(whole, b"".join(events), whole.media_type or "")
    if whole.media_type != "application/json":
        return whole
    return _with_body(whole, json.dumps(edit(json.loads(body))).encode(), whole.media_type)


def _with_body(whole: Response, body: bytes, media_type: str) -> Response:
    return Response(body, status_code=whole.status_code, media_type=media_type)
