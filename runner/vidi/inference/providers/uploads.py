"""Giving a provider a local file: read, sent, and sent again where that may help.

An upload costs nothing, so it may be repeated. Light: tenacity is imported when one is sent.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from vidi.errors import InferenceError, NotSentError, RejectedError
from vidi.inference.providers.content_type import extension_of, guess_content_type
from vidi.inference.providers.transport.answer import NoAnswerError
from vidi.inference.providers.transport.retry_after import read_retry_after
from vidi.inference.providers.web_address import is_web_address

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tenacity import RetryCallState

    from vidi.inference.providers.account import Account
    from vidi.inference.providers.transport.answer import Answer
    from vidi.inference.providers.transport.call import ProviderCall

ATTEMPTS = 4
HEAD_BYTES = 64
PLAIN_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class LocalFile:
    """An input file that was looked at, not yet read."""

    path: Path
    size: int
    content_type: str

    @property
    def neutral_name(self) -> str:
        """What the provider is told that it is called: short ASCII, as headers take nothing else.

        Its extension is kept, as some models judge by it.
        """
        suffix = self.path.suffix.lower()
        if not PLAIN_SUFFIX.fullmatch(suffix):
            suffix = extension_of(self.content_type)
        return f"input{suffix}"

    async def read(self) -> bytes:
        """Read all of it, in a thread.

        Raises:
            RejectedError: It cannot be read.
        """
        try:
            return await asyncio.to_thread(self.path.read_bytes)
        except OSError as error:
            raise _unreadable(self.path, error) from error


def inspect_file(path: Path) -> LocalFile:
    """Look at a file's size and first bytes.

    Raises:
        RejectedError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        return LocalFile(path, path.stat().st_size, guess_content_type(path.name, head))
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> RejectedError:
    return RejectedError(
        f"{path.name} cannot be read: {error.strerror or error}",
        hint="Check that the file is there and that you may read it.",
    )


class TryAgainError(Exception):
    """An upload failed in a way that another try may mend."""

    def __init__(self, final: InferenceError, retry_after: float | None = None) -> None:
        super().__init__(str(final))
        self.final = final
        self.retry_after = retry_after


class Reading(NamedTuple):
    """How a provider's answers to an upload are read."""

    words: Callable[[Answer], tuple[str, str]]
    """What a refusal says, and the provider's own type of it."""
    url: Callable[[ProviderCall], object]
    """Where the file is now; anything else where the answer does not say."""


async def send_with_retries(
    send: Callable[[], Awaitable[ProviderCall]],
    account: Account,
    file: LocalFile,
    reading: Reading,
    first_pause: float,
) -> str:
    """Upload with a few tries; returns the URL that the file has at the provider.

    Args:
        send: Uploads it once.
        account: Whom it is given to.
        file: What is uploaded.
        reading: How answers are read.
        first_pause: Seconds before the second try; doubles each time.

    Raises:
        InferenceError: It was refused, or failed every time.
        CredentialsError: The key was refused, or the account is out of credit.
    """
    from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

    def pause(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        told = error.retry_after if isinstance(error, TryAgainError) else None
        return first_pause * 2 ** (state.attempt_number - 1) if told is None else told

    retrying = AsyncRetrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=pause,
        retry=retry_if_exception_type(TryAgainError),
        reraise=True,
    )
    try:
        return await retrying(_send_once, send, account, file, reading)
    except TryAgainError as error:
        raise error.final from error


async def _send_once(
    send: Callable[[], Awaitable[ProviderCall]],
    account: Account,
    file: LocalFile,
    reading: Reading,
) -> str:
    what = f"{file.path.name} could not be uploaded to {account.title}"
    try:
        call = await send()
        answer = call.reply
    except NoAnswerError as error:
        failure = NotSentError if error.unsent else InferenceError
        raise TryAgainError(failure(f"{what}: {error}")) from error
    if answer.ok:
        url = reading.url(call)
        if not is_web_address(url):  # it cost nothing, and may have been spoilt on the way
            said = f"{what}: {account.title}'s answer to the upload holds no URL"
            raise TryAgainError(InferenceError(said))
        return url
    said, kind = reading.words(answer)
    if (for_all := account.refused_for_all(answer.status, said, kind)) is not None:
        raise for_all
    if answer.status in {408, 429} or answer.status >= 500:
        failed = InferenceError(f"{what}: HTTP {answer.status}: {said}")
        raise TryAgainError(failed, read_retry_after(answer))
    hint = "Make the file smaller." if answer.status == 413 else ""
    raise RejectedError(f"{what}: HTTP {answer.status}: {said}", hint=hint)
