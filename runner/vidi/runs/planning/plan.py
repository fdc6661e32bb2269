"""The plan: what would run, why, and at what price."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple

from vidi.inference.models.prices.estimate import Estimate
from vidi.inference.outputs.keeping.folder import FolderStore
from vidi.runs.planning.budgets import sum_up
from vidi.values import value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from vidi.errors import Place, Problem
    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.jobs.job import Job
    from vidi.jobs.reading.source import Source
    from vidi.jobs.reviews.review import Reviews
    from vidi.runs.planning.selection import Selector
    from vidi.runs.planning.shards import Shard, Share

Action = Literal["run", "fetch", "move", "restore", "unchanged", "skip"]
"""run: bought. fetch: brought home from its provider or the store. move: files change places.
restore: what had made way comes back. All but `run` cost nothing."""
DOES = frozenset({"run", "fetch", "move", "restore"})
"""The actions that a run carries out."""
Gate = Literal["high", "expected"]
"""Which sum of a plan is held against budgets before a run: the most, or what is likely."""
NOTHING = Estimate(Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class Choices:
    """What the command line adds to a job file."""

    budget: Decimal | None = None
    """USD; the lower of this and the file's wins."""
    select: tuple[Selector, ...] = ()
    exclude: tuple[Selector, ...] = ()
    rebuy: tuple[Selector, ...] = ()
    restore: tuple[Selector, ...] = ()
    """Whose bought files come back where the user has edited them; then nothing is bought."""
    rejected: bool = False
    """Whether what people have rejected is bought again."""
    frozen: bool = False
    overwrite: bool = False
    accept: frozenset[str] = frozenset()
    """Statuses that do not spoil the exit code, beside those of the job file."""
    gate: Gate | None = None
    """What a run must fit the budget with; None: as the job file says."""
    shard: Shard | None = None
    """The part of the inferences that the run is about; None for all."""


class PlanCounts(NamedTuple):
    """How many inferences a plan has, and how many of them a run would do what with."""

    total: int = 0
    bought: int = 0
    free: int = 0
    """Brought home, moved or restored, for nothing."""
    unpriced: int = 0
    """Of those that are bought: nothing bounds what they cost."""
    dear: int = 0
    """Of those that are bought: they may cost more than their own `max_cost`."""


@value
class PlannedInference:
    """One line of a plan."""

    id: str
    model: str
    action: Action
    reason: str
    estimate: Estimate
    """What it costs in this run; nothing where there is nothing to buy."""
    request: InferenceRequest
    max_cost: Decimal | None = None
    local: bool = False
    """Whether no provider is asked: files are moved, or come out of the store."""
    stays: Literal["moderated"] | None = None
    """The status that it keeps from an earlier run, where it is skipped for it."""
    tags: tuple[str, ...] = ()
    paid: Decimal = Decimal(0)
    """USD that have been paid before, over all runs, for what it is to have."""
    source: Source | None = None
    """The job file."""
    mark: int = 0
    """Where its entry stands in it."""
    axes: Mapping[str, object] = field(default_factory=dict)
    """What the entry's matrix gave it, by name."""
    asked: InferenceRequest | None = None
    """What its entry asks for, where it keeps something else: then `request` is about that."""
    elsewhere: bool = False
    """Whether another shard has it."""

    @property
    def wanted(self) -> InferenceRequest:
        """What its entry asks for, whatever it keeps; its estimate is what that costs to make."""
        return self.asked or self.request

    @property
    def place(self) -> Place | None:
        """Where its entry stands in the job file."""
        return self.source.place(self.mark) if self.source is not None else None

    @property
    def buys(self) -> bool:
        """Whether running it means a new purchase, and not only having an old one."""
        return self.action == "run"

    @property
    def does(self) -> bool:
        """Whether a run carries it out."""
        return self.action in DOES and not self.elsewhere

    @property
    def free(self) -> bool:
        """Whether running it costs nothing."""
        return self.action in DOES - {"run"}

    @property
    def dear(self) -> bool:
        """Whether it may cost more than its own `max_cost`."""
        high = self.estimate.high
        return self.max_cost is not None and high is not None and high > self.max_cost


