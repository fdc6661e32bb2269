"""fal.ai: requests queued, looked at, fetched and found again.

Light: the SDK is imported when the first request is made.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from vidi.errors import (
    CredentialsError,
    NotFoundError,
    PollError,
    RejectedError,
)
from vidi.inference.providers.account import FAL
from vidi.inference.providers.fal.answers import (
    derive_urls,
    is_whole,
    read_end,
    read_receipt,
    read_running,
)
from vidi.inference.providers.fal.error_codes import read_words
from vidi.inference.providers.fal.history import (
    HISTORY,
    match_request,
    query_request,
    query_window,
    read_kept,
)
from vidi.inference.providers.fal.own_list import (
    AROUND,
    OWN_LIST,
    PAGE_SIZE,
    match_own,
    query_own,
    read_units,
)
from vidi.inference.providers.fal.refused_results import RefusedResults
from vidi.inference.providers.fal.request_time import read_request_time
from vidi.inference.providers.fal.result import (
    OF_THE_WAY,
    is_model_error,
    is_status_error,
    read_result,
)
from vidi.inference.providers.provider import Accepted, Failed, Provider
from vidi.inference.providers.transport.answer import read_items
from vidi.inference.providers.transport.client import ProviderClient
from vidi.inference.providers.transport.redaction import redact_poll
from vidi.inference.providers.transport.request_id import check_request_id
from vidi.inference.providers.transport.timeouts import CallTimeouts
from vidi.inference.providers.uploads import Reading, inspect_file, send_with_retries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from decimal import Decimal
    from pathlib import Path

    import httpx

    from vidi.inference.models.template import ModelInfo
    from vidi.inference.providers.fal.sdk import GuardedFal
    from vidi.inference.providers.provider import PollResult, Submission
    from vidi.inference.providers.transport.answer import Answer, Fields
    from vidi.inference.providers.transport.client import SdkModule
    from vidi.inference.providers.uploads import LocalFile
    from vidi.inference.settings import Settings

SERVER_ERROR = 500
MOST_PAGES = 50
"""Of 100 requests each, when one is looked for."""
LARGEST_SINGLE = 100 * 1024 * 1024
"""Bytes; a larger file is uploaded in parts."""
SHORTEST_START_S = 1.0
"""fal refuses to limit the wait for a start to this or less."""


class FalProvider(Provider):
    """fal's queue, CDN and platform APIs, through the official SDK."""

    name: ClassVar[str] = FAL.provider

    def __init__(
        self,
        settings: Settings,
        wire: httpx.AsyncBaseTransport | None = None,
        *,
        timeouts: CallTimeouts | None = None,
    ) -> None:
        self.settings, self.wire = settings, wire
        self._client = ProviderClient(FAL, settings, _load_sdk, wire, timeouts or CallTimeouts())
        self._refused = RefusedResults()
        self._told: dict[str, Fields] = {}
        """The last status that the stream of a request told, until the next poll."""

    def is_available(self) -> bool:
        """Whether FAL_KEY is set. Asks nobody."""
        return bool(self._client.settings.keys.get(self.name))

    def prepare(self) -> None:
        """Import the SDK and open it."""
        self._client.open()

    async def upload(self, path: Path) -> str:
        """Upload a file to fal's CDN: one POST, or in parts above 100 MiB."""
        file = inspect_file(path)
        send = await _sender(file)
        deadline_s = self._client.timeouts.upload_of(file.size)
        return await send_with_retries(
            lambda: self._client.run(send, deadline_s),
            FAL,
            file,
            Reading(
                lambda answer: (read_words(answer).said, read_words(answer).error_type),
                lambda call: call.value,
            ),
            self._client.timeouts.first_pause,
        )

    async def submit(self, submission: Submission) -> Accepted:
        """Queue a request: one POST. `X-Fal-Store-IO` is never sent: it would forbid recovery."""
        start = submission.deadline_s if submission.deadline_s > SHORTEST_START_S else None
        try:
            answer = await self._client.buy(
                lambda sdk: sdk.submit(
                    submission.model.name, dict(submission.params), start_timeout=start
                ),
                send_by=submission.send_by,
            )
        except (TypeError, ValueError) as error:
            raise RejectedError(f"the params cannot be sent as JSON: {error}") from error
        accepted = read_receipt(answer, submission.model)
        return replace(accepted, urls=self._choose_urls(submission.model, accepted))

    def _choose_urls(self, model: ModelInfo, accepted: Accepted) -> dict[str, str]:
        """Where a request is asked for: as fal said, where that is fal, else as we build it."""
        built = derive_urls(model.name, accepted.request_id)
        return built | self._client.keep_own(accepted.urls)

    async def poll(self, model: ModelInfo, accepted: Accepted) -> PollResult:
        """Ask for the status, and for the result once it is completed.

        What is not found says nothing: right after a submit it may not be visible yet, and long
        after its end it is kept in the history alone.
        """
        urls = self._choose_urls(model, accepted)
        try:
            poll = await self._poll_queue(Accepted(accepted.request_id, urls))
        except NotFoundError:
            kept = await self._poll_history(model, accepted.request_id)
            if kept is None:
                raise
            poll = kept
        return redact_poll(poll, self._client.settings)

    async def cancel(self, accepted: Accepted) -> bool:
        """Cancel; False where it had already ended or is unknown."""
        urls = self._client.keep_own(accepted.urls)
        if "cancel" not in urls:
            raise PollError(f"{accepted.request_id} cannot be cancelled: its URL is not known")
        answer = await self._client.ask(
            lambda sdk: sdk.handle(accepted.request_id, urls).cancel(),
            self._client.timeouts.cancel,
        )
        if answer.ok or answer.status in {400, 404}:
            return answer.ok
        raise self._poll_error(answer)

    async def find(
        self, submission: Submission, since: datetime, until: datetime
    ) -> Sequence[Accepted]:
        """List the requests of that window whose endpoint and input are exactly these.

        The account's own list has them sooner than the history of the endpoint; either may be
        refused to a key.

        Raises:
            PollError: The history could not be read to its end, so that a count of it says nothing.
            CredentialsError: The key was refused.
        """
        return await self._find_own(submission, since, until) or await self._find_in_history(
            submission, since, until
        )

    async def _find_own(
        self, submission: Submission, since: datetime, until: datetime
    ) -> Sequence[Accepted]:
        """Search the account's own list; none where it is not shown."""
        found: dict[str, Accepted] = {}
        with suppress(PollError, CredentialsError):
            async for item in self._list_own(since, until):
                match = match_own(item, submission, since, until)
                if match is not None:
                    found[match.request_id] = match
            return list(found.values())
        return []

    async def _list_own(self, since: datetime, until: datetime) -> AsyncIterator[Fields]:
        for page in range(1, MOST_PAGES + 1):
            query = query_own(since, until, page)
            items = read_items(await self._get(OWN_LIST, query), "items")
            for item in items:
                yield item
            if len(items) < PAGE_SIZE:
                return
        raise PollError(f"fal.ai lists over {MOST_PAGES * PAGE_SIZE:,} requests in that time")

    async def _find_in_history(
        self, submission: Submission, since: datetime, until: datetime
    ) -> Sequence[Accepted]:
        query = query_window(submission.model, since, until, datetime.now(UTC))
        found: dict[str, Accepted] = {}  # by id: a page that drifts shows the same twice
        for _ in range(MOST_PAGES):
            page = await self._history(query)
            items = read_items(page, "items")
            matches = (match_request(each, submission, since, until) for each in items)
            found |= {each.request_id: each for each in matches if each is not None}
            cursor = page.get("next_cursor")
            if not cursor or page.get("has_more") is False:
                return list(found.values())
            query = {**query, "cursor": str(cursor)}
        raise PollError(f"fal.ai lists over {MOST_PAGES * 100:,} requests in that time")

    def read_request_time(self, request_id: str) -> datetime | None:
        """When a request was queued: its id holds the time."""
        return read_request_time(request_id)

    async def find_units(
        self, model: ModelInfo, request_id: str, sent_at: datetime
    ) -> Decimal | None:
        """Look a request up in the account's own list, which has the units of its bill."""
        del model  # the list is one for all endpoints
        with suppress(NotFoundError):
            item = await self._get(f"{OWN_LIST}{quote(request_id, safe='')}")
            if item.get("request_id") == request_id:
                return read_units(item)
        around = (read_request_time(request_id) or sent_at) - AROUND, sent_at + AROUND
        async for item in self._list_own(*around):
            if item.get("request_id") == request_id:
                return read_units(item)
        return None

    def adopt(self, model: ModelInfo, request_id: str) -> Accepted:
        """Take up a request that the user names by its id.

        Raises:
            UsageError: It is no id.
        """
        request_id = check_request_id(request_id, FAL)
        return Accepted(request_id, derive_urls(model.name, request_id))

    async def watch(self, accepted: Accepted, seconds: float) -> bool:
        """Follow the event stream of a request until it says that the request has ended.

        Where its last event is the whole status, as a GET of the status answers, the next poll
        takes it for that and asks for the result alone.
        """
        if "status" not in accepted.urls:
            return False
        stream = self._client.follow(f"{accepted.urls['status']}/stream")
        with suppress(TimeoutError, PollError):
            async with asyncio.timeout(seconds), aclosing(stream) as lines:
                async for line in lines:
                    if (status := read_end(line)) is not None:
                        self._keep_whole(status, accepted.request_id)
                        return True
        return False

    def _keep_whole(self, status: Fields, request_id: str) -> None:
        if is_whole(status, request_id):
            self._told[request_id] = status

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _poll_queue(self, accepted: Accepted) -> PollResult:
        status = self._told.pop(accepted.request_id, None)
        if status is None:
            status = await self._ask_status(accepted.urls["status"])
        running = read_running(status)
        if running is not None:
            return running
        result = await self._client.get(accepted.urls["response"])
        if result.ok or is_status_error(status):
            return read_result(result, status)
        if result.status < SERVER_ERROR:
            return self._read_refusal(result, status, accepted.request_id)
        return self._read_server_error(result, status, accepted.request_id)

    async def _ask_status(self, url: str) -> Fields:
        answer = await self._client.get(url, {"logs": "false"})
        if not answer.ok:
            raise self._poll_error(answer)
        status = answer.fields()
        if not isinstance(status.get("status"), str):
            raise PollError(f"fal.ai's status cannot be read: {answer.text() or 'it is empty'}")
        return status

    def _read_refusal(self, result: Answer, status: Fields, request_id: str) -> PollResult:
        """A 4xx for the result of a request that ended: it cannot be had, should that stay so."""
        try:
            return read_result(result, status)
        except NotFoundError:
            raise
        except PollError as error:
            stays = self._refused.stays(request_id, self._client.timeouts.result)
            if result.status in OF_THE_WAY or not stays:
                raise
            return Failed("failed", error.message, error_type="result_refused")

    def _read_server_error(self, result: Answer, status: Fields, request_id: str) -> PollResult:
        """A 5xx for the result of a request that ended well: fetch it again, never buy it again.

        Should it stay, it is the model's own after all; in any other words than a model's it must
        stay for longer, and proves nothing about the bill.
        """
        model = is_model_error(result)
        if not self._refused.stays(request_id, 0 if model else self._client.timeouts.result):
            raise self._poll_error(result)
        poll = read_result(result, status)
        if not isinstance(poll, Failed):
            return poll
        return replace(poll, transient=False, free=poll.free and model)

    async def _poll_history(self, model: ModelInfo, request_id: str) -> PollResult | None:
        """Find an expired result; None too where this key may not read the history."""
        with suppress(PollError, CredentialsError):
            page = await self._history(query_request(model, request_id))
            for each in read_items(page, "items"):
                if each.get("request_id") == request_id:
                    return read_kept(each, datetime.now(UTC))
        return None

    async def _history(self, query: Mapping[str, str]) -> Fields:
        return await self._get(HISTORY, query)

    async def _get(self, url: str, query: Mapping[str, str] | None = None) -> Fields:
        answer = await self._client.get(url, query)
        if not answer.ok:
            raise self._poll_error(answer)
        return answer.fields()

    def _poll_error(self, answer: Answer) -> Exception:
        said = read_words(answer).said
        if answer.status in {404, 405}:
            return NotFoundError(
                f"fal.ai answered HTTP {answer.status}: {said}", http=answer.status
            )
        return self._client.poll_error(answer, said)


def _load_sdk() -> SdkModule[GuardedFal]:
    from vidi.inference.providers.fal import sdk

    return sdk


async def _sender(file: LocalFile) -> Callable[[GuardedFal], Awaitable[object]]:
    """Choose how a file is sent; its bytes are read once, however often they are sent."""
    if file.size > LARGEST_SINGLE:
        return lambda sdk: sdk.upload_in_parts(file.path, file.content_type, file.neutral_name)
    data = await file.read()
    return lambda sdk: sdk.upload(
        data, file.content_type, file_name=file.neutral_name, fallback_repository=[]
    )
