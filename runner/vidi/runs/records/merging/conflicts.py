"""What keeps folders from being one: found before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.request import hash_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vidi.runs.records.merging.parts import Part

NAMED = 5
"""How many ids or files a message names before it counts the rest."""
_Where = tuple[str, int]


class MergeError(UsageError):
    """Some folders cannot be merged."""

    code = "merge"


def refuse_conflicts(parts: Sequence[Part]) -> None:
    """See that some folders fit together.

    Raises:
        MergeError: An inference was bought in two of them, two files have one name, some are the
            sandbox's and others real, or a run stands in two of them in different states.
    """
    if len({part.sandbox for part in parts}) > 1:
        raise MergeError(
            "some of these folders were made by the sandbox, and others are real",
            hint="Merge those of one kind.",
        )
    _refuse_torn_runs(parts)
    _refuse_bought_twice(parts)
    _refuse_one_name(parts)


def _refuse_torn_runs(parts: Sequence[Part]) -> None:
    """A run is in one folder; in two only where one is a copy, or was merged from the other."""
    known: dict[str, tuple[Path, int]] = {}
    for part in parts:
        for run, lines in part.runs.items():
            folder, before = known.setdefault(run, (part.folder, lines))
            if before != lines:
                raise MergeError(
                    f"run {run} is in {folder} and in {part.folder}, but not as long",
                    hint="Merge into an empty folder, from the folders that the shards wrote.",
                )


def _refuse_bought_twice(parts: Sequence[Part]) -> None:
    owners: dict[str, Part] = {}
    twice: list[tuple[str, Part, Part]] = []
    for part in parts:
        for key, state in part.bought.items():
            other = owners.setdefault(key, part)
            if other.bought[key].purchase != state.purchase:
                twice.append((key, other, part))
    if twice:
        key, first, second = twice[0]
        rest = f", and {len(twice) - 1} more" if len(twice) > 1 else ""
        raise MergeError(
            f"'{key}' was bought in {first.folder} and in {second.folder}{rest}",
            hint="Each was paid for. Leave one of the folders out, or take it away from there.",
        ).about(*(each[0] for each in twice))


def _refuse_one_name(parts: Sequence[Part]) -> None:
    known: dict[str, Part] = {}
    for part in parts:
        for name in part.files():
            other = known.setdefault(name, part)
            first, second = other.folder / name, part.folder / name
            if other is not part and not _are_alike(first, second):
                raise MergeError(
                    f"{first} and {second} are two files of one name",
                    hint="Take the one away that is not wanted.",
                )


def _are_alike(first: Path, second: Path) -> bool:
    same_size = first.stat().st_size == second.stat().st_size
    return same_size and hash_file(first) == hash_file(second)
