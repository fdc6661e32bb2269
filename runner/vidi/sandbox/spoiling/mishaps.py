"""What a fault makes of a request: no answer, the provider's refusal, or a spoilt answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from starlette.responses import RedirectResponse

from vidi.sandbox.answers.refusals import refuse
from vidi.sandbox.serving.wire import Drop, DroppedResponse
from vidi.sandbox.spoiling.spoilt import SPOIL, read_whole

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from vidi.sandbox.faults import Fault
    from vidi.sandbox.serving.addresses import Service


async def befall(
    fault: Fault, service: Service, url: str, work: Callable[[], Awaitable[Response]]
) -> Response:
    """Answer a request that a fault strikes.

    Args:
        fault: What goes wrong.
        service: Whose words a refusal is in.
        url: The request's own address.
        work: What the request would do; done for faults that strike only the answer.
    """
    if fault.kind in SPOIL:
        return SPOIL[fault.kind](fault, await read_whole(await work()))
    if fault.after:
        await work()
    if fault.kind in get_args(Drop):
        patience = fault.options.get("seconds")
        return DroppedResponse(fault.kind, patience)  # type: ignore[arg-type]  # checked just above
    if fault.kind == "redirect":
        separator = "&" if "?" in url else "?"
        target = str(fault.options.get("to", f"{url}{separator}redirected=1"))
        return RedirectResponse(target, status_code=int(fault.options.get("status", 302)))
    return refuse(fault, service)
