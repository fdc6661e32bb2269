"""A plan of any length: what it sums up to is kept, and of its inferences only some."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.errors import Place, Problem
from vidi.runs.planning.plan import DOES, Plan, PlanCounts, sum_held
from vidi.runs.planning.planner import Planning

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from vidi.jobs.job import Job
    from vidi.runs.planning.plan import PlannedInference
    from vidi.runs.planning.planner import PlanTask

MOST_LISTED = 10_000
"""The first inferences, which are listed whatever they are."""
OF_A_KIND = 10
"""After these, so many of each kind that a gate may refuse or a message name."""


@dataclass(slots=True)
class PlanSums:
    """What a plan comes to, counted inference by inference. Amounts are USD."""

    counts: PlanCounts = field(default_factory=PlanCounts)
    low: Decimal = Decimal(0)
    expected: Decimal | None = Decimal(0)
    high: Decimal | None = Decimal(0)
    """None where one of them is unpriced."""
    held: Decimal = Decimal(0)
    listed: dict[int, PlannedInference] = field(default_factory=dict)
    """By their places in the file."""
    _asked: int = 0
    _kinds: Counter[Hashable] = field(default_factory=Counter)

    def count(self, place: int, planned: PlannedInference, held: Decimal) -> None:
        """Count one, and list it where it is among the first, of all or of its kind."""
        total, bought, free, unpriced, dear = self.counts
        buys, price = planned.buys, planned.estimate
        self.counts = PlanCounts(
            total + 1,
            bought + buys,
            free + planned.free,
            unpriced + (buys and price.high is None),
            dear + (buys and planned.dear),
        )
        self.held += held
        self._asked += _hash(planned)
        if planned.action in DOES:
            self.low += price.low
            self.expected = _add(self.expected, price.expected)
            self.high = _add(self.high, price.high)
        if total < MOST_LISTED or self._is_first(planned):
            self.listed[place] = planned

    def _is_first(self, planned: PlannedInference) -> bool:
        price = planned.estimate
        kind = (
            planned.request.model.id, planned.action, planned.local, planned.dear, price.reason
        )  # fmt: skip
        self._kinds[kind] += 1
        return self._kinds[kind] <= OF_A_KIND

    @property
    def sha256(self) -> str:
        """What is asked for, as a hash, in whatever order it was planned."""
        return (self._asked % (1 << 256)).to_bytes(32).hex()


def _hash(planned: PlannedInference) -> int:
    asked = f"{planned.id}\0{planned.wanted.fingerprint}\0{planned.wanted.output}"
    return int.from_bytes(hashlib.sha256(asked.encode("utf-8", "surrogatepass")).digest())


def _add(total: Decimal | None, amount: Decimal | None) -> Decimal | None:
    return None if total is None or amount is None else total + amount


@dataclass(frozen=True, slots=True)
class StreamedPlan(Plan):
    """A plan whose sums are of all its inferences, and whose `inferences` are some of them.

    Some means: the first ones, and of every kind that may be refused or has to be named a few.
    """

    sums: PlanSums = field(default_factory=PlanSums)

    @property
    def counts(self) -> PlanCounts:
        """How many inferences there are, and how many of them are bought."""
        return self.sums.counts

    @property
    def low(self) -> Decimal:
        """USD that the run costs at least."""
        return self.sums.low

    @property
    def expected(self) -> Decimal | None:
        """USD that the run will likely cost; None where an inference is unpriced."""
        return self.sums.expected

    @property
    def high(self) -> Decimal | None:
        """USD that the run costs at most; None where an inference is unpriced."""
        return self.sums.high


def stream_plan(
    task: PlanTask, take: Callable[[PlannedInference, Planning], Iterable[Problem]]
) -> StreamedPlan:
    """Check every inference of a job, and hand each on as soon as it is decided on.

    Args:
        task: What is planned.
        take: Called with each inference, in no order; gives what is wrong with it. Nothing may be
            done about any of them before this has returned.

    Raises:
        JobFileError: The file has mistakes; it carries the first thousand of them, sorted by place.
    """
    planning = Planning(task, kept=False)
    sums = PlanSums()
    for place, planned in planning.plan_each():
        sums.count(place, planned, sum_held((planned,), planning.states))
        planning.checker.problems += take(planned, planning)
    listed = tuple(sums.listed[place] for place in sorted(sums.listed))
    plan = planning.make_plan(listed, sums.held)
    known = {each.name: getattr(plan, each.name) for each in fields(plan)}
    streamed = StreamedPlan(**known, sums=sums)
    left_out = sums.counts.total - len(sums.listed)
    if not left_out:
        return streamed
    return replace(streamed, warnings=(*plan.warnings, _tell_left_out(task.job, sums)))


def _tell_left_out(job: Job, sums: PlanSums) -> Problem:
    return Problem(
        "left-out",
        f"{len(sums.listed):,} of {sums.counts.total:,} inferences are listed; sums, prices and "
        "checks are of all",
        Place(str(job.path)),
        severity="warning",
    )
