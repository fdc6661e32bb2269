"""What checking the params of one inference gives: values only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from vidi.values import value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

At = tuple[str | int, ...]
"""Where in the params: keys and list positions, from the outside in."""


@dataclass(frozen=True, slots=True)
class ParamProblem:
    """One mistake or one warning about the params of an inference."""

    path: At
    """The value it is about; `()` is the params as a whole."""
    on_key: bool
    """Whether it is the key that is wrong, not the value under it."""
    code: str
    """A stable name such as `unknown-param`, for programs."""
    message: str
    hint: str = ""
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True, slots=True)
class InputFile:
    """A local file that is sent along."""

    at: At
    """Where in the params its name stands."""
    path: Path
    name: str
    """The path as it was written."""
    size: int
    """In bytes."""


@value
class CheckedParams:
    """The params of one inference after the check."""

    params: dict[str, object]
    """What will be sent: converted, legacy params dropped, defaults left to the provider."""
    effective: Mapping[str, object]
    """The same with the schema's defaults: what the provider will work with."""
    files: tuple[InputFile, ...] = ()
    problems: tuple[ParamProblem, ...] = ()
    """Errors and warnings, in the order of the params."""

    def seen_as(self, effective: Mapping[str, object]) -> CheckedParams:
        """The same, looked at through another mapping of the same effective params."""
        return replace(self, effective=effective)

    @property
    def errors(self) -> tuple[ParamProblem, ...]:
        """The problems that forbid sending."""
        return tuple(problem for problem in self.problems if problem.severity == "error")
