"""`{{ index }}` in an output path: a number that is known only when the outputs are.

It can be written, added to, and padded (`"%03d" % index`, `"{:03}".format(index)`); what becomes
of it is a marker in the path, such as `{index+9:03}`, that the naming of outputs fills in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Self

_PRINTF = re.compile(r"%(?:(0?)(\d*))?[dis]")
_SPEC = re.compile(r"(0?)(\d{0,2})d?")


@dataclass(frozen=True, slots=True)
class OutputIndex:
    """The number of an output, from 1, plus an offset, padded to a width."""

    offset: int = 0
    width: int = 0
    """With zeros in front; 0 for none."""

    def __str__(self) -> str:
        offset = f"{self.offset:+d}" if self.offset else ""
        width = f":0{self.width}" if self.width else ""
        return f"{{index{offset}{width}}}"

    def __add__(self, other: int) -> Self:
        if not isinstance(other, int):
            return NotImplemented
        return replace(self, offset=self.offset + other)

    __radd__ = __add__

    def __sub__(self, other: int) -> Self:
        return self + -other

    def __format__(self, spec: str) -> str:
        found = _SPEC.fullmatch(spec)
        if found is None or (found[2] and not found[1]):
            raise ValueError(f"'index' cannot be written as {spec!r}; write {{:03}}")
        return str(replace(self, width=int(found[2] or 0)))


OUTPUT_INDEX = OutputIndex()


def format_printf(text: str, arguments: tuple[object, ...]) -> str:
    """`text % arguments`, where the numbers of outputs are among them."""
    waiting = list(arguments)

    def written(found: re.Match[str]) -> str:
        value = waiting.pop(0)
        if isinstance(value, OutputIndex):
            return format(value, f"{found[1] or ''}{found[2] or ''}")
        return found[0] % value

    made = _PRINTF.sub(written, text)
    if waiting:
        raise TypeError("not all arguments converted during string formatting")
    return made.replace("%%", "%")
