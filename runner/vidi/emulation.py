"""The emulation of the providers: given from above, so that the engine need not know who has it.

`vidi` gives it when it is imported; a program may give another, to test against its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    # Of a registry: this module is below the models, and need not know what they are.
    Opener = Callable[[Any], httpx.AsyncBaseTransport]

_given: list[Opener] = []


def give_emulation(opener: Opener) -> None:
    """Let every sandbox that is opened from now on be this one."""
    _given[:] = [opener]


def open_emulation(registry: object) -> httpx.AsyncBaseTransport:
    """The emulation of both providers for the models of a `ModelRegistry`, in this process."""
    return _given[0](registry)
