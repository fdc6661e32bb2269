"""What a provider will work with: the params that were given, over the defaults of their schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vidi.inference.models.params.coercion import branch_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.inference.models.param_schema import ParamSchema


class EffectiveParams(Mapping[str, object]):
    """Converted params with the defaults of the fields not given, at every depth.

    A value is made when it is asked for: of ten thousand inferences few params are ever looked at,
    and a mapping of all of them would be a fifth of the memory of a plan.
    """

    __slots__ = ("_fields", "_given")

    def __init__(self, given: Mapping[str, object], schema: ParamSchema) -> None:
        self._given = given
        self._fields = schema.get("properties", {})

    def get(self, name: str, default: object = None) -> object:
        """As any mapping."""
        field = self._fields.get(name)
        if name in self._given:
            return _with_defaults(self._given[name], field or {})
        if field is None or "default" not in field:
            return default
        return _with_defaults(field["default"], field)

    def __getitem__(self, name: str) -> object:
        if name not in self:
            raise KeyError(name)
        return self.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self._given or "default" in self._fields.get(str(name), {})

    def __iter__(self) -> Iterator[str]:
        yield from self._given
        yield from (name for name in self._fields if name not in self._given and name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr(dict(self))


def _with_defaults(value: object, schema: ParamSchema) -> object:
    """A converted value with the schema's defaults under what was given."""
    if not isinstance(value, list | dict):
        return value
    branch = branch_for(value, schema) or {}
    if isinstance(value, list):
        items = branch.get("items", {})
        return [_with_defaults(each, items) for each in value]
    return dict(EffectiveParams(value, branch))
