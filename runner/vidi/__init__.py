"""vidi: declarative batch runs of paid generative-media models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.emulation import give_emulation
from vidi.version import __version__

if TYPE_CHECKING:
    import httpx

    from vidi.inference.models.registry import ModelRegistry

__all__ = ["__version__"]


def _open_sandbox(registry: ModelRegistry) -> httpx.AsyncBaseTransport:
    from vidi.sandbox.in_process import open_sandbox

    return open_sandbox(registry)


give_emulation(_open_sandbox)
