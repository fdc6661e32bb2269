"""The sandbox as one Starlette app: both providers, by host name or by path prefix."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Host, Mount, Route, Router

from vidi.sandbox.answers.refusals import platform_error, replicate_problem
from vidi.sandbox.billing import Billing
from vidi.sandbox.fal import fal_routes
from vidi.sandbox.faults import FaultPlan
from vidi.sandbox.replicate import replicate_routes
from vidi.sandbox.serving.addresses import PLATFORM, SERVICES, sandbox_environment
from vidi.sandbox.state import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from vidi.sandbox.serving.addresses import Service
    from vidi.sandbox.state import Registry

__all__ = ["create_app", "sandbox_environment", "sandbox_of"]


def create_app(
    registry: Registry,
    *,
    latency: float = 0,
    faults: FaultPlan | None = None,
    billing: Billing | None = None,
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """The emulation of both HTTP APIs.

    Args:
        registry: The models that it serves.
        latency: Seconds that every inference takes.
        faults: What goes wrong; nothing, unless given.
        billing: Where charges are written down.
        clock: Seconds since the epoch; statuses move by it.
    """
    sandbox = Sandbox(
        registry,
        latency=latency,
        faults=faults or FaultPlan(),
        billing=billing or Billing(),
        clock=clock,
    )
    tables = replicate_routes(sandbox) | fal_routes(sandbox)
    routers = {each: Router(tables[each], default=_nowhere(each)) for each in SERVICES}
    app = Starlette(
        routes=[
            *(Host(each.host, routers[each]) for each in SERVICES),
            *(Mount(each.prefix, routers[each]) for each in SERVICES),
            *_own_routes(sandbox),
        ]
    )
    app.state.sandbox = sandbox
    return app


def sandbox_of(app: Starlette) -> Sandbox:
    """The state behind an app that `create_app` made."""
    sandbox = app.state.sandbox
    assert isinstance(sandbox, Sandbox)  # noqa: S101  Starlette's state is untyped
    return sandbox


def _own_routes(sandbox: Sandbox) -> list[Route]:
    async def billing(_request: Request) -> Response:
        return JSONResponse(sandbox.billing.to_json())

    async def requests(_request: Request) -> Response:
        counted = [{**kind._asdict(), "count": count} for kind, count in sandbox.requests.items()]
        return JSONResponse({"requests": counted})

    return [Route("/_sandbox/billing", billing), Route("/_sandbox/requests", requests)]


def _nowhere(service: Service) -> ASGIApp:
    """What a service answers where it has nothing."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if service.provider == "replicate":
            response = replicate_problem(404)
        else:
            response = platform_error(404) if service == PLATFORM else Response(status_code=404)
        await response(scope, receive, send)

    return answer
