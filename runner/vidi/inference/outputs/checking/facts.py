"""What a file was found to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file was found to be."""

    content_type: str
    width: int | None = None
    """Pixels."""
    height: int | None = None
    """Pixels."""
    duration_s: Decimal | None = None
    """Seconds."""
    warning: str = ""
