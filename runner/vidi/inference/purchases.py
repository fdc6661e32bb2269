"""What an engine buys: one inference or many, from the store where it was bought before."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.errors import CredentialsError, VidiError
from vidi.inference.batch import BatchResults
from vidi.inference.cached import find_record, name_purchase, read_from_store, result_of_record
from vidi.inference.results import make_result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vidi.inference.batch import Progress
    from vidi.inference.config import SessionConfig
    from vidi.inference.outputs.result import InferenceResult
    from vidi.inference.request import InferenceRequest
    from vidi.inference.session import InferenceEvent, Session
    from vidi.inference.store.store import PurchaseStore
    from vidi.inference.tracking.costs import CostTracker
    from vidi.inference.tracking.logger import InferenceLogger


class Purchases:
    """The way of an engine's inferences, on its own loop.

    Args:
        session: What sends, waits and fetches.
        config: What the session was opened with.
        costs: Told of each result.
        logger: Told how each begins and ends.
        open_store: Opens the store of what was bought, once.
    """

    def __init__(
        self,
        session: Session,
        config: SessionConfig,
        costs: CostTracker,
        logger: InferenceLogger,
        open_store: Callable[[], PurchaseStore],
    ) -> None:
        self._session = session
        self._config = config
        self._costs = costs
        self._logger = logger
        self._open_store = open_store

    def logged(self, request: InferenceRequest) -> ExitStack:
        """Log that an inference begins, and what ended it where it has no result."""

        def log_end(_: object, error: BaseException | None, __: object) -> None:
            if error is not None:
                self._logger.log_inference_error(request.model, error)

        self._logger.log_inference_start(request.model, request.checked.params)
        stack = ExitStack()
        stack.push(log_end)
        return stack

    async def have_all(
        self, requests: Sequence[InferenceRequest], concurrency: int, cached: bool, bar: Progress
    ) -> BatchResults:
        """Have many, so many at once; what fails stands in its place, and the others go on."""
        turns = asyncio.Semaphore(max(1, concurrency))
        refused: list[CredentialsError] = []

        async def have(request: InferenceRequest) -> InferenceResult | VidiError:
            ended: InferenceResult | VidiError
            async with turns:
                if refused:  # the others would be refused as well
                    return refused[0]
                try:
                    with self.logged(request):
                        ended = await self.have(request, False, cached)
                    self._logger.log_inference_success(ended, ended.metadata["duration"])
                except VidiError as error:
                    ended = error
                    refused.extend([error] if isinstance(error, CredentialsError) else [])
            bar.add(ended)
            return ended

        return BatchResults(await asyncio.gather(*map(have, requests)))

    async def have(
        self,
        request: InferenceRequest,
        named: bool,
        cached: bool,
        on_event: Callable[[InferenceEvent], None] | None = None,
    ) -> InferenceResult:
        """Have one.

        Args:
            request: What is bought.
            named: Whether its id is the caller's name for this purchase.
            cached: Whether the store is asked first, and has it then.
            on_event: Called with each event, on this loop.
        """
        if not cached:
            bought = await self._session.buy(request, named=named, on_event=on_event)
            result = make_result(request, bought, self._config.settings, self._config.wire)
        else:
            result = await self._have_cached(request, on_event)
        # By way of the loop: an alert that raises must not take away what was paid for.
        asyncio.get_running_loop().call_soon(self._costs.track_inference_cost, result)
        return result

    async def _have_cached(
        self, request: InferenceRequest, on_event: Callable[[InferenceEvent], None] | None
    ) -> InferenceResult:
        """What the store has, else what is bought and put there.

        Its content is its key: equal ones at once are one purchase, and with a journal it is found
        again after a crash as well.
        """
        store, key = self._open_store(), name_purchase(request)
        record = await asyncio.to_thread(find_record, store, request)
        if record is not None:
            return result_of_record(record, request, store)
        request = replace(request, id=key, output=f"{key}/output")
        bought = await self._session.buy(request, named=True, store=store, on_event=on_event)
        result = make_result(request, bought, self._config.settings, self._config.wire)
        record = await asyncio.to_thread(find_record, store, request)
        # None where the store cannot be written, as the log says.
        return result if record is None else read_from_store(result, record, store)
