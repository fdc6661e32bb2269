"""Evidence of how far a request got, so that "never sent" is proved and not guessed.

`httpx-aiohttp` 0.2.0 turns every `aiohttp.ClientConnectionError`, also a connection that was cut
after the whole body had left, into `httpx.ConnectTimeout`. So the class of the httpx error says
nothing; only the wire itself, or the error under the httpx error, does.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BEFORE_THE_FIRST_BYTE = {
    "httpx": ("ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol"),
    "aiohttp": (
        "ClientConnectorError",  # refused, unreachable, DNS, TLS, certificate, proxy
        "ConnectionTimeoutError",
        "ClientHttpProxyError",  # the proxy refused CONNECT
        "InvalidURL",
        "NonHttpUrlClientError",
    ),
}
"""Errors that a library raises only while it has no connection. The innermost one decides."""


@dataclass(slots=True)
class SendEvidence:
    """What a wire saw of one request."""

    present: bool = False
    """Whether the wire reports at all; a wire that we did not build does not."""
    connected: bool = False
    """Whether the request was given a connection, so that bytes of it may have left."""

    def proves_unsent(self, error: BaseException | None) -> bool:
        """Whether no byte of the request can have left this machine."""
        if self.present:
            return not self.connected
        return error is not None and _is_before_the_first_byte(error)


EVIDENCE: ContextVar[SendEvidence | None] = ContextVar("vidi_witness", default=None)
"""The evidence of the request that the current task sends."""


def _is_before_the_first_byte(error: BaseException) -> bool:
    """Judge by the innermost aiohttp error, and by httpx's own only where there is none."""
    chain = list(_causes(error))
    for library in ("aiohttp", "httpx"):
        module = sys.modules.get(library)
        base = getattr(module, {"aiohttp": "ClientError", "httpx": "HTTPError"}[library], ())
        inner = [each for each in chain if isinstance(each, base)]
        if inner:
            names = BEFORE_THE_FIRST_BYTE[library]
            return isinstance(inner[-1], tuple(getattr(module, name) for name in names))
    return False


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
