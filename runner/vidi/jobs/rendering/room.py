"""How much the params of a job may hold: the text that templates made, and values in all.

A job may come from a stranger: `{{ file('a.txt') }}{{ n }}` in a matrix of 100,000 is 100 GB, and
10,000 params in it are a thousand million values to be checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.jobs.rendering.size import TooBigError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES = 256 * 1024 * 1024
"""Of all inferences of a job file together: 2.6 kB for each of 100,000."""
MOST_VALUES = 10_000_000
"""Of all inferences together, their variables too: a hundred of each of 100,000."""
RENDERED = 2
"""So many values stand for a variable that is a template, which every inference renders, and one
more for ten others that it may name."""
COMPILED = 300
"""So many stand for a template that none before was like: 33,000 of them are understood in half a
minute (0.8 ms each, twice that on a busy machine); a list of honest prompts is seldom longer."""
SHARED = 4096
"""Characters from which a text is looked for among those before: one value of many is held once."""


class RenderedRoom:
    """What the params of one job file hold so far."""

    __slots__ = ("_bytes", "_held", "_values")

    def __init__(self) -> None:
        self._bytes = self._values = 0
        self._held: dict[int, str] = {}

    def take(self, values: object) -> None:
        """Count what is going to be kept.

        Args:
            values: A value that templates made, whose texts count too; or how many values the job
                file itself gives to one more inference.

        Raises:
            TooBigError: All together are too many.
        """
        if isinstance(values, int):
            self._values += values
        else:
            self._add(values)
        if self._bytes > MOST_BYTES:
            raise TooBigError(f"params of more than {MOST_BYTES // 1024**2} MiB in one job file")
        if self._values > MOST_VALUES:
            raise TooBigError(
                f"more than {MOST_VALUES:,} params and variables in one job file, each template "
                f"among them counted as {COMPILED}"
            )

    @property
    def is_full(self) -> bool:
        """Whether no more can be taken."""
        return self._bytes > MOST_BYTES or self._values > MOST_VALUES

    def _add(self, value: object) -> None:
        self._values += 1
        if isinstance(value, str):
            if len(value) >= SHARED:
                if id(value) in self._held:
                    return
                self._held[id(value)] = value  # so that no other text gets its number
            self._bytes += value.__sizeof__()
        elif isinstance(value, dict):
            for each in value.values():
                self._add(each)
        elif isinstance(value, list):
            for each in value:
                self._add(each)


def weigh_variables(variables: Mapping[str, object]) -> int:
    """How many values the variables of an inference stand for."""
    known = len(variables)
    return known + count_templates(variables) * (RENDERED + known // 10)


def count_templates(value: object) -> int:
    """The texts in a value that hold templates."""
    if isinstance(value, str):
        return "{" in value
    if isinstance(value, dict):
        return sum(map(count_templates, value.values()))
    return sum(map(count_templates, value)) if isinstance(value, list) else 0


def count_values(value: object) -> int:
    """A value, and all that is in it."""
    if isinstance(value, dict):
        return 1 + sum(map(count_values, value.values()))
    return 1 + sum(map(count_values, value)) if isinstance(value, list) else 1
