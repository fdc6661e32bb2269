"""Several folders of one job become one: assets first, then the journal that knows of them.

Killed at any moment, the same command again ends it: a file that is there already is passed over,
and the journal takes its place whole, or not at all.
"""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from secrets import token_hex
from typing import TYPE_CHECKING

from vidi.errors import StorageError
from vidi.inference.outputs.keeping.staging import PREFIX
from vidi.inference.tracking.journal.checksum import add_checksum
from vidi.inference.tracking.journal.journal import dump_line
from vidi.runs.records.atomic import replace_text
from vidi.runs.records.folder import JOURNAL, MANIFEST, OWN, hold_folder
from vidi.runs.records.json_text import render_json
from vidi.runs.records.manifest.join import join_manifests
from vidi.runs.records.merging.conflicts import MergeError, refuse_conflicts
from vidi.runs.records.merging.parts import Part, read_part
from vidi.runs.records.report.write import write_report
from vidi.runs.records.stamp import STAMP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from vidi.inference.tracking.journal.event_types import Event
    from vidi.runs.records.manifest.shape import Manifest


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge has put into a folder."""

    parts: tuple[Part, ...]
    """Those that were merged; the folder itself is the first, where it held something before."""
    copied: int
    """How many assets were brought into it; thumbnails and what made way are not counted."""
    missing: tuple[str, ...]
    """Assets that a journal knows of, and that are in none of the folders."""
    manifest: Manifest | None
    """None where one of the folders has none: then the next run writes it."""

    @property
    def bought(self) -> int:
        """How many inferences were bought, in all folders."""
        return len({key for part in self.parts for key in part.bought})


def merge_folders(out: Path, folders: Sequence[Path]) -> Merged:
    """Bring what several folders hold into one, and check all of it before anything is written.

    Args:
        out: Where it goes; what was merged into it before counts as one of the folders.
        folders: Output folders of runs. They are left as they are.

    Raises:
        MergeError: They do not fit together; the message says which inference or file.
        UsageError: One of them is no output folder of a run, or its journal is damaged.
        FolderLockedError: A run holds one of them.
        StorageError: The disk gives up; the same command again ends it.
    """
    with ExitStack() as held:
        sources = _list_sources(out, folders)
        for folder in (out, *(each for each in sources if each != out)):
            held.enter_context(hold_folder(folder))
        parts = tuple(read_part(folder) for folder in sources)
        refuse_conflicts(parts)
        try:
            copied = sum(_copy_files(part, out) for part in parts if part.folder != out)
            _write_journal(parts, out)
        except OSError as error:
            raise StorageError(
                f"cannot merge into {out}: {error.strerror}",
                hint="Make room or make the folder writable, and give the same command again.",
            ) from error
        (out / OWN / STAMP).unlink(missing_ok=True)
        return Merged(parts, copied, tuple(_find_missing(parts, out)), _write_manifest(parts, out))


def _list_sources(out: Path, folders: Sequence[Path]) -> list[Path]:
    """The folders to read, each once; the target first where it holds something already."""
    found: dict[Path, Path] = {}
    if (out / JOURNAL).exists():
        found[out.resolve()] = out
    for folder in folders:
        if folder.resolve() == out.resolve():
            raise MergeError(f"{folder} is where the others go", hint="Leave it out.")
        if not folder.is_dir():
            raise MergeError(f"there is no folder {folder}", hint="Name the shards' folders.")
        found.setdefault(folder.resolve(), folder)
    return list(found.values())


def _copy_files(part: Part, out: Path) -> int:
    copied = 0
    for name in part.files():
        target = out / name
        if target.exists():
            continue  # as it is in the part: conflicts have been looked for
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(part.folder / name, target)
        copied += not name.startswith(f"{OWN}/")
    return copied


def _copy(source: Path, target: Path) -> None:
    partial = target.with_name(f"{PREFIX}{token_hex(8)}")
    try:
        shutil.copy2(source, partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)


def _write_journal(parts: Sequence[Part], out: Path) -> None:
    partial = out / f"{PREFIX}{token_hex(8)}"
    try:
        with partial.open("xb") as file:
            for place, event in enumerate(_chain_events(parts)):
                text = dump_line({name: each for name, each in event.items() if name != "sum"})
                file.write(add_checksum(text.encode(), place if event["seq"] == 1 else 0) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        partial.rename(out / JOURNAL)
    finally:
        partial.unlink(missing_ok=True)


def _chain_events(parts: Sequence[Part]) -> Iterator[Event]:
    """The events of all runs, those of a run that is in two folders once."""
    written: set[str] = set()
    for part in parts:
        for event in part.events():
            if event["run"] not in written:
                yield event
        written |= part.runs.keys()


def _find_missing(parts: Sequence[Part], out: Path) -> Iterator[str]:
    for part in parts:
        for state in part.states.values():
            for asset in state.assets:
                if not (out / asset.path).exists():
                    yield asset.path


def _write_manifest(parts: Sequence[Part], out: Path) -> Manifest | None:
    manifests = [(part.manifest, part.bought.keys()) for part in parts if part.manifest is not None]
    if len(manifests) < len(parts):
        (out / MANIFEST).unlink(missing_ok=True)
        return None
    whole = join_manifests(manifests)
    replace_text(out / MANIFEST, render_json(whole))
    write_report(whole, out, (state for part in parts for state in part.shelf.values()))
    return whole
