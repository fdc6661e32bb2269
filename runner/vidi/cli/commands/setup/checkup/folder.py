"""An output folder on the doctor's table: its journal line by line, and a saved copy if asked."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from vidi.errors import StorageError, UsageError
from vidi.runs.records.folder import HOLDER, JOURNAL, LOCK, OWN
from vidi.runs.records.salvage.examination import examine
from vidi.runs.records.salvage.lines import TORN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vidi.cli.display.console import Console
    from vidi.runs.records.salvage.examination import Examination
    from vidi.runs.records.salvage.lines import JournalLine
    from vidi.runs.records.salvage.saved import SavedInference

IN_DOUBT = 6
_FEW = 20
"""Flawed lines that are named; of more there is a number."""
_TELL = {
    "whole": "whole",
    "unfinished": "its end is lost: the next run fetches it, for nothing",
    "in doubt": "in doubt: never bought again until `vidi reconcile` knows",
}


def check_folder(folder: Path, save: Path | None, console: Console) -> int:
    """Say what of a folder's journal is whole; returns the exit code.

    Raises:
        UsageError: There is no journal, or the copy has no place.
        StorageError: The copy cannot be written.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", hint="Name an output folder.")
    found = examine(folder)
    for line in _describe(found):
        console.print_data(line)
    if found.whole:
        return 0
    if save is None:
        console.say(f"hint: `vidi doctor {folder} --save DIR` writes a copy with what is whole.")
        return 1
    _save_copy(folder, save, found)
    doubts = [each.id for each in found.saved.inferences if each.fate == "in doubt"]
    console.say(f"saved copy in {save}; {folder} is as it was")
    console.say(f"hint: Put it in the place of {folder}, then run the job as before.")
    if doubts:
        console.say("hint: Then `vidi reconcile JOB_FILE` asks the providers for what is in doubt.")
    return IN_DOUBT if doubts else 0


def _describe(found: Examination) -> Iterator[str]:
    count = len(found.lines)
    if found.whole:
        torn = any(line.flaw == TORN for line in found.lines)
        yield (
            f"{found.path}: {_count(count, 'line')}, all of them whole"
            f"{'; the last one is torn, and counts for nothing' if torn else ''}"
        )
        return
    yield f"{found.path}: {_count(count, 'line')}, {_count(len(found.flawed), 'of them')} not whole"
    yield from _describe_flaws(found)
    for each in found.saved.inferences:
        yield _describe_inference(each)
    if found.missing or found.noted or any(not line.id for line in found.flawed):
        yield "what else was bought in lines that are lost, nobody knows: see the provider's list"


def _describe_flaws(found: Examination) -> Iterator[str]:
    """The lines that are not whole, those that are gone, and an end that is."""
    for line in found.flawed[:_FEW]:
        yield f"  line {line.number} {line.flaw}{_name(line)}"
    if len(found.flawed) > _FEW:
        yield f"  and {len(found.flawed) - _FEW:,} more"
    if found.missing:
        yield f"  {_count(len(found.missing), 'line')} missing, of run {found.missing[0].run}"
    if found.noted:
        yield f"  its end is missing: it had over {found.noted:,} bytes after the last run"


def _describe_inference(each: SavedInference) -> str:
    at = ", ".join(str(line.number) if line.number else "missing" for line in each.flaws)
    receipt = f", bought as {each.request_id}" if each.request_id and each.fate != "whole" else ""
    return f"{each.id}: {_TELL[each.fate]}{receipt}{f' (not whole: line {at})' if at else ''}"


def _name(line: JournalLine) -> str:
    what = f"{line.kind or 'an event'} of {line.id}" if line.id else line.kind
    return f" ({what})" if what else ""


def _save_copy(folder: Path, save: Path, found: Examination) -> None:
    """Copy a folder with all its assets and another journal: assets must be beside it."""
    if save.exists():
        raise UsageError(f"{save} is there already", hint="Name a folder that is not.")
    if save.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{save} is inside {folder}", hint="Name a folder outside of it.")
    own = (folder / OWN).resolve()

    def skip(path: str, names: list[str]) -> set[str]:
        """Leave out the journal, and what a run notes about itself."""
        here = folder.__class__(path)
        left = {JOURNAL} if here == folder else set()
        return left | ({LOCK, HOLDER} if here.resolve() == own else set()) & set(names)

    try:
        shutil.copytree(folder, save, symlinks=True, ignore=skip)
        (save / JOURNAL).write_bytes(found.saved.content)
    except (OSError, shutil.Error) as error:
        raise StorageError(
            f"cannot write the copy: {error}", hint="Make room, or name another folder."
        ) from error


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 or noun.endswith('them') else 's'}"
