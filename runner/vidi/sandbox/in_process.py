"""The sandbox in this process, without a port. Heavy: imports httpx and Starlette."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.sandbox.app import create_app
from vidi.sandbox.serving.transport import SandboxTransport

if TYPE_CHECKING:
    from vidi.sandbox.state import Registry


def open_sandbox(registry: Registry) -> SandboxTransport:
    """A sandbox of its own for the models of a registry, as an httpx transport."""
    return SandboxTransport(create_app(registry))
