"""The library's front door: a model and its params in, a result and its cost out.

Beneath it, an inference goes the one path on which money is spent (`lifecycle.carry_out`), as those
of a batch run do. Importing this is light: providers, SDKs and the ledger load when they are used.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from dataclasses import replace
from functools import cache as cached_call
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from vidi.emulation import open_emulation
from vidi.errors import UsageError
from vidi.inference.batch import Progress
from vidi.inference.cached import open_cache
from vidi.inference.config import SANDBOX_KEYS, SessionConfig, existing_folder
from vidi.inference.environment import read_environment
from vidi.inference.event_loop import LoopThread
from vidi.inference.models.cautions import list_cautions
from vidi.inference.models.model_list import ModelList
from vidi.inference.models.prices.pricing import estimate
from vidi.inference.models.registry import ModelRegistry, ParamsError
from vidi.inference.models.template import OutputType
from vidi.inference.purchases import Purchases
from vidi.inference.request_building import RequestOptions, check_inputs, make_request
from vidi.inference.session import Session
from vidi.inference.settings import Settings
from vidi.inference.tracking.cost_stores import MemoryCosts
from vidi.inference.tracking.costs import CostTracker, choose_store, read_amount
from vidi.inference.tracking.logger import InferenceLogger
from vidi.inference.tracking.project import read_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date
    from decimal import Decimal
    from types import TracebackType

    from vidi.inference.batch import BatchResults
    from vidi.inference.models.prices.estimate import Estimate
    from vidi.inference.models.template import ModelInfo
    from vidi.inference.outputs.result import InferenceResult
    from vidi.inference.request import InferenceRequest
    from vidi.inference.session import InferenceEvent

_log = logging.getLogger("vidi.inference")


class InferenceEngine:
    """Runs single inferences: from a script, a thread or a notebook, many at once.

    Keep one engine and reuse it. Close it when you are done, or use it in a `with`; one that is
    not closed closes itself at the end of the program.

    Args:
        sandbox: Whether to ask the built-in emulation of both providers: no keys, no cost.
        project: The folder of `.env` and `templates/`, and what input files are relative to.
        templates: A folder of templates that come before the project's own.
        budget: USD that the engine may spend in all, sandbox or not: what it has spent and what
            is under way never go over it.
        cache: Whether an inference that was bought before, here or elsewhere, is given back from
            the store for nothing: the same model, params and input files. What is bought is put
            there. `store` in vidi.toml or VIDI_STORE names the store; else it is the user's own.
        journal: A file that notes every step, so that an `idempotency_key` holds after a crash
            and in later programs; without it, keys hold within this engine.
        log_file: A file for one JSON line at the start and the end of each inference.
        costs: Where costs are tracked; the ledger, unless given (in memory for the sandbox).
        settings: Keys and addresses, instead of those of the environment and `.env`.

    Raises:
        UsageError: A setting or a folder is wrong.
    """

    def __init__(
        self,
        sandbox: bool = False,
        project: Path | str = ".",
        templates: Path | str | None = None,
        budget: Decimal | float | str | None = None,
        cache: bool = False,
        journal: Path | str | None = None,
        log_file: Path | str | None = None,
        costs: CostTracker | None = None,
        settings: Settings | None = None,
    ) -> None:
        self._project = existing_folder(Path(project))
        named = [] if templates is None else [existing_folder(self._project / templates)]
        self.registry = ModelRegistry([*named, self._project / "templates"])
        environ = read_environment(self._project)
        if settings is None:
            settings = (
                Settings(keys=SANDBOX_KEYS) if sandbox else Settings.from_environment(environ)
            )
        own_costs = None
        if costs is None:
            costs = own_costs = CostTracker(MemoryCosts() if sandbox else choose_store(environ))
        own = read_project(self._project, environ)
        self.costs = costs
        self.logger = InferenceLogger(log_file, redact=settings.redact)
        self._config = SessionConfig(
            settings=settings,
            costs=costs.store,
            project=self._project,
            wire=open_emulation(self.registry) if sandbox else None,
            journal=None if journal is None else Path(journal),
            sandbox=sandbox,
            caps=() if sandbox else own.caps,
            budget=None if budget is None else read_amount(budget),
        )
        self._cache = cache
        self._session = Session(self._config)
        self._purchases = Purchases(
            self._session,
            self._config,
            costs,
            self.logger,
            cached_call(lambda: open_cache(own.store, self._project, environ, sandbox=sandbox)),
        )
        self._thread = LoopThread()
        self._closing = weakref.finalize(self, _shut, self._thread, self._session, own_costs)

    def infer(
        self,
        model: str,
        *,
        params: Mapping[str, object] | None = None,
        idempotency_key: str | None = None,
        on_event: Callable[[InferenceEvent], None] | None = None,
        timeout: float | None = None,
        assume_cost: Decimal | None = None,
        cache: bool | None = None,
        **inputs: object,
    ) -> InferenceResult:
        """Run one inference and wait for its result. Nothing is downloaded yet.

        Args:
            model: Its id, such as `fal/fal-ai/flux/dev`.
            params: More inputs, for names that are arguments of this method.
            idempotency_key: A name for this purchase. The same key and params again give back what
                was bought, or go on waiting for it; they never buy it twice.
            on_event: Called with each `InferenceEvent`, from the engine's thread.
            timeout: Seconds from submit to result; the model's own figure where None.
            assume_cost: USD that it is taken to cost at most, where no published price says.
            cache: Whether it is given back from the store where it was bought before; as the
                engine says where None. With an `idempotency_key`, that key alone decides.
            **inputs: The model's inputs. A local file is a `Path` or its name.

        Raises:
            UnknownModelError: No template has this id.
            ParamsError: At least one input is wrong; `problems` holds all of them.
            CredentialsError: A key is missing or refused, or the account has no credit.
            RefusedError: A cap has no room for it, or nothing bounds its price; nothing was sent.
            RejectedError: The provider refused it for good.
            FailedError: It failed at the provider.
            InDoubtError: It was sent and nobody knows what became of it; not sent again.
            UnfinishedError: It still runs; the same `idempotency_key` fetches it.
            UsageError: The engine is closed, or the key was used for something else.
        """
        options = RequestOptions(idempotency_key, timeout, assume_cost)
        request = self._order(model, {**(params or {}), **inputs}, options)
        cached = self._is_cached(cache, idempotency_key)
        named = idempotency_key is not None
        have = partial(self._purchases.have, request, named, cached, on_event)
        with self._purchases.logged(request):
            result = self._thread.run(have)
        self.logger.log_inference_success(result, result.metadata["duration"])
        return result

    async def ainfer(
        self,
        model: str,
        *,
        params: Mapping[str, object] | None = None,
        idempotency_key: str | None = None,
        on_event: Callable[[InferenceEvent], None] | None = None,
        timeout: float | None = None,
        assume_cost: Decimal | None = None,
        cache: bool | None = None,
        **inputs: object,
    ) -> InferenceResult:
        """As `infer`, without blocking the caller's event loop; cancelling it stops the wait."""
        options = RequestOptions(idempotency_key, timeout, assume_cost)
        request = await asyncio.to_thread(self._order, model, {**(params or {}), **inputs}, options)
        cached = self._is_cached(cache, idempotency_key)
        named = idempotency_key is not None
        have = partial(self._purchases.have, request, named, cached, on_event)
        with self._purchases.logged(request):
            result = await asyncio.wrap_future(self._thread.submit(have))
        self.logger.log_inference_success(result, result.metadata["duration"])
        return result

    def map(
        self,
        model: str,
        inputs: Iterable[Mapping[str, object]],
        *,
        concurrency: int = 8,
        progress: bool | None = None,
        timeout: float | None = None,
        assume_cost: Decimal | None = None,
        cache: bool | None = None,
        **common: object,
    ) -> BatchResults:
        """Run one model on many inputs at once, under the engine's budget.

        Args:
            model: Its id.
            inputs: The inputs of each inference.
            concurrency: How many are under way at once.
            progress: Whether a bar is shown on stderr; None: where somebody is looking.
            timeout: As in `infer`.
            assume_cost: As in `infer`.
            cache: As in `infer`; equal inputs are then one purchase.
            **common: Inputs that all of them have.

        Returns:
            A result for each, in their order; where one failed, its error: the others go on.

        Raises:
            UnknownModelError: No template has this id.
            ParamsError: An input is wrong; `problems` holds all of all of them, and nothing was
                bought. The first step of each path is the number of the inference, from 0.
            CredentialsError: The provider's key is missing; nothing was bought.
            UsageError: The engine is closed.
        """
        options = RequestOptions(None, timeout, assume_cost)
        requests = self._order_all(model, [{**common, **each} for each in inputs], options)
        cached = self._is_cached(cache, None)
        bar = Progress(len(requests), progress)
        try:
            return self._thread.run(
                lambda: self._purchases.have_all(requests, concurrency, cached, bar)
            )
        finally:
            bar.close()

    def get_model_info(self, model_id: str) -> ModelInfo:
        """A model: its inputs, outputs and prices.

        Raises:
            UnknownModelError: No template has this id; `nearest` may have been meant.
        """
        return self.registry.get_template(model_id)

    def list_models(self, model_type: OutputType | str | None = None) -> ModelList:
        """All models, sorted by id, or those of a type.

        Args:
            model_type: What they make (`image`), or their category (`text-to-image`).

        Raises:
            UsageError: There is no such type.
        """
        models = self.registry.list_models()
        if model_type is None:
            return ModelList(models)
        found = [each for each in models if model_type in {each.output_type, each.category}]
        if not found:
            known = sorted({*OutputType, *(each.category for each in models)})
            raise UsageError(
                f"there is no model type '{model_type}'", hint=f"There are {', '.join(known)}."
            )
        return ModelList(found)

    def estimate_cost(self, model_id: str, params: Mapping[str, object]) -> Estimate:
        """What one inference will cost: `low` and `high` in USD, and why.

        Raises:
            UnknownModelError: No template has this id.
            ParamsError: At least one param is wrong.
        """
        model = self.registry.get_template(model_id)
        return estimate(model, check_inputs(model, params, self._project))

    def get_total_cost(self) -> Decimal:
        """USD spent in all; see `CostTracker`."""
        return self.costs.get_total_cost()

    def get_daily_cost(self, day: date | None = None) -> Decimal:
        """USD spent on a day (UTC); today where it is None."""
        return self.costs.get_daily_cost(day)

    def get_weekly_cost(self, day: date | None = None) -> Decimal:
        """USD spent in the ISO week of a day (UTC)."""
        return self.costs.get_weekly_cost(day)

    def get_monthly_cost(self, day: date | None = None) -> Decimal:
        """USD spent in the month of a day (UTC)."""
        return self.costs.get_monthly_cost(day)

    def get_costs_by_model(self) -> dict[str, Decimal]:
        """USD spent on each model, by its id."""
        return self.costs.get_costs_by_model()

    def get_inference_history(self, limit: int = 100) -> list[dict[str, Any]]:
        """The latest log records, the oldest of them first; see `InferenceLogger`."""
        return self.logger.get_inference_history(limit)

    def close(self) -> None:
        """Stop what runs, close every connection and file. Again does nothing."""
        self._closing()

    async def aclose(self) -> None:
        """As `close`, without blocking the caller's event loop."""
        await asyncio.to_thread(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _order(
        self, model_id: str, params: Mapping[str, object], options: RequestOptions
    ) -> InferenceRequest:
        model = self.registry.get_template(model_id)
        request = make_request(model, params, base=self._project, options=options)
        _warn(request, model_id)
        self._session.require_key(model.provider)
        return request

    def _order_all(
        self, model_id: str, inputs: Sequence[Mapping[str, object]], options: RequestOptions
    ) -> list[InferenceRequest]:
        """Check every inference before the first is bought; the mistakes of all come at once."""
        requests, problems = [], []
        for number, params in enumerate(inputs):
            try:
                requests.append(self._order(model_id, params, options))
            except ParamsError as error:
                problems += [
                    replace(
                        each, path=(number, *each.path), message=f"inputs[{number}]: {each.message}"
                    )
                    for each in error.problems
                ]
        if problems:
            raise ParamsError(model_id, tuple(problems))
        return requests

    def _is_cached(self, wanted: bool | None, key: str | None) -> bool:
        return (self._cache if wanted is None else wanted) and key is None


def _warn(request: InferenceRequest, asked: str) -> None:
    for caution in list_cautions(request.model, asked):
        _log.warning("%s. %s", caution.message, caution.hint)
    for problem in request.checked.problems:
        _log.warning("%s: %s. %s", request.model.id, problem.message, problem.hint)


def _shut(thread: LoopThread, session: Session, own_costs: CostTracker | None) -> None:
    """Close what an engine has opened; knows nothing of the engine, so that it may be collected."""
    thread.close(session.aclose)
    if own_costs is not None:
        own_costs.close()
