"""What every provider does, and the values that go in and come out.

Building a request and reading an answer are pure functions of values (each provider's own module);
only the methods of `Provider` that are `async` touch the network, and only through the guarded
transport.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal
    from pathlib import Path

    import httpx

    from vidi.inference.models.template import Call, ModelInfo
    from vidi.inference.settings import Settings


@dataclass(frozen=True, slots=True)
class Submission:
    """One paid request, complete: what is sent, and how long the provider may work on it."""

    model: ModelInfo
    params: Mapping[str, object]
    """The body's input. Local files are already URLs or data URIs."""
    deadline_s: float
    """Seconds the provider may take; sent along where the provider has a field for it."""
    cancel_at_deadline: bool = True
    """Whether the provider is to stop a running inference then; else the deadline is only ours."""
    send_by: float | None = None
    """By the boot clock: later than this it must not leave; None where that is not bounded."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider's receipt: with it the inference is never submitted again."""

    request_id: str
    urls: Mapping[str, str]
    """The URLs that came with the answer (`get`, `cancel`; `status`, `response`, `cancel`)."""


@dataclass(frozen=True, slots=True)
class Running:
    """Not done yet. `status` is the provider's own word, `known` whether we know that word."""

    status: str
    known: bool = True
    queue_position: int | None = None


@dataclass(frozen=True, slots=True)
class Succeeded:
    """Done. `output` is the provider's answer, unread; the assets are still to be fetched."""

    output: object
    metrics: Mapping[str, object] = field(default_factory=dict)
    """Replicate's `metrics`, fal's status `metrics`."""
    billable_units: Decimal | None = None
    """fal's `X-Fal-Billable-Units`."""
    logs: str = ""
    took_s: float | None = None
    """Seconds from its creation to its end, unchecked, as the provider says; None: it does not."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Ended without a result."""

    kind: Literal["failed", "moderated", "canceled", "aborted"]
    message: str
    error_type: str = ""
    """The provider's own code, such as `E1000` or `content_policy_violation`."""
    transient: bool = False
    """The provider itself reports that the same request may well succeed."""
    free: bool = False
    """Proved not to be billed (fal 5xx, fal units of 0, Replicate `aborted`)."""
    metrics: Mapping[str, object] = field(default_factory=dict)
    billable_units: Decimal | None = None
    output: object = None
    """What it had put out before it ended: kept, as it may be billed."""


PollResult = Running | Succeeded | Failed
"""What one look at an inference shows."""


class Provider(ABC):
    """A provider of hosted models. A subclass is a row in `vidi.inference.providers.PROVIDERS`.

    Another distribution's is an entry point in the group `vidi.providers`: docs/add-a-provider.md.
    """

    name: ClassVar[str]
    settings: Settings | None = None
    """What the files of results are fetched with; the defaults where it is None."""
    wire: httpx.AsyncBaseTransport | None = None
    """What is sent through instead of the network."""

    @abstractmethod
    def is_available(self) -> bool:
        """Whether a key is there. Asks nobody."""

    def get_provider_name(self) -> str:
        """The provider's name as model ids begin with it."""
        return self.name

    def prepare(self) -> None:  # noqa: B027  # for subclasses that have something to load
        """Load what sending needs, so that `submit` sends at once. Asks nobody.

        Raises:
            CredentialsError: There is no key.
            UsageError: A setting cannot be used.
        """

    @abstractmethod
    async def upload(self, path: Path) -> str:
        """Give the provider a local input file; returns the URL or data URI to send instead.

        Raises:
            InferenceError: The file could not be uploaded; nothing was paid.
        """

    @abstractmethod
    async def submit(self, submission: Submission) -> Accepted:
        """Send one paid request, at most once on the wire.

        Raises:
            NotSentError: It never left this machine; may be sent again.
            ThrottledError: Refused for now; may be sent again after `retry_after`.
            RejectedError: Refused for good.
            CredentialsError: Refused for every inference of this account.
            InDoubtError: Anything else after the first byte was sent.
            CancelledError: From outside; `call.read_fate` says whether it was sent.
        """

    @abstractmethod
    async def poll(self, model: ModelInfo, accepted: Accepted) -> PollResult:
        """Ask once how an inference is doing, and fetch its result when it is done.

        Raises:
            PollError: This look failed (transport, 429, 5xx, unreadable); look again.
            CredentialsError: The key was refused.
        """

    @abstractmethod
    async def cancel(self, accepted: Accepted) -> bool:
        """Ask the provider to stop an inference; returns whether it agreed."""

    @abstractmethod
    async def find(
        self, submission: Submission, since: datetime, until: datetime
    ) -> Sequence[Accepted]:
        """List the account's inferences of that time window whose input is exactly this one's."""

    async def find_call(self, model: ModelInfo) -> Call | None:  # noqa: ARG002  # for subclasses
        """Ask how a model is called, after it was refused as it was called. Costs nothing.

        Returns None where there is no other way.

        Raises:
            PollError: No answer came.
            CredentialsError: The key was refused.
        """
        return None

    def read_request_time(self, request_id: str) -> datetime | None:  # noqa: ARG002  # as above
        """When a request was taken, where its id says so. Asks nobody."""
        return None

    async def find_units(
        self,
        model: ModelInfo,  # noqa: ARG002  # for subclasses
        request_id: str,  # noqa: ARG002  # for subclasses
        sent_at: datetime,  # noqa: ARG002  # for subclasses
    ) -> Decimal | None:
        """Ask how many units an ended inference is billed in; None where nobody can say.

        Raises:
            PollError: The provider could not be asked.
            CredentialsError: The key was refused.
        """
        return None

    def adopt(self, model: ModelInfo, request_id: str) -> Accepted:  # noqa: ARG002  # for subclasses
        """Take up an inference of which only the id is known. Asks nobody."""
        return Accepted(request_id, {})

    async def watch(self, accepted: Accepted, seconds: float) -> bool:  # noqa: ARG002  # as above
        """Let the provider tell when an inference has ended, for at most so many seconds.

        Returns True where it told: look now. False where it cannot tell, at once or in the end:
        look when it suits.
        """
        return False

    @abstractmethod
    async def aclose(self) -> None:
        """Close every connection."""
