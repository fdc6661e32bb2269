"""Quantities of price rules: EXPR of docs/prices.md, evaluated to an interval."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

from vidi.inference.models.prices import conditions
from vidi.inference.models.prices.facts import shown
from vidi.inference.models.prices.intervals import (
    Interval,
    add,
    between,
    divide,
    exactly,
    hull,
    largest,
    least,
    multiply,
    rounded,
    subtract,
    unknown,
)
from vidi.inference.models.prices.metering import read_metric
from vidi.inference.models.prices.quantities import params as param_quantities
from vidi.inference.models.prices.quantities.files import FileFact, file_quantity
from vidi.inference.models.prices.quantities.outputs import output_megapixels, output_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from vidi.inference.models.price_rules import Condition, Expr, Form, Mode
    from vidi.inference.models.prices.facts import Facts

    Work = Callable[[Form, Facts], Interval | None]
    Divide = Callable[[Interval, Interval], Interval]
    Combine = Callable[[Iterable[Interval]], Interval]

WHICH_RULE = "which rule holds is not known before the run"


def _first_given(forms: Mapping[str, Form]) -> Expr:
    return {"cases": [{"when": {name: "present"}, "value": form} for name, form in forms.items()]}


_RATES = ("fps", "frames_per_second", "target_fps", "frame_rate")
_LENGTHS = ("duration", "seconds", "duration_seconds")


BUILT_IN: Mapping[str, Expr] = {
    "@output_megapixels": {"output_megapixels": {}},
    "@output_width": {"output_width": {}},
    "@output_height": {"output_height": {}},
    "@output_fps": _first_given({name: {"param": name} for name in _RATES}),
    "@output_seconds": _first_given({name: {"seconds": name} for name in _LENGTHS}),
    "@input_tokens": {"tokens": ["prompt", "system_prompt", "system_instruction", "text"]},
}
"""What the derived names mean where a price row does not define them itself."""


def measure(expr: Expr, facts: Facts) -> Interval:
    """The interval that a quantity lies in."""
    if not isinstance(expr, dict):
        return exactly(expr)
    form = next(key for key in expr if key in FORMS)
    found = FORMS[form](expr, facts)
    # None: there is nothing to measure, and the rule says what to take instead.
    return measure(expr["else"], facts) if found is None else found


def holds(condition: Condition, facts: Facts) -> conditions.Truth:
    """Whether a condition holds; None where that is not known yet."""
    return conditions.holds(condition, facts, measure)


def asked(whens: Iterable[Condition], facts: Facts) -> str:
    """What a table of rules was asked for, such as `quality=high, size=4k`."""
    names = dict.fromkeys(name for when in whens for name in when if not name.startswith("@"))
    return ", ".join(f"{name}={_first(facts.values(name))}" for name in names) or "these inputs"


def _first(values: list[object]) -> str:
    return shown(conditions.plain(values[0])) if values else "nothing"


def _outputs(rule: Form, facts: Facts) -> Interval:
    return facts.asset_count() or measure(rule["outputs"], facts)


def _metric(rule: Form, facts: Facts) -> Interval:
    return read_metric(rule["metric"], partial(_foresee, rule), facts) or _foresee(rule, facts)


def _foresee(rule: Form, facts: Facts) -> Interval:
    why = rule.get("why", f"{rule['metric']} is known only after the run")
    high = rule.get("high")
    return _ends(rule.get("low", 0), facts.timeout_s if high == "timeout" else high, why, facts)


def _range(rule: Form, facts: Facts) -> Interval:
    low, high = rule["range"]
    return _ends(low or 0, high, rule["why"], facts)


def _ends(low: Expr, high: Expr | None, why: str, facts: Facts) -> Interval:
    bottom = measure(low, facts)
    top = unknown(why) if high is None else measure(high, facts)
    if top.high is None:
        return between(bottom.low, None, why, *top.why)
    return between(bottom.low, max(bottom.low, top.high), why, *top.why)


def _fact(rule: Form, facts: Facts) -> Interval:
    name = rule["fact"]
    if name in facts.where:
        # Without itself: a row may build on the built-in meaning of the same name.
        others = {key: expr for key, expr in facts.where.items() if key != name}
        return measure(facts.where[name], replace(facts, where=others))
    if name in BUILT_IN:
        return measure(BUILT_IN[name], facts)
    return unknown(f"{name.removeprefix('@')} is not known before the run")


def _cases(rule: Form, facts: Facts) -> Interval:
    possible = []
    for case in rule["cases"]:
        truth = holds(case["when"], facts)
        if truth is not False:
            possible.append(measure(case["value"], facts))
        if truth:
            return _one_of(possible)
    if "else" in rule:
        return _one_of([*possible, measure(rule["else"], facts)])
    whens = (case["when"] for case in rule["cases"])
    return _one_of([*possible, unknown(f"no published rule for {asked(whens, facts)}")])


def _one_of(possible: list[Interval]) -> Interval:
    return possible[0] if len(possible) == 1 else hull(possible, WHICH_RULE)


def _terms(combine: Combine, key: Literal["sum", "product", "max", "min"]) -> Work:
    return lambda rule, facts: combine([measure(term, facts) for term in rule[key]])


def _pair(combine: Divide, key: Literal["quotient", "minus"]) -> Work:
    return lambda rule, facts: combine(*(measure(side, facts) for side in rule[key]))


def _block(mode: Mode) -> Work:
    return lambda rule, facts: rounded(measure(rule[mode], facts), mode, Decimal(rule.get("to", 1)))


FORMS: Mapping[str, Work] = {
    "param": param_quantities.param,
    "seconds": param_quantities.seconds,
    "count": param_quantities.count,
    "characters": param_quantities.characters,
    "tokens": param_quantities.tokens,
    **{fact: partial(file_quantity, fact) for fact in get_args(FileFact)},
    "outputs": _outputs,
    "output_megapixels": output_megapixels,
    "output_width": partial(output_side, "width"),
    "output_height": partial(output_side, "height"),
    "metric": _metric,
    "fact": _fact,
    "cases": _cases,
    "range": _range,
    "sum": _terms(add, "sum"),
    "product": _terms(multiply, "product"),
    "max": _terms(largest, "max"),
    "min": _terms(least, "min"),
    "quotient": _pair(divide, "quotient"),
    "minus": _pair(subtract, "minus"),
    "up": _block("up"),
    "nearest": _block("nearest"),
    "down": _block("down"),
}
"""Every form of a quantity, by the key that names it."""
