"""The waits of a fleet, from the environment: leases, sweeps, and how late is too late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from vidi.errors import UsageError
from vidi.inference.settings import read_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

LEASE = "VIDI_FLEET_LEASE"
SWEEP = "VIDI_FLEET_SWEEP"
SEND_BY = "VIDI_FLEET_SEND_BY"
SETTLE = "VIDI_FLEET_SETTLE"
LONGEST_S = 3600


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """Seconds, the same for every worker of a fleet."""

    lease_s: float = 60.0
    """How long a shard is held without a word of its worker."""
    sweep_s: float = 30.0
    """How often somebody looks for what was left lying."""
    send_by_s: float = 30.0
    """How soon after its intent a paid request leaves, or never."""
    settle_s: float = 120.0
    """How old an intent is before somebody's word is taken that nothing was bought."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read them.

        Raises:
            UsageError: One is no number of seconds, or a word would be taken while its request may
                still leave.
        """
        found = cls(
            read_seconds(environ, LEASE, "60", LONGEST_S),
            read_seconds(environ, SWEEP, "30", LONGEST_S),
            read_seconds(environ, SEND_BY, "30", LONGEST_S),
            read_seconds(environ, SETTLE, "120", LONGEST_S),
        )
        if not found.lease_s or not found.sweep_s:
            raise UsageError(f"{LEASE} and {SWEEP} are more than 0 seconds")
        if found.settle_s <= found.send_by_s:
            raise UsageError(
                f"{SETTLE} is {found.settle_s:g} s, and {SEND_BY} is {found.send_by_s:g} s: what "
                "may still be sent would be taken for not bought",
                hint=f"Set {SETTLE} higher than {SEND_BY}, by a minute or more.",
            )
        return found

    @property
    def renew_s(self) -> float:
        """How often a lease is renewed: three may fail before it is lost."""
        return self.lease_s / 4
