"""One remote file, fetched whole: retried, and resumed where the stream broke."""

from __future__ import annotations

import asyncio
import re
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential

from vidi.errors import DownloadError, is_out_of_files
from vidi.inference.outputs.fetching.blocks import Blocks
from vidi.inference.outputs.fetching.request import open_answer, shown
from vidi.inference.retrying import retry

if TYPE_CHECKING:
    from vidi.inference.outputs.keeping.staging import Staging
    from vidi.inference.outputs.limits import Limits
    from vidi.inference.settings import Settings

RAISE_IT = "If it is meant to be so large, raise `max_image_mib` in vidi.toml and run it again."
_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\*)")


@dataclass(frozen=True, slots=True)
class Version:
    """Which content an answer is a part of: a resumed stream must be of the same."""

    etag: str = ""
    modified: str = ""
    total: int | None = None
    """Bytes; None where the server does not say."""

    @property
    def validator(self) -> str:
        """What `If-Range` may carry: a strong tag, else a date."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified

    def agrees(self, other: Version) -> bool:
        """Whether nothing that both of them say differs."""
        pairs = (
            (self.etag, other.etag),
            (self.modified, other.modified),
            (self.total, other.total),
        )
        return all(not one or not another or one == another for one, another in pairs)


class Transfer:
    """The state of one download between its tries."""

    def __init__(
        self,
        url: str,
        staging: Staging,
        wire: httpx.AsyncBaseTransport,
        settings: Settings,
        limits: Limits,
    ) -> None:
        self.url = url
        self._staging = staging
        self._wire = wire
        self._settings = settings
        self._limits = limits
        self._version = Version()
        self._farthest = 0
        self._stalled = 0
        self._asked_wait = 0.0

    async def run(self) -> None:
        """Fetch the file into the staging, whole.

        Raises:
            DownloadError: It cannot be had, or not in time.
        """
        try:
            async with asyncio.timeout(self._limits.total_s):
                await retry(self._try_once, self._rules)
        except TimeoutError as error:
            raise DownloadError(
                f"{shown(self.url)} did not come whole in {self._limits.total_s:g} s "
                f"({self._staging.size} bytes came)",
                transient=True,
            ) from error

    def _rules(self) -> AsyncRetrying:
        return AsyncRetrying(
            retry=retry_if_exception(_may_pass),
            stop=lambda _: self._stalled >= self._limits.attempts,
            wait=self._wait,
            reraise=True,
        )

    async def _try_once(self) -> None:
        self._asked_wait = 0.0
        try:
            async with open_answer(
                self._wire, self.url, self._resume_headers(), self._settings, self._limits
            ) as answer:
                self._begin(answer)
                await self._receive(answer)
        except httpx.HTTPError as error:
            raise DownloadError(
                f"{shown(self.url)} broke off: {str(error) or type(error).__name__}", transient=True
            ) from error
        finally:
            self._count_progress()

    def _count_progress(self) -> None:
        if self._staging.size > self._farthest:
            self._farthest, self._stalled = self._staging.size, 0
        self._stalled += 1

    def _wait(self, state: RetryCallState) -> float:
        """Seconds until the next try: what the server asked for, else longer each time."""
        longest = self._limits.longest_wait_s
        backoff = wait_random_exponential(multiplier=self._limits.wait_s, max=longest)
        since_progress = copy(state)  # 1 after a try that has brought something
        since_progress.attempt_number = max(1, self._stalled)
        return min(max(self._asked_wait, backoff(since_progress)), longest)

    def _resume_headers(self) -> dict[str, str]:
        size = self._staging.size
        if not size or self._version.total is None:
            return {}
        headers = {"Range": f"bytes={size}-"}
        if self._version.validator:
            headers["If-Range"] = self._version.validator
        return headers

    def _begin(self, answer: httpx.Response) -> None:
        """Decide by an answer's head whether it begins, goes on, or is a refusal."""
        if answer.is_success and (packed := _packing_of(answer)):
            raise DownloadError(
                f"{shown(self.url)} came packed ({packed}), which was not asked for",
                hint="Run it again later; who serves the file must not pack it.",
            )
        if answer.status_code == httpx.codes.PARTIAL_CONTENT and self._continues(answer):
            if not self._staging.size:  # a part that nobody asked for: the rest is still to come
                self._version = _version_of(answer, _total_of(answer))
                self._refuse_too_large(self._version.total or 0)
            return
        if answer.status_code in {206, 416}:  # not the part that was asked for
            self._staging.restart()
            self._version = Version()
            raise DownloadError(
                f"{shown(self.url)} cannot be resumed: HTTP {answer.status_code}", transient=True
            )
        if answer.status_code != httpx.codes.OK:
            raise self._refusal(answer)
        self._staging.restart()
        self._version = _version_of(answer, _length_of(answer))
        self._refuse_too_large(self._version.total or 0)

    def _continues(self, answer: httpx.Response) -> bool:
        """Whether a 206 is the rest of what has come, of the same content."""
        found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
        if found is None or int(found[1]) != self._staging.size:
            return False
        return _version_of(answer, _total_of(answer)).agrees(self._version)

    def _refusal(self, answer: httpx.Response) -> DownloadError:
        status = answer.status_code
        if status in {404, 410}:
            return DownloadError(
                f"{shown(self.url)} is gone: HTTP {status}",
                hint="The provider keeps outputs for a short time only; buy it again with --rebuy.",
                gone=True,
            )
        self._asked_wait = _retry_after(answer)
        transient = status in {408, 425, 429} or status >= 500
        return DownloadError(f"{shown(self.url)} answered HTTP {status}", transient=transient)

    async def _receive(self, answer: httpx.Response) -> None:
        async with Blocks(self._staging) as blocks:
            async for piece in answer.aiter_bytes():
                self._refuse_too_large(blocks.size + len(piece))
                await blocks.add(piece)
        total = self._version.total
        if total is not None and self._staging.size != total:
            came = self._staging.size
            if came > total:
                self._staging.restart()
            raise DownloadError(
                f"{shown(self.url)} ended after {came} of {total} bytes", transient=True
            )

    def _refuse_too_large(self, size: int) -> None:
        if size > self._limits.max_bytes:
            bound = self._limits.max_bytes
            raise DownloadError(
                f"{shown(self.url)} is larger than {bound} bytes",
                hint=RAISE_IT if bound == self._limits.max_image_bytes else "",
            )


