"""Replicate: predictions created, looked at and found again.

Light: the SDK is imported when the first request is made.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from vidi.errors import NotFoundError, PollError, RejectedError
from vidi.inference.models.ids import split_version
from vidi.inference.outputs.finding.find import may_be_empty
from vidi.inference.providers.account import REPLICATE
from vidi.inference.providers.provider import Accepted, Provider
from vidi.inference.providers.replicate.answers import (
    API,
    build_urls,
    format_cancel_after,
    match_prediction,
    read_call,
    read_next,
    read_prediction,
    read_receipt,
    read_words,
)
from vidi.inference.providers.transport.answer import read_items
from vidi.inference.providers.transport.client import ProviderClient
from vidi.inference.providers.transport.redaction import redact_poll
from vidi.inference.providers.transport.request_id import check_request_id
from vidi.inference.providers.transport.timeouts import CallTimeouts
from vidi.inference.providers.uploads import Reading, inspect_file, send_with_retries

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import httpx
    from replicate import AsyncReplicate, Omit

    from vidi.inference.models.template import Call, ModelInfo
    from vidi.inference.providers.provider import PollResult, Submission
    from vidi.inference.providers.transport.answer import Fields
    from vidi.inference.providers.transport.call import ProviderCall
    from vidi.inference.providers.transport.client import SdkModule
    from vidi.inference.settings import Settings

LONGEST_DATA_URI = 256 * 1024
"""Bytes of the whole URI. Replicate's pages say 256 KB in one place and 1 MB in another."""
LARGEST_UPLOAD = 100 * 1024 * 1024
"""https://replicate.com/docs/topics/predictions/input-files"""
MOST_PAGES = 50
"""Of 100 predictions each, when one is looked for."""


