"""Default params and many models: each model takes those that it has.

`defaults.params` is written once for a whole file, and its models differ. A default that a model
does not have is left out there, with a warning; one that no model of the file has is a mistake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import Problem
from vidi.inference.models.suggest import nearest
from vidi.jobs.mistakes import MOST_TOLD, name_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vidi.inference.models.template import ModelInfo
    from vidi.jobs.spec import InferenceSpec


class DefaultParams:
    """The defaults of one job file, as its inferences go by."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._left: dict[str, list[InferenceSpec]] = {}
        self._known: set[str] = set()

    def fit(self, spec: InferenceSpec, model: ModelInfo) -> Mapping[str, object]:
        """The params of an inference without the defaults that its model does not have."""
        defaults = spec.places.names_of_defaults("params")
        if not defaults:
            return spec.params
        known = model.params["properties"]
        fitting = {}
        for name, value in spec.params.items():
            if name not in defaults:
                fitting[name] = value
            elif name in known or value is None:
                self._taken.add(name)
                fitting[name] = value
            elif name in self._left or len(self._left) <= MOST_TOLD:
                self._left.setdefault(name, []).append(spec)
                self._known |= known.keys()
        return fitting

    def problems(self) -> Iterator[Problem]:
        """What is to be said of the defaults that were left out; of too many, of the first."""
        for number, (name, specs) in enumerate(self._left.items()):
            place = specs[0].places.of_key("params", name)
            mistaken = name not in self._taken
            told = self._describe(name, specs, mistaken=mistaken)
            message, hint = told if number < MOST_TOLD else (f"more than {MOST_TOLD} of these", "")
            yield Problem(
                "unknown-param",
                message,
                place=place,
                hint=hint,
                ids=tuple(spec.id for spec in specs),
                severity="error" if mistaken or number == MOST_TOLD else "warning",
                excerpt=specs[0].places.excerpt(place),
            )

    def _describe(
        self, name: str, specs: list[InferenceSpec], *, mistaken: bool
    ) -> tuple[str, str]:
        """What is wrong with a default, and the hint."""
        if not mistaken:
            models = name_all({spec.model for spec in specs})
            return f"'{name}' is left out at models that have no such parameter: {models}", ""
        close = nearest(name, self._known)
        hint = f"Did you mean {' or '.join(close)}?" if close else ""
        return f"no model of this file has the parameter '{name}'", hint
