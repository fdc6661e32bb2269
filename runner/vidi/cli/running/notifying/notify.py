"""The webhook that is told how a run ended: tried a few times, and never a reason to fail.

What only this needs is imported here, when somebody is to be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.cli.running.job_run import read_own_environment
from vidi.errors import DownloadError, UsageError, VidiError
from vidi.inference.settings import Settings
from vidi.inference.tracking.notification import NOTIFY
from vidi.inference.tracking.project import read_project

if TYPE_CHECKING:
    import httpx

    from vidi.cli.running.state import CommandState
    from vidi.inference.tracking.notification import Notification

TRIES = 3
TRY_S = 3.0
"""Seconds until one try is given up."""
ALL_S = 6.0
"""Seconds for all of them: nobody waits for this at the end of a run."""


def notify(state: CommandState) -> None:
    """Tell who wants to know how a run ended; where that fails, it is said and no more.

    A mistake of the command or of a job file is no run: whoever made it sees it.
    """
    if state.command != "run" or state.exit_code == UsageError.exit_code:
        return
    try:
        environ = read_own_environment(state.options)
        wanted = read_project(state.options.project, environ).notify
        if wanted is None or (wanted.on == "failure" and state.exit_code == 0):
            return
        loopback = wanted.trusted or Settings.from_environment(environ).loopback_allowed
        problem = _tell_in_time(wanted, _render(state, wanted), loopback)
    except VidiError as error:
        problem = error.message
    if problem:
        state.console.say(f"nobody was notified: {problem}", style="yellow")


def _render(state: CommandState, wanted: Notification) -> bytes:
    from vidi.cli.running.notifying.message import describe_end, render_slack
    from vidi.runs.records.json_text import render_json

    told = describe_end(state)
    text = render_json(render_slack(told) if wanted.shape == "slack" else told)
    return text.encode("utf-8", "replace")


def _tell_in_time(wanted: Notification, body: bytes, loopback: bool) -> str:
    """Send it; returns why it did not arrive, without the address, which may be a secret."""
    import asyncio  # 17 ms, and an estimate tells nobody

    async def tell() -> str:
        try:
            async with asyncio.timeout(ALL_S):
                return await _tell(wanted, body, loopback)
        except TimeoutError:
            return f"{wanted.host} does not answer"

    return asyncio.run(tell())


async def _tell(wanted: Notification, body: bytes, loopback: bool) -> str:
    import httpx

    wire = None if wanted.trusted else _open_wire(loopback)
    async with httpx.AsyncClient(transport=wire, timeout=TRY_S, follow_redirects=False) as client:
        return await _try(client, wanted, body)


def _open_wire(loopback: bool) -> httpx.AsyncBaseTransport:
    """The wire of downloads, which goes to the open internet alone."""
    from vidi.inference.outputs.fetching.wire import DownloadWire

    return DownloadWire(loopback_allowed=loopback)


async def _try(client: httpx.AsyncClient, wanted: Notification, body: bytes) -> str:
    import httpx
    from tenacity import (
        AsyncRetrying,
        retry_if_exception_type,
        retry_if_result,
        stop_after_attempt,
        wait_exponential,
    )

    retrying = AsyncRetrying(
        stop=stop_after_attempt(TRIES),
        wait=wait_exponential(multiplier=0.2),
        retry=retry_if_exception_type(httpx.TransportError) | retry_if_result(_is_passing),
        retry_error_callback=lambda tried: tried.outcome.result() if tried.outcome else 0,
    )
    try:
        status: int = await retrying(_post, client, wanted.url, body)
    except DownloadError:  # the wire of downloads has refused the address
        return f"{wanted.host} is not on the open internet, and only {NOTIFY} may name it"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{wanted.host} cannot be reached ({type(error).__name__})"
    return "" if 200 <= status < 300 else f"{wanted.host} answers {status}"


async def _post(client: httpx.AsyncClient, url: str, body: bytes) -> int:
    headers = {"content-type": "application/json"}
    async with client.stream("POST", url, content=body, headers=headers) as answer:
        return answer.status_code


def _is_passing(status: int) -> bool:
    return status == 429 or status >= 500
