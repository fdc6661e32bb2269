"""How long each kind of call may take. No request is without a deadline."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallTimeouts:
    """Deadlines in seconds, on the monotonic clock."""

    connect: float = 15.0
    """Until a connection stands, name lookup and TLS included."""
    silence: float = 60.0
    """Without a byte from the other side."""
    submit: float = 120.0
    poll: float = 90.0
    """For a status, for a result, for a page of a list, each."""
    result: float = 60.0
    """For how long the result of an ended request must be refused before that is believed."""
    cancel: float = 30.0
    upload: float = 60.0
    """For the first byte of a file; its size adds to it."""
    slowest_upload: float = 64 * 1024
    """Bytes per second below which an upload is given up."""
    first_pause: float = 0.5
    """Before an upload is tried again; doubles each time."""

    def timeouts(self) -> dict[str, float]:
        """As httpx's transports take them."""
        return {
            "connect": self.connect,
            "pool": self.connect,
            "read": self.silence,
            "write": self.silence,
        }

    def upload_of(self, size: int) -> float:
        """The deadline of one upload of `size` bytes."""
        return self.upload + size / self.slowest_upload
