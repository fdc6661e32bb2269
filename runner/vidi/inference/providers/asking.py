"""Questions to the providers that cost nothing: one GET at a time, its tries, its pace.

Light: httpx and the wire are imported when the first question is asked. Everything goes through the
guard, which sends a key to its own provider alone and refuses whatever could buy something.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode

from vidi.errors import PollError, UsageError, VidiError
from vidi.inference.models.discovery.discovery import DocumentError
from vidi.inference.models.discovery.queue_api import SCHEMA
from vidi.inference.providers.account import FAL
from vidi.inference.providers.fal.error_codes import read_words as read_fal_words
from vidi.inference.providers.replicate.answers import read_words as read_replicate_words
from vidi.inference.providers.transport.answer import NoAnswerError
from vidi.inference.providers.transport.retry_after import read_retry_after
from vidi.inference.providers.transport.routes import Routes
from vidi.inference.providers.transport.timeouts import CallTimeouts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx
    from aiolimiter import AsyncLimiter
    from tenacity import RetryCallState

    from vidi.inference.providers.account import Account
    from vidi.inference.providers.transport.answer import Answer
    from vidi.inference.providers.transport.guard import Guard
    from vidi.inference.settings import Settings
    from vidi.json_values import Json

AT_ONCE = 8
"""Requests under way at a time."""
HINT = "Check the name on the model's page; models are renamed and retired."
TRIES = 3
LARGEST_EXPONENT = 40
"""Of ten; longer numbers would be written out digit by digit."""
LONGEST_PAUSE_S = 60.0


class KeptAnswers(Protocol):
    """Answers of questions that were asked before, by the question."""

    def find(self, question: str) -> Answer | None:
        """What was answered; None where it was not asked yet."""

    def keep(self, question: str, answer: Answer) -> None:
        """Write down an answer."""


class NoSuchModelError(UsageError):
    """The provider has no model of this name."""

    code = "no-such-model"


@dataclass(slots=True)
class DocumentClient:
    """Asks the providers for one document after another.

    Args:
        settings: Where they are and who we are to them.
        given_wire: What to send through instead of the network; its owner closes it.
        timeouts: How long one question may take.
        kept: Answers that were given before, and where to keep those that come.
        per_second: Questions begun in a second at most; 0 for as many as it takes.
    """

    settings: Settings
    given_wire: httpx.AsyncBaseTransport | None = None
    timeouts: CallTimeouts = field(default_factory=CallTimeouts)
    kept: KeptAnswers | None = None
    per_second: float = 0
    _own_wire: httpx.AsyncBaseTransport | None = field(default=None, init=False)
    _ways: dict[str, tuple[Guard, httpx.AsyncClient]] = field(default_factory=dict, init=False)
    _turns: AsyncLimiter | None = field(default=None, init=False)
    _places: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(AT_ONCE), init=False
    )

    async def aclose(self) -> None:
        """Close what was opened here."""
        wire, self._own_wire = self._own_wire, None
        self._ways.clear()
        if wire is not None:
            await wire.aclose()

    async def ask(
        self, account: Account, url: str, query: Sequence[tuple[str, str]] = ()
    ) -> Answer:
        """What a provider answers to a question that is about no model.

        Raises:
            CredentialsError: The key is missing or refused.
            VidiError: No answer came.
        """
        return await self._try(account, url, query)

    async def ask_json(
        self, account: Account, url: str, query: Sequence[tuple[str, str]] = ()
    ) -> Json:
        """GET one document, with a few tries.

        Raises:
            VidiError: It is not there, cannot be read, or no answer came.
        """
        question = f"{url}?{urlencode(list(query))}"
        answer = self.kept.find(question) if self.kept else None
        if answer is None:
            async with self._places:
                answer = await self._try(account, url, query)
            if self.kept is not None:
                self.kept.keep(question, answer)
        if not answer.ok:
            raise _refusal(account, answer)
        return _parse(account, answer)

    async def _try(self, account: Account, url: str, query: Sequence[tuple[str, str]]) -> Answer:
        from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

        retrying = AsyncRetrying(
            stop=stop_after_attempt(TRIES),
            wait=self._pause,
            retry=retry_if_exception_type(PollError),
            reraise=True,
        )
        return await retrying(self._ask_once, account, url, query)

    async def _ask_once(
        self, account: Account, url: str, query: Sequence[tuple[str, str]]
    ) -> Answer:
        """One try: an answer, also one that says that there is no such thing.

        Raises:
            VidiError: No answer came, or it is a refusal of another kind.
        """
        await self._wait_for_turn()
        guard, client = self._open(account)
        key = f"{account.scheme} {self.key_of(account)}"
        headers = {} if url == SCHEMA else {"Authorization": key}
        try:
            call = await guard.run(
                client.get(url, params=list(query), headers=headers),
                deadline_s=self.timeouts.poll,
            )
            answer = call.reply
        except NoAnswerError as error:
            raise PollError(f"no answer from {account.title}: {error}") from error
        if not answer.ok and answer.status != 404:
            raise _refusal(account, answer)
        return answer

    async def _wait_for_turn(self) -> None:
        if not self.per_second:
            return
        if self._turns is None:
            from aiolimiter import AsyncLimiter

            # One at a time, evenly: a burst is what a limit per second refuses.
            self._turns = AsyncLimiter(1, 1 / self.per_second)
        await self._turns.acquire()

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        told = error.retry_after if isinstance(error, PollError) else None
        pause = self.timeouts.first_pause * 2 ** (state.attempt_number - 1)
        return min(pause if told is None else told, LONGEST_PAUSE_S)

    def _open(self, account: Account) -> tuple[Guard, httpx.AsyncClient]:
        if account.provider not in self._ways:
            import httpx

            from vidi.inference.providers.transport.guard import Guard

            wire = self.given_wire or self._own_wire or self._open_wire()
            guard = Guard(Routes(account.provider, self.settings), wire, self.timeouts)
            client = httpx.AsyncClient(transport=guard, trust_env=False)
            self._ways[account.provider] = guard, client
        return self._ways[account.provider]

    def _open_wire(self) -> httpx.AsyncBaseTransport:
        from vidi.inference.providers.transport.wire import open_wire

        self._own_wire = open_wire()
        return self._own_wire

    def key_of(self, account: Account) -> str:
        """The key to a provider.

        Raises:
            CredentialsError: There is none.
        """
        key = self.settings.keys.get(account.provider)
        if not key:
            raise account.no_key()
        return key


def _refusal(account: Account, answer: Answer) -> VidiError:
    said = read_fal_words(answer).said if account is FAL else read_replicate_words(answer)
    if answer.status in {401, 403}:
        return account.bad_key(said)
    if answer.status == 404:
        return NoSuchModelError(
            f"{account.title} has no such model: {said}",
            hint=HINT,
        )
    told = f"{account.title} answered HTTP {answer.status}: {said}"
    if answer.status in {408, 429} or answer.status >= 500:
        return PollError(told, retry_after=read_retry_after(answer))
    return DocumentError(told)


def _parse(account: Account, answer: Answer) -> Json:
    try:
        value: Json = json.loads(answer.body, parse_float=_read_number, parse_constant=_read_number)
        json.dumps(value, ensure_ascii=False, default=str).encode()  # half a character is none
    except (ValueError, RecursionError) as error:
        raise DocumentError(
            f"{account.title}'s answer cannot be read: {answer.text() or 'it is empty'}"
        ) from error
    return value


def _read_number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > LARGEST_EXPONENT:
        raise ValueError(f"{text} is no number that a model works with")
    return number