@dataclass(frozen=True, slots=True)
class Plan:
    """A job file, checked and priced against the registry and the folder's journal."""

    job: Job
    folder: Path
    """Where the journal is, and what a run writes of itself."""
    assets: AssetStore
    """Where what it makes is kept: in the folder itself, unless the job says otherwise."""
    inferences: tuple[PlannedInference, ...]
    budget: Decimal | None
    warnings: tuple[Problem, ...] = ()
    held: Decimal = Decimal(0)
    """USD that earlier runs left open: it may be billed, and counts against the budget."""
    unmatched: frozenset[Selector] = frozenset()
    """The selectors that mean none of the inferences."""

    gate: Gate = "high"
    accept: frozenset[str] = frozenset()
    """The statuses that do not spoil the run's exit code: `moderated`, or none."""
    renames: Mapping[str, str] = field(default_factory=dict)
    """Each id that has its purchase from another, with that one."""
    share: Share | None = None
    """What part of the whole this shard costs; None where all is run. `budget` is its part."""
    reviews: Reviews | None = None
    """What people have said of what was made."""
    secrets: frozenset[str] = frozenset()
    """Values of its job that no record may hold."""
    barred: str = ""
    """Why it may not be carried out, whatever it costs: an old price, another registry."""

    @property
    def output_dir(self) -> str:
        """Where what it makes is kept, as people name it."""
        inside = isinstance(self.assets, FolderStore)
        return self.folder.as_posix() if inside else self.assets.address()

    @property
    def over_budget(self) -> Decimal:
        """USD by which what is held and what is weighed exceed the budget; 0 where they fit."""
        if self.budget is None or not self.weighed:
            return Decimal(0)
        return max(Decimal(0), self.held + self.weighed - self.budget)

    @property
    def weighed(self) -> Decimal | None:
        """USD that are held against budgets and caps before the run; None where unpriced.

        With the gate at `expected`, a run may begin that would not fit at its dearest: its caps
        hold all the same, as each inference reserves its own high before it is bought.
        """
        return self.expected if self.gate == "expected" else self.high

    @property
    def to_run(self) -> tuple[PlannedInference, ...]:
        """The inferences that a run would carry out, in file order."""
        return tuple(planned for planned in self.inferences if planned.action in DOES)

    @property
    def counts(self) -> PlanCounts:
        """How many inferences there are, and how many of them are bought."""
        bought = [planned for planned in self.to_run if planned.buys]
        return PlanCounts(
            len(self.inferences),
            len(bought),
            sum(planned.free for planned in self.to_run),
            len(self.unpriced),
            sum(planned.dear for planned in bought),
        )

    @property
    def tags(self) -> Mapping[str, list[str]]:
        """Each tag with the inferences that have it, of those that are bought."""
        found: dict[str, list[str]] = {}
        for planned in self.to_run:
            for tag in planned.tags if planned.buys else ():
                found.setdefault(tag, []).append(planned.id)
        return found

    @property
    def unpriced(self) -> tuple[PlannedInference, ...]:
        """The purchases whose price nothing bounds."""
        return tuple(planned for planned in self.to_run if planned.estimate.high is None)

    @property
    def low(self) -> Decimal:
        """USD that the run costs at least."""
        return sum((planned.estimate.low for planned in self.to_run), Decimal(0))

    @property
    def expected(self) -> Decimal | None:
        """USD that the run will likely cost; None where an inference is unpriced."""
        return sum_up(planned.estimate.expected for planned in self.to_run)

    @property
    def high(self) -> Decimal | None:
        """USD that the run costs at most; None where an inference is unpriced."""
        return sum_up(planned.estimate.high for planned in self.to_run)


def put_in_order(lines: Iterable[tuple[int, PlannedInference]]) -> tuple[PlannedInference, ...]:
    """The lines of a plan, each with its place in the file, in that order."""
    placed: list[PlannedInference | None] = []
    for place, planned in lines:
        placed += [None] * (place + 1 - len(placed))
        placed[place] = planned
    return tuple(planned for planned in placed if planned is not None)


def sum_held(planned: Sequence[PlannedInference], states: Mapping[str, InferenceState]) -> Decimal:
    """What may still be billed of what was bought before, in USD."""
    known = (states[each.id] for each in planned if each.id in states)
    held = (state.reserved for state in known if state.doubtful or state.attached)
    return sum(held, Decimal(0))
