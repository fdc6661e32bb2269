"""What a session is opened with: who we are, where things go, and the way out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.settings import KEYS

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

    import httpx

    from vidi.inference.providers.provider import Provider
    from vidi.inference.settings import Settings
    from vidi.inference.tracking.caps import Cap
    from vidi.inference.tracking.cost_stores import CostStore

SANDBOX_KEYS = {name: f"sandbox-{name}-key" for name in KEYS}


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What a session is opened with."""

    settings: Settings
    costs: CostStore
    project: Path
    wire: httpx.AsyncBaseTransport | None = None
    """What to send through instead of the network."""
    journal: Path | None = None
    sandbox: bool = False
    caps: tuple[Cap, ...] = ()
    """What is spent stays under these, where there is a ledger."""
    budget: Decimal | None = None
    """USD that the session may spend in all; None for no cap of its own."""
    provider: Provider | None = None
    """The one provider to ask, whatever a model's id begins with."""


def existing_folder(folder: Path) -> Path:
    """The folder, which must be there.

    Raises:
        UsageError: It is not.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", hint="Check `project` and `templates`.")
    return folder
