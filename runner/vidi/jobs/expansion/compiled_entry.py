"""The values of one entry, their templates compiled once and rendered for every inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.jobs.mistakes import MistakeError
from vidi.jobs.rendering.compiled_text import CompiledText
from vidi.jobs.rendering.detect import has_template
from vidi.json_values import as_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Note = Callable[[tuple[str | int, ...], MistakeError], None]
    """Takes a mistake, and the path of the value that it is in."""

UNKNOWN = object()
"""What a value is when it could not be made; the reason has been noted."""


class CompiledEntry:
    """A value with all that is in it, compiled."""

    __slots__ = ("_path", "_tree", "dynamic")

    def __init__(self, value: object, path: tuple[str | int, ...], note: Note) -> None:
        self._path = path
        self._tree, self.dynamic = _compiled(value, path, note)
        """`dynamic`: whether any template is in it; if not, every rendering is the same object."""

    def render(self, names: Mapping[str, object], note: Note) -> object:
        """The value with these names; UNKNOWN where anything in it has failed."""
        if not self.dynamic:
            return self._tree
        return _rendered(self._tree, names, self._path, note)

    def render_known(
        self, names: Mapping[str, object], note: Note
    ) -> tuple[dict[str, object], frozenset[str]]:
        """The parts of a mapping that can be rendered, and the keys of those that cannot."""
        tree = as_object(self._tree)
        made = {key: _rendered(each, names, (*self._path, key), note) for key, each in tree.items()}
        known = {key: each for key, each in made.items() if each is not UNKNOWN}
        return known, frozenset(made.keys() - known.keys())

    @property
    def is_mapping(self) -> bool:
        """Whether it is written as a mapping, and not as one template."""
        return isinstance(self._tree, dict)


def is_literal(value: object) -> bool:
    """Whether no template is in a value, so that it is the same for every inference."""
    if isinstance(value, str):
        return not has_template(value)
    if isinstance(value, dict):
        return all(map(is_literal, value.values()))
    return not isinstance(value, list) or all(map(is_literal, value))


def _compiled(value: object, path: tuple[str | int, ...], note: Note) -> tuple[object, bool]:
    if isinstance(value, str):
        if not has_template(value):
            return value, False
        from vidi.jobs.rendering.rendering import compile_text  # with Jinja2, once there is one

        try:
            return compile_text(value), True
        except MistakeError as mistake:
            note(path, mistake)
            return UNKNOWN, True
    if isinstance(value, dict):
        pairs = {key: _compiled(each, (*path, key), note) for key, each in value.items()}
        tree = {key: each for key, (each, _) in pairs.items()}
        return tree, any(dynamic for _, dynamic in pairs.values())
    if isinstance(value, list):
        items = [_compiled(each, (*path, number), note) for number, each in enumerate(value)]
        return [each for each, _ in items], any(dynamic for _, dynamic in items)
    return value, False


def _rendered(
    tree: object,
    names: Mapping[str, object],
    path: tuple[str | int, ...],
    note: Note,
) -> object:
    if isinstance(tree, CompiledText):
        try:
            return tree.render(names)
        except MistakeError as mistake:
            note(path, mistake)
            return UNKNOWN
    if isinstance(tree, dict):
        made = {key: _rendered(each, names, (*path, key), note) for key, each in tree.items()}
        return UNKNOWN if any(each is UNKNOWN for each in made.values()) else made
    if isinstance(tree, list):
        row = [_rendered(each, names, (*path, number), note) for number, each in enumerate(tree)]
        return UNKNOWN if any(each is UNKNOWN for each in row) else row
    return tree
