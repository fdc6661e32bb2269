"""A plan carried out: N workers, one path for each inference, an orderly end whatever happens."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from vidi.errors import (
    CredentialsError,
    FolderLockedError,
    InDoubtError,
    LeaseLostError,
    SettingError,
    StorageError,
    VidiError,
    contain_async,
    is_out_of_files,
)
from vidi.inference.lifecycle.assets.stock import keep_in_store, list_unstored
from vidi.inference.lifecycle.carry_out import Outcome, carry_out
from vidi.inference.lifecycle.post import describe_error
from vidi.inference.models.prices.facts import as_decimal
from vidi.inference.providers.provider import Accepted
from vidi.runs.execution.at_once import (
    ALONE_S,
    ALONE_TRIES,
    LONGEST_ALONE_S,
    AtOnce,
    Remote,
)
from vidi.runs.execution.starting import StartLimits
from vidi.runs.execution.stopping import CANCEL, LEAVE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vidi.inference.lifecycle.carry_out import Status
    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.runs.execution.stopping import Stop
    from vidi.runs.planning.plan import PlannedInference

CANCEL_EVERY_S = 0.05
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much at once, and what lets something new begin."""

    concurrency: int = 1
    """How many are at the providers; with 1, each is on the disk before the next begins."""
    starts: StartLimits = field(default_factory=StartLimits)
    """Shared by all job files of a command."""

    @property
    def under_way(self) -> int:
        """How many are under way: what is brought home makes room for as many others.

        Not one after another, nor where a failure is to keep the next from being bought.
        """
        most = max(1, self.concurrency)
        return most if most == 1 or self.starts.max_failures is not None else 2 * most


class Planned(Protocol):
    """What is to be carried out: a plan, or a shard of one."""

    @property
    def assets(self) -> AssetStore:
        """Where outputs go."""

    @property
    def inferences(self) -> tuple[PlannedInference, ...]:
        """What there is."""

    @property
    def to_run(self) -> tuple[PlannedInference, ...]:
        """What is carried out of it, in file order."""

    @property
    def accept(self) -> frozenset[str]:
        """The statuses that do not spoil the exit code."""


