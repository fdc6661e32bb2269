"""Keys taken out of what a provider said before anybody may show it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.inference.providers.provider import Failed

if TYPE_CHECKING:
    from vidi.inference.providers.provider import Look
    from vidi.inference.settings import Settings


def redact_look(look: Look, settings: Settings) -> Look:
    """Take every key out of a failure's message; results are left exactly as they came."""
    if isinstance(look, Failed):
        return replace(look, message=settings.redact(look.message))
    return look
