"""One thing that a provider does over the wire: what it may send, and what came back.

A call that may buy has one permit: its first paid POST uses it up, and any further request is
refused before the wire, whatever the SDK above intended.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vidi.errors import InDoubtError, NotSentError, VidiError
from vidi.inference.providers.transport.answer import NoAnswerError
from vidi.inference.providers.transport.sent_evidence import SendEvidence
from vidi.inference.tracking.boot_clock import boot_seconds

if TYPE_CHECKING:
    from types import TracebackType

    from vidi.inference.providers.transport.answer import Answer
    from vidi.inference.providers.transport.routes import Target

DEEDS = {True: "may cost money without a permit", False: "is not the purchase asked for"}

TOO_LATE = "this process stood still for so long after its intent that it is not sent any more"


class PermitError(VidiError):
    """A request was about to be sent that the call does not allow: our bug, or an SDK's news."""


class AnsweredError(Exception):
    """The answer is recorded and is not 2xx; takes the SDK out of its retry loop."""


@dataclass(slots=True)
class ProviderCall:
    """What one call has sent and received so far. Used as a context around the SDK's work."""

    buys: bool
    send_by: float | None = None
    """When it is too late to buy, by the boot clock."""
    posted: bool = False
    """Whether the permit is used up."""
    sent: int = 0
    """Requests handed to the wire."""
    answer: Answer | None = None
    """The last answer, or the first that was not 2xx."""
    value: object = None
    """What the SDK returned, where it returned."""
    failure: NoAnswerError | None = None
    refused: PermitError | None = None
    evidence: SendEvidence = field(default_factory=SendEvidence)
    """Of the last request."""

    @property
    def reply(self) -> Answer:
        """The recorded answer.

        Raises:
            NoAnswerError: The SDK asked nothing.
        """
        if self.answer is None:
            raise NoAnswerError("the SDK asked nothing", unsent=True)
        return self.answer

    def admit(self, target: Target) -> None:
        """Let a request pass, or refuse it before the wire.

        Raises:
            PermitError: It may cost money and no permit is left, or it has no business here.
            NoAnswerError: It is too late to buy; nothing has left.
        """
        if target.paid != self.buys or self.posted:
            self.refused = PermitError(f"refused to send what {DEEDS[target.paid]}: {target.url}")
            raise self.refused
        # A process that was frozen since its intent may have been given up: somebody else's word
        # may stand by now that nothing was bought.
        if target.paid and self.send_by is not None and boot_seconds() > self.send_by:
            raise self.fail(TimeoutError(TOO_LATE))
        self.posted = target.paid
        self.sent += 1
        self.evidence = SendEvidence()

    def record(self, answer: Answer) -> None:
        """Keep an answer; a refusal is not covered up by a later success."""
        if self.answer is None or self.answer.ok:
            self.answer = answer

    def fail(self, error: BaseException) -> NoAnswerError:
        """Note that a request was not answered, and whether that proves it unsent."""
        unsent = not self.sent or self.evidence.proves_unsent(error)
        self.failure = NoAnswerError(_describe(error), unsent=unsent)
        return self.failure

    def __enter__(self) -> ProviderCall:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        """End with an answer, whatever the SDK thought of it, or with `NoAnswerError`."""
        if isinstance(error, asyncio.CancelledError) and self.buys:
            error.__cause__ = self._fate_of_cancelled(error)
        if error is not None and not isinstance(error, Exception):
            return False
        if self.failure is not None:
            raise self.failure from error
        if self.answer is not None:
            return True
        if self.refused is not None:
            raise self.refused from error
        if error is not None and (self.sent or isinstance(error, TimeoutError)):
            raise self.fail(error) from error
        return False

    def _fate_of_cancelled(self, error: BaseException) -> InDoubtError | NotSentError:
        if not self.posted or self.evidence.proves_unsent(error):
            return NotSentError("cancelled before it was sent")
        return InDoubtError("cancelled while it was being sent")


def read_send_error(error: BaseException) -> InDoubtError | NotSentError:
    """Say what became of a submit that was cut short from outside.

    A `CancelledError` that comes out of `Provider.submit` carries the answer as its `__cause__`;
    `asyncio.timeout` makes a `TimeoutError` of it, whose own cause it then is. Without an answer
    it is in doubt.
    """
    cause = error.__cause__
    while cause is not None:
        if isinstance(cause, InDoubtError | NotSentError):
            return cause
        cause = cause.__cause__
    return InDoubtError("cut short while it was being sent")


def _describe(error: BaseException) -> str:
    """Say what went wrong on the way, in the words of the library that noticed."""
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer in time"
    cause = error
    while isinstance(cause.__cause__, Exception) and str(cause.__cause__):
        cause = cause.__cause__
    return str(cause) or type(cause).__name__
