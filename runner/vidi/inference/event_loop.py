"""One event loop in a thread of its own: what is asynchronous inside looks synchronous outside.

So a call blocks only its caller, wherever that runs: in a script, in a thread, or under another
event loop, as in a notebook.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from vidi.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

T = TypeVar("T")

_WORKERS = 4
"""Threads for what blocks: hashing, checking, name resolution."""
_log = logging.getLogger("vidi.inference")


class LoopThread:
    """Runs coroutines on one loop; the thread starts with the first of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, work: Callable[[], Coroutine[object, object, T]]) -> Future[T]:
        """Start a coroutine on the loop; cancelling the future cancels it.

        Raises:
            UsageError: It is closed.
        """
        with self._lock:
            loop = self._started()  # before the coroutine is made: else nobody would run it
            return asyncio.run_coroutine_threadsafe(work(), loop)

    def run(self, work: Callable[[], Coroutine[object, object, T]]) -> T:
        """Run a coroutine to its end; an interrupt of the caller cancels it.

        Raises:
            UsageError: It is closed, or the caller is on the loop itself and would wait for itself.
        """
        if threading.current_thread() is self._thread:
            raise UsageError(
                "an inference cannot be waited for from an event callback",
                hint="Start it from another thread, or after infer has returned.",
            )
        future = self.submit(work)
        try:
            return future.result()
        finally:
            future.cancel()  # does nothing where it has ended

    def close(self, farewell: Callable[[], Coroutine[object, object, None]]) -> None:
        """Cancel what runs, run a last coroutine, and end the thread. Again does nothing.

        Args:
            farewell: Closes what was opened on the loop; not called where nothing was.
        """
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
            self._loop = None
        if loop is None or thread is None or not thread.is_alive():
            return  # nothing was begun here; or it was, before this process was forked off
        ending = asyncio.run_coroutine_threadsafe(_wind_up(farewell), loop)
        if threading.current_thread() is not thread:  # else the collector struck on the loop itself
            try:
                ending.result()
            finally:
                thread.join()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._closed:
            raise UsageError("the engine is closed", hint="Make a new InferenceEngine.")
        if self._loop is None:
            self._loop = _make_loop()
            self._thread = threading.Thread(
                target=_serve, args=(self._loop,), name="vidi-inference", daemon=True
            )
            self._thread.start()
        elif self._thread is None or not self._thread.is_alive():
            raise UsageError(
                "the engine belongs to another process, which this one was forked from",
                hint="Make an InferenceEngine in each process.",
            )
        return self._loop


def _make_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(_report)
    return loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    """Run a loop until it is stopped. Its executor is ended here: at exit, none can be started."""
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="vidi-inference") as executor:
        loop.set_default_executor(executor)
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


async def _wind_up(farewell: Callable[[], Coroutine[object, object, None]]) -> None:
    try:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await farewell()
    finally:
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, loop.stop)  # after the answer has reached who closes


def _report(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What a callback raises is told and goes no further: what was bought must still come back."""
    _log.error("%s", context["message"], exc_info=context.get("exception"))
