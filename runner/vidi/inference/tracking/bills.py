"""What providers billed, beside what the price rules said: what later estimates learn from.

A bill that lies beyond its estimate is drift: until the template's prices are newer, estimates and
reservations of that model are scaled up by the most that was seen. Bills of the same model say what
an inference usually costs where its rule gives a range.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, NamedTuple

from vidi.dollars import format_usd
from vidi.inference.models.prices.money import MICRO, up_to_micro
from vidi.inference.models.prices.pricing import date_prices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Literal

    from vidi.inference.models.prices.estimate import Estimate, RuleFigures
    from vidi.inference.models.template import ModelInfo

TOLERANCE = Decimal("0.02")
"""By how much a bill may lie beyond its estimate before that is drift."""
FEWEST = 5
"""So many bills of a model say what is usual."""
PERCENTILE = Decimal("0.9")
KNOWN = frozenset({"metered", "derived"})
"""The bases of figures that are the provider's, or follow from what came out."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What one attempt was billed, in USD, and what the price rule had said of it."""

    model: str
    rule: RuleFigures
    actual: Decimal
    basis: str
    status: str
    """`succeeded`, `failed` or `moderated`."""
    as_of: str
    """When the prices that the rule was made of were true."""

    @property
    def factor(self) -> Decimal | None:
        """How many times the rule's high it is, where it is beyond that; else None."""
        if self.basis not in KNOWN or not self.rule.high:
            return None
        return self.actual / self.rule.high if is_above(self.actual, self.rule.high) else None

    @property
    def unforeseen(self) -> Decimal:
        """What was billed although the rule said that it is free; else 0."""
        free = self.basis in KNOWN and not self.rule.high
        return self.actual if free else Decimal(0)

    @property
    def beyond(self) -> bool:
        """Whether it lies beyond what the rule said, above or below."""
        if self.basis not in KNOWN:
            return False
        less = self.status == "succeeded" and is_below(self.actual, self.rule.low)
        return less or is_above(self.actual, self.rule.high)

    @property
    def ratio(self) -> Decimal | None:
        """Which part of the rule's high was billed, where that says what is usual; else None."""
        usable = self.status == "succeeded" and self.basis in KNOWN and self.rule.scale
        return self.actual / self.rule.scale if usable else None


def is_above(actual: Decimal, high: Decimal) -> bool:
    """Whether a bill lies beyond the most that was expected."""
    return actual > high * (1 + TOLERANCE) and actual - high > MICRO


def is_below(actual: Decimal, low: Decimal) -> bool:
    """Whether a bill is less than the least that was expected."""
    return actual < low * (1 - TOLERANCE) and low - actual > MICRO


def find_drift(
    price: Estimate, actual: Decimal, basis: str, status: str
) -> Literal["above", "below"] | None:
    """Whether a bill lies beyond its estimate; a failure may well cost less."""
    if basis not in KNOWN or price.high is None:
        return None
    if is_above(actual, price.high):
        return "above"
    if status == "succeeded" and price.rule is not None and is_below(actual, price.low):
        return "below"  # a figure of the user's own is a bound, and no price
    return None


def describe_drift(provider: str, price: Estimate, actual: Decimal) -> str:
    """Say that a bill lies beyond its estimate, and what comes of it."""
    said = f"{provider} billed {format_usd(actual)}"
    if is_below(actual, price.low):
        return f"{said}, less than the {format_usd(price.low)} of its price rule"
    more = f"{said}, more than the {format_usd(price.high)} that was expected"
    if price.rule is None or not price.rule.high:
        return more
    times = (actual / price.rule.high).quantize(Decimal("0.01"))
    return f"{more}: {times} times its price rule, and so much is set aside for each from now on"


class _Lesson(NamedTuple):
    """What the bills of one model say."""

    factor: Decimal
    """By how much its estimates are scaled up; 1 where nothing drifted."""
    unforeseen: Decimal
    """The most that was billed for what the rule says is free; 0 where nothing was."""
    usual: Decimal | None
    """Which part of the rule's high is rarely exceeded; None where too little is known."""

    def scale(self, rule: RuleFigures) -> Decimal:
        """The most that an inference may cost, in USD."""
        return up_to_micro(rule.high * self.factor) if rule.high else self.unforeseen


