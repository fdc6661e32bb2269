"""Outputs on disk: whole, checked, and only then under their final names.

Heavy libraries (httpx, aiohttp, Pillow, PyAV) are imported when the first file needs them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from vidi.errors import DownloadError
from vidi.inference.outputs.checking.facts import Facts
from vidi.inference.outputs.checking.verify import verify
from vidi.inference.outputs.fetching.marked import mark_staged
from vidi.inference.outputs.finding.find import InlineText, RemoteFile
from vidi.inference.outputs.finding.inline import decode_data_uri, inline_bytes
from vidi.inference.outputs.finding.naming import name_warning, with_extension
from vidi.inference.outputs.limits import Limits
from vidi.inference.outputs.thumbnails import is_own_thumbnail, make_thumbnail
from vidi.inference.retrying import retry

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from decimal import Decimal
    from pathlib import Path

    import httpx
    from tenacity import AsyncRetrying

    from vidi.inference.models.template import OutputType
    from vidi.inference.outputs.finding.find import Output
    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.outputs.keeping.staging import Staging
    from vidi.inference.outputs.marking.xmp import Mark
    from vidi.inference.settings import Settings

_CHECKS_AT_ONCE = 2
"""How many files may be opened for checking at once: a decoded image is large."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file in its place, checked."""

    path: str
    """POSIX, relative to the output folder."""
    sha256: str
    bytes: int
    content_type: str
    """As its bytes show it."""
    width: int | None = None
    """Pixels."""
    height: int | None = None
    """Pixels."""
    duration_s: Decimal | None = None
    """Seconds."""
    warning: str = ""
    """What a person should know of it: an extension of another type, a check not made."""
    replaced: str | None = None
    """Where the paid asset that stood there is kept now, relative to the output folder."""
    original_sha256: str = ""
    """Of what came, where a mark was put into it; empty where it is just that."""


if TYPE_CHECKING:
    Check = Callable[[Staging, Callable[[Path], Facts]], Asset]
    Publish = Callable[[Path, str, str], str | None]


class _SpoiltError(DownloadError):
    """What came does not pass its check, and may have been spoilt on the way."""


