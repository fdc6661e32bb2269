"""Conditions of price rules: true, false, or not to be known before the run."""

from __future__ import annotations

import operator
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.prices.facts import (
    Facts,
    as_decimal,
    is_given,
    number_in,
    signed_number_in,
)
from vidi.json_values import as_list, as_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from vidi.inference.models.price_rules import Condition, Expr
    from vidi.inference.models.prices.intervals import Interval

    Measure = Callable[[Expr, Facts], Interval]

Truth = bool | None
"""None: it depends on what is not known yet."""

COMPARISONS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "eq": operator.eq,
}
"""The operators of `{"lte": 24}`."""


def holds(condition: Condition, facts: Facts, measure: Measure) -> Truth:
    """Whether all parts of a condition hold.

    Args:
        condition: COND of docs/prices.md.
        facts: What to look at.
        measure: Evaluates an EXPR; handed in, because an EXPR may hold conditions itself.
    """
    return every(_part(key, test, facts, measure) for key, test in condition.items())


def every(truths: Iterable[Truth]) -> Truth:
    """And."""
    known = tuple(truths)
    return False if False in known else None if None in known else True


def some(truths: Iterable[Truth]) -> Truth:
    """Or."""
    known = tuple(truths)
    return True if True in known else None if None in known else False


def _part(key: str, test: object, facts: Facts, measure: Measure) -> Truth:
    if not key.startswith("@"):
        return _param_holds([v for v in facts.values(key) if is_given(v)], test)
    match key:
        case "@any_of_present":
            return any(map(is_given, facts.values(map(str, as_list(test)))))
        case "@any":
            return some(holds(each, facts, measure) for each in map(as_object, as_list(test)))
        case "@all":
            return every(holds(each, facts, measure) for each in map(as_object, as_list(test)))
        case "@not":
            return _opposite(holds(as_object(test), facts, measure))
        case "@compare":
            return _compared(test, facts, measure)
        case _:
            return _fact_holds(measure({"fact": key}, facts), test)


def _opposite(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _compared(test: object, facts: Facts, measure: Measure) -> Truth:
    if not isinstance(test, dict):
        return None
    bounds = {name: test[name] for name in COMPARISONS if name in test}
    return _within(measure(test["of"], facts), bounds)


def _param_holds(given: list[object], test: object) -> Truth:
    if test is None:
        return not given
    if test == "present":
        return bool(given)
    if isinstance(test, dict):
        return some(_number_holds(value, test) for value in given)
    wanted = test if isinstance(test, list) else [test]
    return any(_equal(value, want) for value in given for want in wanted)


def _number_holds(value: object, test: Mapping[str, object]) -> Truth:
    number = signed_number_in(value)
    if number is None:
        return None
    return every(_compare(number, op, Decimal(str(limit))) for op, limit in test.items())


def _equal(value: object, want: object) -> bool:
    text = plain(value)
    if isinstance(want, str) and want.endswith("*"):
        return text is not None and text.startswith(want[:-1])
    return text is not None and text == plain(want)


def plain(value: object) -> str | None:
    """The text of a scalar, the same for 5, 5.0 and "5"; None for lists and objects."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    number = as_decimal(value)
    return None if number is None else format(number.normalize(), "f")


def _fact_holds(fact: Interval, test: object) -> Truth:
    if isinstance(test, dict):
        return _within(fact, test)
    wanted = test if isinstance(test, list) else [test]
    numbers = [number for want in wanted if (number := number_in(want)) is not None]
    return some(_within(fact, {"eq": number}) for number in numbers)


def _within(fact: Interval, bounds: Mapping[str, object]) -> Truth:
    return every(_bound_holds(fact, op, Decimal(str(limit))) for op, limit in bounds.items())


def _bound_holds(fact: Interval, op: str, limit: Decimal) -> Truth:
    if op == "eq":
        outside = limit < fact.low or (fact.high is not None and limit > fact.high)
        return True if fact.exact and fact.low == limit else False if outside else None
    at_low = _compare(fact.low, op, limit)
    at_high = op in {"gt", "gte"} if fact.high is None else _compare(fact.high, op, limit)
    return at_low if at_low == at_high else None


def _compare(number: Decimal, op: str, limit: Decimal) -> bool:
    return COMPARISONS[op](number, limit)
