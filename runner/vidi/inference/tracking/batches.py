"""One thread for what waits on a disk or a database: whatever is waiting is carried out together.

An event loop never waits for the disk itself: it asks, and is woken. What is asked for while the
thread is busy waits, and makes the next batch, so that one fsync or commit serves all of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

from vidi.errors import contain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Order = TypeVar("Order")
Result = TypeVar("Result")
Done = TypeVar("Done")

GATHER_S = 0.05
"""How long what nobody waits for may wait for company: a transaction costs more than its work."""


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Order, Done]):
    """An order, and who waits for it: on a loop, or in a thread that has none."""

    order: Order
    future: asyncio.Future[Done] | Future[Done]
    loop: asyncio.AbstractEventLoop | None
    patience_s: float = 0
    """How long it may wait for company; one that may not takes all that came before it along."""


class _Signal(Enum):
    """What is asked of the thread beside orders."""

    HURRY = 1
    """Wait for no company."""
    END = 2


class BatchThread(Generic[Order, Result, Done]):
    """Carries out orders in their sequence, in one thread that starts with the first of them.

    Args:
        name: Of the thread.
        carry_out: Carries out a batch, in the thread; returns what came of each order. What it
            raises is what came of all of them.
        take_in: Called with each order and its result where the order was given, in their
            sequence and before anybody is woken; returns what the order came to, or raises it.
    """

    def __init__(
        self,
        name: str,
        carry_out: Callable[[Sequence[Order]], Sequence[Result]],
        take_in: Callable[[Order, Result], Done],
    ) -> None:
        self._name = name
        self._carry_out = carry_out
        self._take_in = take_in
        self._queue: SimpleQueue[_Waiting[Order, Done] | _Signal] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._finish: Callable[[], None] | None = None

    def ask(self, order: Order, *, patience_s: float = 0) -> asyncio.Future[Done]:
        """Give an order on an event loop; the future is done once it is carried out.

        Args:
            order: What is to be done.
            patience_s: Seconds it may wait for others: at once by default.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Done] = loop.create_future()
        self._put(_Waiting(order, future, loop, patience_s))
        return future

    def ask_outside(self, order: Order) -> Future[Done]:
        """Give an order where no event loop is to be woken."""
        future: Future[Done] = Future()
        self._put(_Waiting(order, future, None))
        return future

    def leave(self, order: Order) -> Future[Done]:
        """Give an order that nobody waits for: it goes with the next that is urgent, or soon."""
        future: Future[Done] = Future()
        self._put(_Waiting(order, future, None, GATHER_S))
        return future

    def hurry(self) -> None:
        """Have what was left carried out now."""
        if self._thread is not None:
            self._queue.put(_Signal.HURRY)

    def close(
        self,
        finish: Callable[[], None] | None = None,
        patience_s: float | None = None,
        break_off: Callable[[], None] | None = None,
    ) -> None:
        """Carry out what was asked for, and end the thread.

        Args:
            finish: The last that the thread does.
            patience_s: Seconds to wait for it; None waits as long as it takes.
            break_off: What is done when they are over; then it is waited once more so long.
        """
        if self._thread is None:
            return
        self._finish = finish
        self._queue.put(_Signal.END)
        self._thread.join(patience_s)
        if self._thread.is_alive() and break_off is not None:
            break_off()
            self._thread.join(patience_s)
        self._thread = None

    def _put(self, waiting: _Waiting[Order, Done]) -> None:
        self._queue.put(waiting)
        if self._thread is None:
            with self._starting:
                self._start()

    def _start(self) -> None:
        if self._thread is None:
            # A daemon: a server or a disk that never answers must not keep a process alive.
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()

    def _work(self) -> None:
        going_on = True
        while going_on:
            batch, going_on = self._take()
            if batch:
                self._carry_out_all(batch)
        if self._finish is not None:
            self._finish()

    def _take(self) -> tuple[list[_Waiting[Order, Done]], bool]:
        """Wait as long as each order may, and take all that are there; False once it is the end."""
        batch: list[_Waiting[Order, Done]] = []
        asked, until = self._queue.get(), math.inf
        with contextlib.suppress(Empty):
            while asked is not _Signal.END:
                now = time.monotonic()
                if isinstance(asked, _Signal):
                    until = now
                else:
                    batch.append(asked)
                    until = min(until, now + asked.patience_s)
                wait_s = until - now
                asked = self._queue.get(timeout=wait_s) if wait_s > 0 else self._queue.get_nowait()
            return batch, False
        return batch, True

    def _carry_out_all(self, batch: Sequence[_Waiting[Order, Done]]) -> None:
        made = contain(lambda: self._carry_out([waiting.order for waiting in batch]))
        results: Sequence[Result | Exception]
        results = [made for _ in batch] if isinstance(made, Exception) else made
        by_loop: dict[asyncio.AbstractEventLoop, list[Callable[[], None]]] = {}
        for waiting, result in zip(batch, results, strict=True):
            wake = partial(self._wake, waiting, result)
            if waiting.loop is None:
                wake()
            else:
                by_loop.setdefault(waiting.loop, []).append(wake)
        for loop, wakes in by_loop.items():  # one call for all: each of them writes to a pipe
            with contextlib.suppress(RuntimeError):  # it is closed: nobody waits any more
                loop.call_soon_threadsafe(_call_all, wakes)

    def _wake(self, waiting: _Waiting[Order, Done], result: Result | Exception) -> None:
        done: Done | Exception
        if isinstance(result, Exception):
            done = result
        else:
            done = contain(partial(self._take_in, waiting.order, result))
        if waiting.future.done():
            return
        if isinstance(done, Exception):
            waiting.future.set_exception(done)
        else:
            waiting.future.set_result(done)


def _call_all(calls: Sequence[Callable[[], None]]) -> None:
    for call in calls:
        call()


async def outlast(future: asyncio.Future[Done]) -> Done:
    """Wait to the end, whoever cancels meanwhile: what is being written is then known.

    Raises:
        asyncio.CancelledError: Somebody did, and it has ended.
    """
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError as error:
        cut = error
    while not future.done():
        try:
            await asyncio.wait({future})
        except asyncio.CancelledError as error:
            cut = error
    future.exception()  # seen: that it was cut off is what is told
    raise cut