class PastBills:
    """The bills of each model, as far as they are known here, and what they say of the next one.

    Args:
        load: Gives the bills of a model from earlier runs, asked once for each model; None where
            no ledger keeps them.
    """

    def __init__(self, load: Callable[[str], Iterable[Bill]] | None = None) -> None:
        self._load = load
        self._bills: dict[str, list[Bill]] = {}
        self._lessons: dict[str, _Lesson] = {}
        self._foreseen: set[str] = set()
        """The models of which a bill came in that was no drift."""

    def add(self, bill: Bill) -> None:
        """Learn from one more bill."""
        if not bill.beyond:
            self._foreseen.add(bill.model)
        lesson = self._lessons.get(bill.model)
        if lesson is None:
            self._find(bill.model).append(bill)
        else:
            # What is usual is asked for before a run, so that it need not be worked out anew.
            self._lessons[bill.model] = lesson._replace(
                factor=max(lesson.factor, bill.factor or Decimal(1)),
                unforeseen=max(lesson.unforeseen, bill.unforeseen),
            )

    def knows(self, model_id: str) -> bool:
        """Whether the bills of a model are here: else the next question about it reads them."""
        return model_id in self._bills

    def are_foreseen(self, model: ModelInfo) -> bool:
        """Whether a model's bills came in, and all of them cost what its price rule says."""
        lesson = self._learn(model)
        return model.id in self._foreseen and lesson.factor == 1 and not lesson.unforeseen

    def prepare(self, model: ModelInfo) -> None:
        """Read the bills of a model; may wait for a disk or a server."""
        self._learn(model)

    def recall(self, bills: Iterable[Bill]) -> None:
        """Learn from the bills of a journal, where no ledger has them."""
        if self._load is None:
            for bill in bills:
                self.add(bill)

    def adjust(self, model: ModelInfo, price: Estimate) -> Estimate:
        """An estimate as past bills would have it: its high scaled up, what is usual said."""
        rule, lesson = price.rule, self._learn(model)
        if rule is None or price.high is None:
            return price
        usual = price.usual
        if lesson.usual is not None:
            usual = up_to_micro(lesson.usual * rule.scale)
        elif usual is not None:
            usual = up_to_micro(usual * lesson.factor)
        high = lesson.scale(rule)
        if high == rule.high:
            return price if usual == price.usual else replace(price, usual=usual)
        times = (
            f"{round(lesson.factor, 2)} times what" if rule.high else f"{format_usd(high)} where"
        )
        why = f"{model.provider} has billed {times} this price rule says"
        reason = f"{price.reason}; {why}" if price.reason else why
        return replace(price, high=high, usual=usual, reason=reason)

    def scale(self, model: ModelInfo, rule: RuleFigures) -> Decimal:
        """The most that an inference may cost by what has been billed so far, in USD."""
        return self._learn(model).scale(rule)

    def _learn(self, model: ModelInfo) -> _Lesson:
        lesson = self._lessons.get(model.id)
        if lesson is None:
            lesson = _learn_from(self._find(model.id), date_prices(model))
            self._lessons[model.id] = lesson
        return lesson

    def _find(self, model_id: str) -> list[Bill]:
        if model_id not in self._bills:
            self._bills[model_id] = [] if self._load is None else list(self._load(model_id))
        return self._bills[model_id]


def _learn_from(bills: list[Bill], as_of: str) -> _Lesson:
    # A template whose prices were read after a bill knows better than the bill.
    valid = [bill for bill in bills if bill.as_of >= as_of]
    factor = max((bill.factor or Decimal(1) for bill in valid), default=Decimal(1))
    unforeseen = max((bill.unforeseen for bill in valid), default=Decimal(0))
    ratios = sorted(ratio for bill in bills if (ratio := bill.ratio) is not None)
    if len(ratios) < FEWEST:
        return _Lesson(factor, unforeseen, None)
    place = int((PERCENTILE * len(ratios)).to_integral_value(ROUND_CEILING))
    return _Lesson(factor, unforeseen, ratios[place - 1])
