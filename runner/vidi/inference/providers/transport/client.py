"""What one provider talks through: its key, its guard and its SDK, opened at the first word.

Light until then: the SDK, httpx and aiohttp are imported by `Channel.open`.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from vidi.errors import PollError
from vidi.inference.providers.transport.answer import NoAnswerError
from vidi.inference.providers.transport.refusal import no_receipt
from vidi.inference.providers.transport.retry_after import read_retry_after
from vidi.inference.providers.transport.routes import Routes
from vidi.known_secrets import remember_secrets
from vidi.version import __version__

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    import httpx

    from vidi.errors import VidiError
    from vidi.inference.providers.account import Account
    from vidi.inference.providers.transport.answer import Answer
    from vidi.inference.providers.transport.call import ProviderCall
    from vidi.inference.providers.transport.guard import Guard
    from vidi.inference.providers.transport.timeouts import CallTimeouts
    from vidi.inference.settings import Settings


SdkT = TypeVar("SdkT")
SdkT_co = TypeVar("SdkT_co", covariant=True)


class SdkModule(Protocol[SdkT_co]):
    """A module that opens an official SDK over the guard; heavy to import."""

    def list_aliases(self) -> Mapping[str, str]:
        """Host names that the SDK uses besides the known ones, and the setting of each."""

    def open_client(self, guard: Guard, key: str) -> SdkT_co:
        """Open the SDK with its own retries off."""


class ProviderClient(Generic[SdkT]):
    """A provider's way out. Follows its owner from one event loop to the next.

    Args:
        load: Imports the module that opens the SDK.
        wire: What to send through instead of the network; its owner closes it.
    """

    def __init__(
        self,
        account: Account,
        settings: Settings,
        load: Callable[[], SdkModule[SdkT]],
        wire: httpx.AsyncBaseTransport | None,
        timeouts: CallTimeouts,
    ) -> None:
        self.account = account
        self.settings = settings
        self.timeouts = timeouts
        self._load = load
        self._given_wire = wire
        self._own_wire: httpx.AsyncBaseTransport | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opened: tuple[Guard, SdkT] | None = None

    def open(self) -> tuple[Guard, SdkT]:
        """Import the SDK and open it over the guard, once for each event loop.

        Raises:
            CredentialsError: There is no key.
            UsageError: A proxy or the certificates cannot be used.
        """
        loop = asyncio.get_running_loop()
        if self._opened is None or self._loop is not loop:
            self._opened, self._loop = self._open(), loop
        return self._opened

    def _open(self) -> tuple[Guard, SdkT]:
        key = self.settings.keys.get(self.account.provider)
        if not key:
            raise self.account.no_key()
        from vidi.inference.providers.transport.guard import Guard
        from vidi.inference.providers.transport.sdk_logs import hide_secrets_in_logs

        sdk = self._load()
        hide_secrets_in_logs()
        remember_secrets([key])
        routes = Routes(self.account.provider, self.settings, sdk.list_aliases())
        guard = Guard(routes, self._given_wire or self._open_wire(), self.timeouts)
        return guard, sdk.open_client(guard, key)

    def _open_wire(self) -> httpx.AsyncBaseTransport:
        from vidi.inference.providers.transport.wire import open_wire

        self._own_wire = open_wire()
        return self._own_wire

    def keep_own(self, urls: Mapping[str, str]) -> dict[str, str]:
        """Those of the addresses in an answer, or in a journal, that are the provider's own.

        Others are not asked: we build the address ourselves, as the pages of the API say it.
        """
        guard, _ = self.open()
        return {name: url for name, url in urls.items() if guard.owns(url)}

    async def buy(
        self, work: Callable[[SdkT], Awaitable[object]], *, send_by: float | None = None
    ) -> Answer:
        """Let the SDK send one paid POST, until `send_by` by the boot clock.

        Raises:
            NotSentError: It never left this machine.
            InDoubtError: No answer came.
        """
        guard, sdk = self.open()
        try:
            call = await guard.run(
                work(sdk), deadline_s=self.timeouts.submit, buys=True, send_by=send_by
            )
            return call.reply
        except NoAnswerError as error:
            raise no_receipt(self.account, error) from error

    async def ask(self, work: Callable[[SdkT], Awaitable[object]], deadline_s: float) -> Answer:
        """Let the SDK ask something that costs nothing.

        Raises:
            PollError: No answer came.
        """
        try:
            return (await self.run(work, deadline_s)).reply
        except NoAnswerError as error:
            raise PollError(f"no answer from {self.account.title}: {error}") from error

    async def get(self, url: str, query: Mapping[str, str] | None = None) -> Answer:
        """Look at an address, straight over the guard: an SDK adds nothing to a GET but its time.

        Raises:
            PollError: No answer came.
        """
        import httpx

        guard, _ = self.open()
        if query:
            url = str(httpx.URL(url, params=query))
        work = guard.look(url, self._headers("application/json"))
        try:
            return (await guard.run(work, deadline_s=self.timeouts.poll)).reply
        except NoAnswerError as error:
            raise PollError(f"no answer from {self.account.title}: {error}") from error

    def _headers(self, accepted: str) -> dict[str, str]:
        key = self.settings.keys[self.account.provider]
        return {
            "Accept": accepted,
            "Authorization": f"{self.account.scheme} {key}",
            "User-Agent": f"vidi-run/{__version__}",
        }

    async def run(
        self, work: Callable[[SdkT], Awaitable[object]], deadline_s: float
    ) -> ProviderCall:
        """Let the SDK do something free that may take several requests.

        Raises:
            NoAnswerError: A request was not answered.
        """
        guard, sdk = self.open()
        return await guard.run(work(sdk), deadline_s=deadline_s)

    async def follow(self, url: str) -> AsyncGenerator[str]:
        """Read the lines of an event stream as they come.

        Raises:
            PollError: The stream broke.
        """
        import httpx

        guard, _ = self.open()
        if not guard.owns(url):
            return
        headers = self._headers("text/event-stream")
        try:
            async with aclosing(guard.follow(url, headers)) as lines:
                async for line in lines:
                    yield line
        except (httpx.HTTPError, OSError, ValueError) as error:
            raise PollError(f"the event stream broke: {error}") from error

    def poll_error(self, answer: Answer, said: str) -> VidiError:
        """Read an answer that says nothing about the inference itself."""
        if answer.status == 401:
            return self.account.bad_key(said)
        return PollError(
            f"{self.account.title} answered HTTP {answer.status}: {said}",
            retry_after=read_retry_after(answer),
        )

    async def aclose(self) -> None:
        """Close what was opened here."""
        wire, self._own_wire, self._opened = self._own_wire, None, None
        if wire is not None:
            await wire.aclose()