class ReplicateProvider(Provider):
    """Replicate's HTTP API, through its official SDK."""

    name: ClassVar[str] = REPLICATE.provider

    def __init__(
        self,
        settings: Settings,
        wire: httpx.AsyncBaseTransport | None = None,
        *,
        timeouts: CallTimeouts | None = None,
    ) -> None:
        timeouts = timeouts or CallTimeouts()
        self.settings, self.wire = settings, wire
        self._client = ProviderClient(REPLICATE, settings, _load_sdk, wire, timeouts)

    def is_available(self) -> bool:
        """Whether REPLICATE_API_TOKEN is set. Asks nobody."""
        return bool(self._client.settings.keys.get(self.name))

    def prepare(self) -> None:
        """Import the SDK and open it."""
        self._client.open()

    async def upload(self, path: Path) -> str:
        """Turn a file into a data URI of at most 256 KiB, or upload it for 24 hours."""
        file = inspect_file(path)
        head = f"data:{file.content_type};base64,"
        if len(head) + 4 * -(-file.size // 3) <= LONGEST_DATA_URI:
            return head + base64.b64encode(await file.read()).decode()
        if file.size > LARGEST_UPLOAD:
            raise RejectedError(
                f"{path.name} is larger than Replicate takes (100 MiB)",
                hint="Make it smaller, or give a URL of it instead.",
            )
        content = (file.neutral_name, await file.read(), file.content_type)
        deadline_s = self._client.timeouts.upload_of(file.size)
        return await send_with_retries(
            lambda: self._client.run(lambda sdk: sdk.files.create(content=content), deadline_s),
            REPLICATE,
            file,
            Reading(lambda answer: (read_words(answer), ""), _read_upload),
            self._client.timeouts.first_pause,
        )

    async def submit(self, submission: Submission) -> Accepted:
        """Create a prediction: one POST, and never `Prefer: wait`."""
        try:
            answer = await self._client.buy(
                lambda sdk: _create(sdk, submission), send_by=submission.send_by
            )
        except (TypeError, ValueError) as error:
            raise RejectedError(f"the params cannot be sent as JSON: {error}") from error
        accepted = read_receipt(answer, submission.model)
        return replace(accepted, urls=self._choose_urls(accepted))

    def _choose_urls(self, accepted: Accepted) -> dict[str, str]:
        """Where it is asked for: as Replicate said, where that is its own, else as we build it."""
        return build_urls(accepted.request_id) | self._client.keep_own(accepted.urls)

    async def poll(self, model: ModelInfo, accepted: Accepted) -> PollResult:
        """Get the prediction; its output is part of it."""
        prediction = await self._get(self._choose_urls(accepted)["get"])
        poll = read_prediction(prediction, may_be_empty=may_be_empty(model))
        return redact_poll(poll, self._client.settings)

    async def cancel(self, accepted: Accepted) -> bool:
        """Cancel; False where it had already ended."""
        url = self._choose_urls(accepted)["cancel"]
        answer = await self._client.ask(lambda sdk: _post(sdk, url), self._client.timeouts.cancel)
        if answer.ok:
            return str(answer.fields().get("status")) not in {"succeeded", "failed"}
        if answer.status in {404, 409, 422}:
            return False
        raise self._client.poll_error(answer, read_words(answer))

    async def find(
        self, submission: Submission, since: datetime, until: datetime
    ) -> Sequence[Accepted]:
        """List the predictions of that window whose model and input are exactly these.

        Raises:
            PollError: The list could not be read to its end, so that a count of it says nothing.
            CredentialsError: The key was refused.
        """
        found: dict[str, Accepted] = {}  # by id: a page that drifts shows the same twice
        query = {"created_after": _stamp(since), "created_before": _stamp(until)}
        url = f"{API}/predictions"
        for _ in range(MOST_PAGES):
            page = await self._get(url, query)
            items = read_items(page, "results")
            matches = (match_prediction(each, submission, since, until) for each in items)
            found |= {each.request_id: each for each in matches if each is not None}
            following = read_next(page, url)
            if following is None:
                return list(found.values())
            if not self._client.keep_own({"next": following}):
                raise PollError("Replicate's list goes on at an address that is not Replicate's")
            url, query = following, {}
        raise PollError(f"Replicate lists over {MOST_PAGES * 100:,} predictions in that time")

    async def find_call(self, model: ModelInfo) -> Call | None:
        """Read in Replicate's document of a model whether it is called by its name or a version."""
        owner, _, name = model.name.partition("/")
        url = f"{API}/models/{quote(owner, safe='')}/{quote(name, safe='')}"
        return read_call(await self._get(url), model)

    def adopt(self, model: ModelInfo, request_id: str) -> Accepted:  # noqa: ARG002  # the id says it all
        """Take up a prediction that the user names by its id.

        Raises:
            UsageError: It is no id.
        """
        request_id = check_request_id(request_id, REPLICATE)
        return Accepted(request_id, build_urls(request_id))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _get(self, url: str, query: Mapping[str, str] | None = None) -> Fields:
        answer = await self._client.get(url, query)
        if answer.status in {404, 405}:
            said = f"Replicate answered HTTP {answer.status}: {read_words(answer)}"
            raise NotFoundError(said, http=answer.status)
        if not answer.ok:
            raise self._client.poll_error(answer, read_words(answer))
        fields = answer.fields()
        if not fields:
            raise PollError(f"Replicate's answer cannot be read: {answer.text()}")
        return fields


def _load_sdk() -> SdkModule[AsyncReplicate]:
    from vidi.inference.providers.replicate import sdk

    return sdk


def _read_upload(call: ProviderCall) -> object:
    urls = call.reply.fields().get("urls")
    return urls.get("get") if isinstance(urls, dict) else None


def _create(sdk: AsyncReplicate, submission: Submission) -> Awaitable[object]:
    """Official models have an address of their own, as deployments have; others have versions."""
    from replicate import omit

    model, params = submission.model, dict(submission.params)
    cancel_after: str | Omit = omit
    if submission.cancel_at_deadline:  # else it goes on after ours, and the next run fetches it
        cancel_after = format_cancel_after(submission.deadline_s) or omit
    if model.version:
        # A version that the user has pinned is named with its model, so that a hash of another
        # model is refused; both forms are documented.
        pinned = split_version(model.id)[1]
        version = f"{model.name}:{pinned}" if pinned else model.version
        return sdk.predictions.create(version=version, input=params, cancel_after=cancel_after)
    if model.call is not None and model.call.deployment:
        owner, _, name = model.call.deployment.partition("/")
        return sdk.deployments.predictions.create(
            deployment_owner=owner, deployment_name=name, input=params, cancel_after=cancel_after
        )
    owner, _, name = model.name.partition("/")
    return sdk.models.predictions.create(
        model_owner=owner, model_name=name, input=params, cancel_after=cancel_after
    )


def _post(sdk: AsyncReplicate, url: str) -> Awaitable[object]:
    import httpx

    return sdk.post(url, cast_to=httpx.Response)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
