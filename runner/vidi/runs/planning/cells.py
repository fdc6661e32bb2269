"""Cells of a table as params: each in its param's own type, empty ones left out.

A spreadsheet holds text; what a param is, its model's template says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.errors import Problem
from vidi.inference.models.params.coercion import branch_for
from vidi.inference.models.params.text_values import hint_for_text_value, read_text_value
from vidi.inference.models.params.wording import dotted
from vidi.jobs.data.cell import Cell
from vidi.jobs.reading.places import inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.inference.models.params.checked import At, ParamProblem
    from vidi.jobs.spec import InferenceSpec

_LEFT_OUT = object()


class CellParams:
    """The params of one inference that come from cells."""

    def __init__(self, spec: InferenceSpec) -> None:
        self._spec = spec
        self._emptied: dict[str, At] = {}
        """The params that are left out for an empty cell, by their dotted names."""

    def read(self, params: Mapping[str, object], schema: ParamSchema) -> Mapping[str, object]:
        """The params, every cell in the type that its param asks for."""
        if self._spec.row is None:
            return params
        return dict(self._read_fields(params, schema, ()))

    def _read_fields(
        self, params: Mapping[str, object], schema: ParamSchema, at: At
    ) -> Iterator[tuple[str, object]]:
        fields = (branch_for({}, schema) or {}).get("properties", {})
        for name, value in params.items():
            read = self._read(value, fields.get(name, {}), (*at, name))
            if read is not _LEFT_OUT:
                yield name, read

    def _read(self, value: object, schema: ParamSchema, at: At) -> object:
        if isinstance(value, Cell):
            if not value.strip():
                self._emptied[dotted(at)] = at
                return _LEFT_OUT
            return read_text_value(str(value), schema)
        if isinstance(value, dict):
            return dict(self._read_fields(value, schema, at))
        if isinstance(value, list):
            items = (branch_for([], schema) or {}).get("items", {})
            read = [self._read(each, items, (*at, number)) for number, each in enumerate(value)]
            return [each for each in read if each is not _LEFT_OUT]
        return value

    def locate(self, found: ParamProblem) -> Problem:
        """Give a complaint about a param its place: in the data, where the value is from there."""
        spec = self._spec
        at, message, hint = found.path, found.message, found.hint
        if (emptied := self._find_emptied(found)) is not None:
            at = emptied
            message = f"'{dotted(at)}' is required, and its cell is empty"
            hint = "Fill the cell in, or take the row out."
        elif isinstance(cell := self._cell_at(at), Cell):
            hint = hint_for_text_value(cell, hint)
        path = ("params", *at)
        on_key = found.on_key and at == found.path
        place = spec.places.of_key(*path) if on_key else spec.places.of_value(*path)
        problem = Problem(
            code=found.code,
            message=message,
            place=place,
            hint=hint,
            ids=(spec.id,),
            severity=found.severity,
            excerpt=spec.places.excerpt(place),
        )
        return trace(problem, spec, path)

    def _find_emptied(self, found: ParamProblem) -> At | None:
        """The empty cell for which a required param is missing."""
        if found.code != "missing-param":
            return None
        missing = ((name, at) for name, at in self._emptied.items() if at[:-1] == found.path)
        return next((at for name, at in missing if found.message == f"'{name}' is required"), None)

    def _cell_at(self, at: At) -> object:
        value: object = self._spec.params
        for step in at:
            value = inside(value, step)
        return value


def trace(problem: Problem, spec: InferenceSpec, path: tuple[str | int, ...]) -> Problem:
    """The problem at the data that the value at a path is made from, where it is made from any."""
    origin = spec.origin(*path)
    if origin is None:
        return problem
    return replace(problem, place=origin.place, via=problem.place, excerpt=origin.excerpt)