class Fetcher:
    """Fetches outputs over one pool of connections.

    Args:
        settings: Which hosts have which key, and whether loopback may be downloaded from.
        wire: Another transport than the real one, such as the sandbox's.
        limits: How large and how long.
        full_checks: Whether every frame is decoded, whatever memory and time that takes.
        thumbnails: The folder for whose page each asset is made small once more; None for none.
    """

    def __init__(
        self,
        settings: Settings,
        wire: httpx.AsyncBaseTransport | None = None,
        *,
        limits: Limits | None = None,
        full_checks: bool = False,
        thumbnails: Path | None = None,
    ) -> None:
        self._settings = settings
        self._wire = wire
        self._opened: httpx.AsyncBaseTransport | None = None
        self._limits = limits or Limits()
        self._full_checks = full_checks
        self._thumbnails = thumbnails
        self._checks = asyncio.Semaphore(_CHECKS_AT_ONCE)

    async def fetch(
        self,
        output: Output,
        assets: AssetStore,
        path: str,
        *,
        kind: OutputType,
        beside: str = "",
        overwrite: bool = False,
        ours: Callable[[str], bool] | None = None,
        mark: Mark | None = None,
    ) -> Asset:
        """Bring one output to its place.

        Args:
            output: What to fetch.
            assets: Where it is kept; nothing is written elsewhere.
            path: Its name there, POSIX; without an extension, it gets the real type's.
            kind: What the output is to be.
            beside: The content type of the first of several outputs, where this is another.
            overwrite: Whether a file that vidi did not make may be written over.
            ours: Whether vidi made what stands at a path; that is then kept under
                `.vidi/replaced`.
            mark: What the file is to say of itself; None leaves it as it came.

        Raises:
            UsageError: The path leads out by its own words.
            DownloadError: The output cannot be had, is not what it should be, or cannot be written.
        """
        check: Check = partial(self._check, path=path, beside=beside, mark=mark)
        publish: Publish = partial(assets.publish, overwrite=overwrite, ours=ours)
        at_once = assets.renames  # in the same thread then: another one need not be woken
        if at_once:
            check = partial(_check_and_name, check, publish)
        stage, later = partial(assets.stage, path), None if at_once else publish
        return await retry(
            lambda: self._fetch_once(output, stage, check, later, kind),
            lambda: self._rules(output),
        )

    def _rules(self, output: Output) -> AsyncRetrying:
        """When what came spoilt is fetched anew."""
        from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt
        from tenacity import wait_random_exponential as wait_longer

        limits = self._limits
        return AsyncRetrying(
            retry=retry_if_exception_type(_SpoiltError),
            stop=stop_after_attempt(limits.checks if _is_remote(output) else 1),
            wait=wait_longer(multiplier=limits.wait_s, max=limits.longest_wait_s),
            reraise=True,
        )

    async def aclose(self) -> None:
        """Close every connection; a wire that was given stays its giver's to close."""
        if self._opened is not None:
            await self._opened.aclose()
            self._opened = None

    async def _fetch_once(
        self,
        output: Output,
        stage: Callable[[], Staging],
        check: Check,
        publish: Publish | None,
        kind: OutputType,
    ) -> Asset:
        staging = stage()
        try:
            facts_of = await self._stage(output, staging, kind)
            async with self._checks:
                asset = await asyncio.to_thread(check, staging, facts_of)
            if publish is None:
                return asset
            return await asyncio.to_thread(_name, asset, staging, publish)
        finally:
            staging.discard()

    async def _stage(
        self, output: Output, staging: Staging, kind: OutputType
    ) -> Callable[[Path], Facts]:
        """Fill the staging; returns the check that its content must pass."""
        if not isinstance(output, RemoteFile):
            content, content_type = inline_bytes(output)
            await asyncio.to_thread(staging.write, [content])
            return lambda _: Facts(content_type, warning=_inline_warning(output))
        kinds: Collection[OutputType] = output.kinds or (kind,)
        if not _is_remote(output):
            content = await asyncio.to_thread(decode_data_uri, output.url, self._limits)
            await asyncio.to_thread(staging.write, [content])
        else:
            await self.transfer(output.url, staging, self._limits.of_kinds(kinds))
        return lambda path: verify(path, kinds, output.name, full=self._full_checks)

    def _check(
        self,
        staging: Staging,
        facts_of: Callable[[Path], Facts],
        *,
        path: str,
        beside: str,
        mark: Mark | None,
    ) -> Asset:
        """Bring a staged file to the disk, check it, mark it, make it small once more."""
        sha256 = staging.finish()
        facts = _find_facts(staging, facts_of, path)
        marked = mark_staged(staging.path, facts.content_type, sha256, staging.size, mark)
        final = with_extension(path, facts.content_type, beside=beside)
        warnings = (facts.warning, name_warning(final, facts.content_type), marked.warning)
        content_type, sides = facts.content_type, (facts.width, facts.height)
        small = is_own_thumbnail(content_type, sides, marked.bytes)
        if self._thumbnails is not None and not small:
            pixels = (facts.width or 0) * (facts.height or 0)
            make_thumbnail(staging.path, content_type, pixels, marked.sha256, self._thumbnails)
        return Asset(
            path=final,
            sha256=marked.sha256,
            bytes=marked.bytes,
            content_type=facts.content_type,
            width=facts.width,
            height=facts.height,
            duration_s=facts.duration_s,
            warning="; ".join(warning for warning in warnings if warning),
            original_sha256=marked.original_sha256,
        )

    async def transfer(self, url: str, staging: Staging, limits: Limits | None = None) -> None:
        """Fill the staging with what an address holds, within the usual limits or others.

        Raises:
            DownloadError: It cannot be had.
        """
        from vidi.inference.outputs.fetching.transfer import Transfer

        wire = self._wire or self._open_wire()
        await Transfer(url, staging, wire, self._settings, limits or self._limits).run()

    def _open_wire(self) -> httpx.AsyncBaseTransport:
        from vidi.inference.outputs.fetching.wire import DownloadWire

        if self._opened is None:
            self._opened = DownloadWire(loopback_allowed=self._settings.loopback_allowed)
        return self._opened


def _check_and_name(
    check: Check, publish: Publish, staging: Staging, facts_of: Callable[[Path], Facts]
) -> Asset:
    return _name(check(staging, facts_of), staging, publish)


def _name(asset: Asset, staging: Staging, publish: Publish) -> Asset:
    """Give a file its name: not before, so that the next run fetches what was cut off before."""
    return replace(asset, replaced=publish(staging.path, asset.path, asset.sha256))


def _is_remote(output: Output) -> bool:
    """Whether an output is fetched, and not in the answer itself."""
    return isinstance(output, RemoteFile) and output.url[:5].lower() != "data:"


def _inline_warning(output: Output) -> str:
    return "the text is empty" if isinstance(output, InlineText) and not output.text else ""


def _find_facts(staging: Staging, facts_of: Callable[[Path], Facts], path: str) -> Facts:
    """Open a file that is on the disk, as what it should be."""
    try:
        return facts_of(staging.path)
    except DownloadError as error:
        if not error.transient:
            raise
        raise _SpoiltError(error.message, hint=error.hint, transient=True) from error
    except OSError as error:
        raise DownloadError(f"cannot read {path} back: {error.strerror}") from error
