"""What lets further inferences begin, over all job files of a command: failures and refused keys.

One command is one purchase, however many job files it is given: `--max-failures` counts over all of
them, and a provider that has refused the key in one file is asked for nothing new in the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vidi.errors import CredentialsError


@dataclass(slots=True)
class StartLimits:
    """Whether something new may begin. One value is shared by all runs of a command."""

    max_failures: int | None = None
    """How many failures until nothing new begins; None: any number."""
    failures: int = 0
    """How many inferences have failed or were moderated so far."""
    refused: dict[str, CredentialsError] = field(default_factory=dict)
    """Provider name to why it takes nothing new: its key was refused, or has no credit."""

    @property
    def exhausted(self) -> bool:
        """Whether so many have failed that nothing new begins at all."""
        return self.max_failures is not None and self.failures >= self.max_failures

    def refuse(self, provider: str, error: CredentialsError) -> None:
        """Begin nothing new of a provider; the first reason is the one that is told."""
        self.refused.setdefault(provider, error)
