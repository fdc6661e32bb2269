"""One entry of a job file, checked as far as it can be before it is expanded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from vidi.jobs.mistakes import (
    MOST_TOLD,
    MistakeError,
    describe,
    did_you_mean,
    more_than_told,
)
from vidi.jobs.output_path import read_output
from vidi.jobs.reading import fields
from vidi.jobs.rendering.detect import has_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

REQUIRED = ("id", "model", "params", "output")


def _matrix(value: object) -> dict[str, object]:
    axes = fields.read_mapping("matrix", value)
    if not axes:
        raise MistakeError("'matrix' is empty", hint="Add a name with a list of values.")
    return axes


def _foreach(value: object) -> object:
    if isinstance(value, str):
        return fields.read_text("foreach", value)
    if not isinstance(value, list):
        raise MistakeError(
            f"'foreach' must be a list or the path of a file, not {describe(value)}",
            kind="wrong-type",
        )
    if not value:
        raise MistakeError("'foreach' has no rows", kind="no-rows")
    return value


READERS: Mapping[str, Callable[[object, str], Any]] = {
    "id": lambda value, _: fields.read_id(value),
    "model": lambda value, _: fields.read_model(value),
    "params": lambda value, _: fields.read_mapping("params", value),
    "output": lambda value, _: read_output(value),
    "matrix": lambda value, _: _matrix(value),
    "foreach": lambda value, _: _foreach(value),
    "vars": lambda value, _: fields.read_mapping("vars", value),
    "tags": lambda value, _: fields.read_tags(value),
    "max_cost": lambda value, written: fields.read_usd("max_cost", value, written),
    "assume_cost": lambda value, written: fields.read_usd("assume_cost", value, written),
    "timeout": lambda value, _: fields.read_timeout(value),
    "retry": lambda value, _: fields.read_retry(value),
    "keep": lambda value, _: fields.read_flag("keep", value),
    "mark": lambda value, _: fields.read_flag("mark", value),
    "enabled": lambda value, _: fields.read_flag("enabled", value),
}
"""Each key of an entry, and what reads its value; the second argument is a number as written."""

DEFAULT_KEYS = frozenset(READERS) - {"id"}


def mistakes_in(
    table: Mapping[str, object], known: Iterable[str], what: str
) -> Iterator[tuple[tuple[str, ...], MistakeError]]:
    """What is wrong in an entry or in the defaults, each with its path; the first hundred."""
    for number, (path, mistake) in enumerate(_every_mistake_in(table, known, what)):
        if number == MOST_TOLD:
            yield path, more_than_told(mistake)
            return
        yield path, mistake


def _every_mistake_in(
    table: Mapping[str, object], known: Iterable[str], what: str
) -> Iterator[tuple[tuple[str, ...], MistakeError]]:
    for key, value in table.items():
        if key not in known:
            yield (key,), _unknown(key, known, what)
        elif key != "vars" and isinstance(value, str) and has_template(value):
            continue  # known only when it is rendered
        elif isinstance(value, str):
            if (found := _mistake_in(key, value)) is not None:
                yield (key,), found
        else:
            for mistake in _mistakes_of(key, value):
                yield (key,), mistake


def _mistake_in(key: str, value: str) -> MistakeError | None:
    try:
        READERS[key](value, "")
    except MistakeError as mistake:
        return mistake
    return None


def _unknown(key: str, known: Iterable[str], what: str) -> MistakeError:
    if key == "id":
        hint = "Give each inference an id of its own."
    else:
        hint = did_you_mean(key, known, otherwise=f"Known keys: {', '.join(sorted(known))}.")
    return MistakeError(f"unknown key {key!r} in {what}", kind="unknown-key", hint=hint)


def _mistakes_of(key: str, value: object) -> Iterator[MistakeError]:
    try:
        if key == "tags" and isinstance(value, list):
            yield from _tag_mistakes(value)
        elif key == "retry" and isinstance(value, dict):
            yield from fields.retry_mistakes(value)
        else:
            READERS[key](value, "")
    except MistakeError as mistake:
        yield mistake
        return
    if key in {"vars", "matrix"} and isinstance(value, dict):
        yield from fields.name_mistakes(key, value)
    if key == "matrix" and isinstance(value, dict):
        yield from _axis_mistakes(value)
    if key in {"params", "vars", "matrix", "foreach"}:
        yield from non_finite(value)


def _tag_mistakes(tags: list[object]) -> Iterator[MistakeError]:
    for number, tag in enumerate(tags):
        try:
            fields.read_text("tags", tag)
        except MistakeError as mistake:
            mistake.path = (number,)
            yield mistake


def _axis_mistakes(axes: Mapping[str, object]) -> Iterator[MistakeError]:
    for name, values in axes.items():
        if isinstance(values, str) and has_template(values):
            continue
        try:
            read_axis(name, values)
        except MistakeError as mistake:
            mistake.path = (name,)
            yield mistake


def read_axis(name: str, values: object) -> list[object]:
    """The values that one name of a matrix takes.

    Raises:
        MistakeError: It is not a list, or an empty one.
    """
    if not isinstance(values, list):
        hint = f"Write `{name}: [{values}]`." if isinstance(values, (str, int)) else ""
        raise MistakeError(
            f"{name!r} in 'matrix' must be a list, not {describe(values)}",
            kind="wrong-type",
            hint=hint,
        )
    if not values:
        raise MistakeError(f"{name!r} in 'matrix' has no values", kind="no-rows")
    return values


def non_finite(value: object, path: tuple[str | int, ...] = ()) -> Iterator[MistakeError]:
    """The numbers in a value that JSON cannot hold."""
    if isinstance(value, float) and not math.isfinite(value):
        yield MistakeError(
            f"{value} is not a number that a model can be sent",
            hint="Put quotes around text.",
            path=path,
        )
    elif isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(each, float | dict | list):
                yield from non_finite(each, (*path, key))
