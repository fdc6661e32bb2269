"""Keys taken out of what a provider said before anybody may show it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.inference.providers.provider import Failed

if TYPE_CHECKING:
    from vidi.inference.providers.provider import PollResult
    from vidi.inference.settings import Settings


def redact_poll(poll: PollResult, settings: Settings) -> PollResult:
    """Take every key out of a failure's message; results are left exactly as they came."""
    if isinstance(poll, Failed):
        return replace(poll, message=settings.redact(poll.message))
    return poll
