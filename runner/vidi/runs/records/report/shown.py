"""What a page says beside the assets themselves: all of it at home, less of it elsewhere."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shown:
    """Which things a page shows."""

    prices: bool = True
    params: bool = True
    """Prompts and variables too."""
    requests: bool = True
    """The ids that a provider knows a purchase by, and fingerprints."""
    files: bool = True
    """Links to what lies beside the page at home: the manifest, the journal, replaced assets."""


EVERYTHING = Shown()
