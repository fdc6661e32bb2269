"""What the inferences of a job have taken already: ids, and paths of outputs."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from vidi.hashed_set import HashedOwners, HashedSet
from vidi.jobs.mistakes import MistakeError
from vidi.jobs.output_path import same_file_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vidi.jobs.reading.places import Places


class TakenNames:
    """Grows by one id and one path an inference.

    Args:
        kept: Whether there is room for the names; else it is known that one is taken, and not by
            whom.
    """

    def __init__(self, *, kept: bool = True) -> None:
        new: Callable[[], dict[str, str] | HashedOwners] = dict if kept else HashedOwners
        self._ids: dict[str, Places] | HashedSet = {} if kept else HashedSet()
        """Id to the entry that took it."""
        self._outputs = new()
        """Path, comparable, to the id that took it."""
        self._folders = new()
        """Every folder of these paths, to the first id in it."""

    def take_id(self, name: str, entry: Places) -> None:
        """Take an id for an inference of an entry.

        Raises:
            MistakeError: It is taken.
        """
        key = name if name.isascii() else unicodedata.normalize("NFC", name)
        if key not in self._ids:
            self._enter(key, entry)
            return
        line = entry.of_value().line
        first = self._ids[key].of_value().line if isinstance(self._ids, dict) else 0
        hint = "Give each inference an id of its own."
        if first in {line, 0}:
            hint = "Put what differs into the id, such as {{ item.name }} or a name of the matrix."
        at = f"it is already on line {first}" if first else "one before it has it already"
        raise MistakeError(f"duplicate id {name!r}; {at}", kind="duplicate-id", hint=hint)

    def _enter(self, key: str, entry: Places) -> None:
        if isinstance(self._ids, dict):
            self._ids[key] = entry
        else:
            self._ids.add(key)

    def take_output(self, path: str, owner: str) -> None:
        """Take the path of an output for an id.

        Raises:
            MistakeError: It is taken, or a folder on the way is a file of another inference.
        """
        key = same_file_key(path)
        folder = key.rpartition("/")[0]
        new = [] if folder in self._folders else list(_list_folders(folder))
        for taken, verb in ((self._outputs.get(key), "the same file as"),
                            (self._folders.get(key), "a folder of")):  # fmt: skip
            if taken is not None:
                raise _taken(path, f"is {verb}", taken)
        for parent in new:
            if (taken := self._outputs.get(parent)) is not None:
                raise _taken(path, "needs a folder where there is the file of", taken)
        self._outputs[key] = owner
        for parent in new:
            self._folders.setdefault(parent, owner)


def _list_folders(folder: str) -> Iterator[str]:
    """A folder and all that it is in, without the output folder itself."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def _taken(path: str, how: str, owner: str) -> MistakeError:
    who = f"inference {owner!r}" if owner else "an inference before it"
    return MistakeError(
        f"output {path!r} {how} {who}",
        kind="same-output",
        hint='Give each inference a path of its own, such as "{{ id }}.png".',
    )
