"""One request to the sandbox, and the way every handler meets the fault plan."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vidi.sandbox.serving.addresses import Addresses
from vidi.sandbox.spoiling.mishaps import befall
from vidi.sandbox.state import RequestKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from vidi.sandbox.serving.addresses import Service
    from vidi.sandbox.state import Sandbox


@dataclass(frozen=True, slots=True)
class Call:
    """One request, with the sandbox that answers it."""

    sandbox: Sandbox
    request: Request
    service: Service

    @property
    def urls(self) -> Addresses:
        """Builds the URLs of the answer."""
        return Addresses.of(self.request)

    @property
    def now(self) -> float:
        """Seconds since the epoch."""
        return self.sandbox.clock()

    def path(self, name: str) -> str:
        """A part of the request's path."""
        return str(self.request.path_params[name])

    async def json(self) -> object:
        """The request's body; None where it is not JSON."""
        try:
            return json.loads(await self.request.body())
        except ValueError:
            return None

    async def meet(
        self, action: str, work: Callable[[], Awaitable[Response]], *, model: str = ""
    ) -> Response:
        """Answer by `work`, unless the fault plan has something else in mind.

        Args:
            action: What the request is, one of `faults.ACTIONS`.
            work: Does what was asked, and answers.
            model: The id of the model that it is about, where there is one.
        """
        fault = self.sandbox.faults.strike(action, self.service.provider, model)
        if fault is None:
            return await work()
        return await befall(fault, self.service, str(self.request.url), work)


def route(
    sandbox: Sandbox,
    service: Service,
    method: str,
    path: str,
    handler: Callable[[Call], Awaitable[Response]],
    guard: Callable[[Request], Response | None] | None = None,
) -> Route:
    """A route that counts its requests and asks `guard` for the caller's key first."""

    async def endpoint(request: Request) -> Response:
        sandbox.requests[RequestKind(service.name, request.method, path)] += 1
        refusal = guard(request) if guard else None
        return refusal or await handler(Call(sandbox, request, service))

    return Route(path, endpoint, methods=[method])


def answer_json(
    body: object, status: int = 200, headers: dict[str, str] | None = None
) -> JSONResponse:
    """A JSON answer."""
    return JSONResponse(body, status, headers)
