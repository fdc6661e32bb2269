"""What the inferences of a job have taken already: ids, and paths of outputs."""

from __future__ import annotations

import unicodedata

from vidi.jobs.mistakes import MistakeError
from vidi.jobs.output_path import same_file_key


class TakenNames:
    """Grows by one id and one path an inference."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        """Id to the line of the entry that took it."""
        self._outputs: dict[str, str] = {}
        """Path, comparable, to the id that took it."""
        self._folders: dict[str, str] = {}
        """Every folder of these paths, to the first id in it."""

    def take_id(self, name: str, line: int) -> None:
        """Take an id.

        Raises:
            MistakeError: It is taken.
        """
        key = unicodedata.normalize("NFC", name)
        first = self._ids.get(key)
        if first is None:
            self._ids[key] = line
            return
        hint = "Give each inference an id of its own."
        if first == line:
            hint = "Put what differs into the id, such as {{ item.name }} or a name of the matrix."
        raise MistakeError(
            f"duplicate id {name!r}; it is already on line {first}", kind="duplicate-id", hint=hint
        )

    def take_output(self, path: str, owner: str) -> None:
        """Take the path of an output for an id.

        Raises:
            MistakeError: It is taken, or a folder on the way is a file of another inference.
        """
        key = same_file_key(path)
        parents = [key[:at] for at, letter in enumerate(key) if letter == "/"]
        for taken, verb in ((self._outputs.get(key), "the same file as"),
                            (self._folders.get(key), "a folder of")):  # fmt: skip
            if taken is not None:
                raise _taken(path, f"is {verb}", taken)
        for parent in parents:
            if parent in self._outputs:
                raise _taken(
                    path, "needs a folder where there is the file of", self._outputs[parent]
                )
        self._outputs[key] = owner
        for parent in parents:
            self._folders.setdefault(parent, owner)


def _taken(path: str, how: str, owner: str) -> MistakeError:
    return MistakeError(
        f"output {path!r} {how} inference {owner!r}",
        kind="same-output",
        hint='Give each inference a path of its own, such as "{{ id }}.png".',
    )