class Execution:
    """One run of a plan. `outcomes` fills up, in the order in which inferences end."""

    def __init__(
        self,
        plan: Planned,
        runtime: Runtime,
        limits: Limits,
        stop: Stop,
        describe_bug: Callable[[Exception], VidiError],
    ) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self.crashes: list[VidiError] = []
        """What no one expected: each the failure of one inference, and of no other."""
        self.halted: VidiError | None = None
        """Why nothing new is begun: the disk gave up, or another run has taken the folder."""
        self.refused: CredentialsError | None = None
        """Why nothing new of a provider is begun, where something of it was to be."""
        self.plan = plan
        self._runtime = runtime
        self._limits = limits
        self._stop = stop
        self._describe_bug = describe_bug
        self._in_flight: dict[str, InferenceRequest] = {}
        self._remote = Remote(max(1, limits.concurrency))
        self._at_once = AtOnce(limits.under_way)

    @property
    def billed(self) -> tuple[str, ...]:
        """The ids under way that the provider has, or may have, and bills for."""
        states = self._runtime.journal.states
        return tuple(key for key in self._in_flight if key in states and states[key].unsettled)

    async def run(self) -> None:
        """Carry out every inference of the plan that is to run.

        Raises:
            SettingError: Nothing can be sent at all; the inferences under way have ended.
        """
        # What was bought before comes first: the provider does not keep it for long. Moves come
        # before all, as others may take the places.
        queue = iter(sorted(self.plan.to_run, key=lambda each: (not each.local, not each.free)))
        asked = [each.request.model for each in self.plan.to_run if not each.local]
        self._runtime.base_prices.expect(asked)
        self._remember_durations()
        self._leave_refused()
        self._hold_what_is_owed()
        count = max(1, min(self._limits.under_way, len(self.plan.to_run)))
        workers = [asyncio.create_task(self._work(queue)) for _ in range(count)]
        canceller = asyncio.create_task(self._cancel_remotely())
        leaver = asyncio.create_task(self._leave(workers))
        try:
            results = await asyncio.gather(*workers, return_exceptions=True)
        finally:
            canceller.cancel()
            leaver.cancel()
            await asyncio.gather(canceller, leaver, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
                raise result
        self._skip_the_rest()
        await self._stock_the_rest()

    @property
    def _may_begin(self) -> bool:
        return not (self._stop.requested or self.halted or self._limits.starts.exhausted)

    def _hold_what_is_owed(self) -> None:
        """Set aside what earlier runs left open: it may be billed whatever happens now."""
        for planned in self.plan.inferences:
            state = self._runtime.journal.states.get(planned.id)
            if state is not None and (state.doubtful or state.attached):
                self._runtime.budget.hold(planned.id, state.reserved)

    def _leave_refused(self) -> None:
        """What a filter refused in an earlier run counts in this one too, and is not bought."""
        for planned in self.plan.inferences:
            if planned.stays is not None:
                self.outcomes[planned.id] = Outcome(planned.id, planned.stays)

    def _remember_durations(self) -> None:
        for state in self._runtime.journal.states.values():
            if state.took_s:
                total = as_decimal(state.metrics.get("total_time"))
                known = total if total is not None and 0 < total < state.took_s else state.took_s
                self._runtime.pace.learn(state.model, float(known))

    async def _work(self, queue: Iterator[PlannedInference]) -> None:
        while True:
            async with self._remote.place() as leave, self._at_once.place():
                if not self._may_begin or (planned := next(queue, None)) is None:
                    return
                if self._is_refused(planned):
                    continue
                self._in_flight[planned.id] = planned.request
                self._runtime.leaves[planned.id] = leave
                try:
                    await self._carry_out_in_place(planned)
                finally:
                    del self._in_flight[planned.id], self._runtime.leaves[planned.id]

    def _is_refused(self, planned: PlannedInference) -> bool:
        """Whether the provider of an inference takes nothing new from us; moves ask nobody."""
        refusal = self._limits.starts.refused.get(planned.request.model.provider)
        if refusal is None or planned.local:
            return False
        self.refused = self.refused or refusal
        return True

    async def _carry_out_in_place(self, planned: PlannedInference) -> None:
        """Wait until the provider has room; what was stopped or refused meanwhile is not begun."""
        runtime, provider = self._runtime, planned.request.model.provider
        async with runtime.throttle.place(provider, planned.id, runtime.stopping):
            if self._may_begin and not self._is_refused(planned):
                await self._carry_out(planned.request)

    async def _carry_out(self, request: InferenceRequest) -> None:
        self._runtime.notify(request.id, "started")
        try:
            outcome = await self._carry_out_contained(request)
        except CredentialsError as error:
            self._limits.starts.refuse(request.model.provider, error)
            self.refused = self.refused or error
            outcome = Outcome(request.id, self._status_left(request.id, "failed"), error)
        except SettingError as error:
            self.halted = self.halted or error
            raise
        except LeaseLostError as error:  # another worker goes on with it, and the others here do
            doubtful = error.exit_code == InDoubtError.exit_code
            outcome = Outcome(request.id, "in_doubt" if doubtful else "skipped", error)
        except (StorageError, FolderLockedError) as error:
            self.halted = self.halted or error
            outcome = Outcome(request.id, self._status_left(request.id, "failed"), error)
        if outcome.status in {"failed", "moderated"} - self.plan.accept:
            self._limits.starts.failures += 1
        self.outcomes[request.id] = outcome
        self._runtime.notify(request.id, "ended", outcome=outcome)

    async def _carry_out_contained(self, request: InferenceRequest) -> Outcome:
        """Carry out one inference; what no one expected is its own failure, and the others go on.

        Raises:
            CredentialsError: Its provider takes nothing new from this account.
            StorageError: Nothing can be written any more.
            FolderLockedError: Another run has taken the folder.
            SettingError: Nothing can be sent at all.
        """
        outcome = await self._carry_out_with_files(request)
        if isinstance(outcome, CredentialsError | StorageError | FolderLockedError | SettingError):
            raise outcome
        if isinstance(outcome, Exception):
            return await self._end_unexpectedly(request, outcome)
        return outcome

    async def _carry_out_with_files(self, request: InferenceRequest) -> Outcome | Exception:
        """Carry it out, again where no file could be opened: that is no failure of the inference.

        Others end first, and fewer are under way from then on.
        """
        before = self._runtime.journal.states.get(request.id)
        outcome = await contain_async(carry_out(request, self.plan.assets, self._runtime))
        alone = 0
        while self._may_begin and is_out_of_files(_error_of(outcome)) and alone < ALONE_TRIES:
            self._runtime.notify(request.id, "out_of_files")
            if not await self._at_once.step_back():
                await self._runtime.pause(min(ALONE_S * 2**alone, LONGEST_ALONE_S))
                alone += 1
            again = self._go_on(request, before)
            outcome = await contain_async(carry_out(again, self.plan.assets, self._runtime))
        return outcome

    def _go_on(self, request: InferenceRequest, before: InferenceState | None) -> InferenceRequest:
        """The same request after a try: what it has bought or taken back is not asked for again."""
        journal = self._runtime.journal
        state = journal.states.get(request.id)
        made = [] if state is None else state.charges[len(before.charges) if before else 0 :]
        bought = any(charge.open or charge.actual for charge in made)
        return replace(
            request,
            again=request.again and not bought,
            restores=request.restores if request.restores in journal.shelf else "",
        )

    async def _end_unexpectedly(self, request: InferenceRequest, bug: Exception) -> Outcome:
        """Put on record what escaped; what may have been bought stays open, and reserved."""
        if isinstance(bug, VidiError) and bug.exit_code != VidiError.exit_code:
            error: VidiError = bug  # foreseen, such as a setting that cannot be used
        else:
            error = self._describe_bug(bug)
            self.crashes.append(error)
        journal, described = self._runtime.journal, describe_error(error)
        state = journal.states.get(request.id)
        match state.status if state is not None else "new":
            case "intended":
                await journal.append("in_doubt", request.id, error=described)
            case "submitted":
                await journal.append("unfinished", request.id, error=described)
            case "new" | "refused":
                await journal.append("refused", request.id, error=described)
            case _:
                pass  # what it has come to stays: settled, or to be fetched and settled next time
        return Outcome(request.id, self._status_left(request.id, "failed"), error)

    async def _cancel_remotely(self) -> None:
        """From the second Ctrl-C on, ask the providers to stop what is under way."""
        await self._stop.wait_for(CANCEL)
        asked: set[str] = set()
        async with asyncio.TaskGroup() as group:
            while True:  # a receipt may yet come for what is being sent
                for key in self._in_flight.keys() - asked:
                    state = self._runtime.journal.states.get(key)
                    if state is not None and state.status in {"submitted", "unfinished"}:
                        asked.add(key)
                        group.create_task(self._cancel(state))
                await asyncio.sleep(CANCEL_EVERY_S)

    async def _cancel(self, state: InferenceState) -> None:
        runtime = self._runtime
        provider = runtime.open_provider(state.model.partition("/")[0])
        agreed = await contain_async(provider.cancel(Accepted(state.request_id or "", state.urls)))
        if isinstance(agreed, Exception):
            error = agreed
            if not isinstance(error, VidiError):
                error = self._describe_bug(error)
                self.crashes.append(error)
            runtime.notify(state.id, "cancel_failed", message=error.message)
            return
        await runtime.journal.append("cancel", state.id, agreed=agreed)
        runtime.notify(state.id, "cancelled", agreed=agreed)
        if state.id in runtime.wakes:
            runtime.wakes[state.id].set()

    async def _leave(self, workers: list[asyncio.Task[None]]) -> None:
        """At the third Ctrl-C, let go of everything; the journal knows it all."""
        await self._stop.wait_for(LEAVE)
        for worker in workers:
            worker.cancel()

    async def _stock_the_rest(self) -> None:
        """Put what was made before the store was set, or could not be put there, into it now."""
        done = {planned.id for planned in self.plan.inferences if planned.action == "unchanged"}
        for key in await list_unstored(done, self._runtime):
            if not self._stop.requested:
                await keep_in_store(key, self.plan.assets, self._runtime)

    def _skip_the_rest(self) -> None:
        for planned in self.plan.to_run:
            if planned.id not in self.outcomes:
                status = self._status_left(planned.id, "skipped")
                self.outcomes[planned.id] = Outcome(planned.id, status)

    def _status_left(self, key: str, otherwise: Status) -> Status:
        """How an inference stands that did not come to its end."""
        state = self._runtime.journal.states.get(key)
        if state is None or not state.unsettled:
            return otherwise
        return "in_doubt" if state.doubtful else "unfinished"


def _error_of(outcome: Outcome | Exception) -> Exception | None:
    return outcome if isinstance(outcome, Exception) else outcome.error