def _may_pass(error: BaseException) -> bool:
    """Whether another try helps at once; where no file can be opened, others must end first."""
    return bool(getattr(error, "transient", False)) and not is_out_of_files(error)


def _packing_of(answer: httpx.Response) -> str:
    """How a server packed the body although it was asked not to; "" where it did not."""
    packed = str(answer.headers.get("content-encoding", "")).strip().lower()
    return "" if packed == "identity" else packed[:40]


def _length_of(answer: httpx.Response) -> int | None:
    """The whole file's length; None where the server does not say it."""
    length = answer.headers.get("content-length", "")
    return int(length) if re.fullmatch(r"[0-9]{1,18}", length) else None


def _total_of(answer: httpx.Response) -> int | None:
    """The whole file's length by a part of it; None where the server does not say it."""
    found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
    return None if found is None or found[2] == "*" else int(found[2])


def _version_of(answer: httpx.Response, total: int | None) -> Version:
    headers = answer.headers
    return Version(headers.get("etag", ""), headers.get("last-modified", ""), total)


def _retry_after(answer: httpx.Response) -> float:
    """Seconds that the server asks to wait; 0 where it does not say, or says a date."""
    asked = answer.headers.get("retry-after", "").strip()
    return float(asked) if asked.isdecimal() else 0.0
