"""A folder in which nothing is left to do, stamped: the next run sees it at a glance.

A stamp names every file that the answer "nothing to do" came from: the job file and what it reads,
the templates, the journal, the manifest and every asset. While all of them are as they were, and
the same is asked for on the same day, the answer is the same, and nothing need be read, priced or
written again. Whatever differs, if only by a file's time, leads back to the whole way.
"""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.outputs.keeping.folder import FolderStore
from vidi.jobs.reviews.review import name_reviews
from vidi.runs.records.folder import JOURNAL, MANIFEST, OWN, REPORT_NAME
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.runs.planning.plan import Plan
    from vidi.runs.records.manifest.shape import Manifest

STAMP = "sealed.json"
"""In the folder that is vidi's own."""
WRITTEN = (JOURNAL, MANIFEST, REPORT_NAME)
TICK_NS = 20_000_000
"""By how much the time of a file may be behind the clock that set it."""


class FileStat(NamedTuple):
    """What a glance at a file shows."""

    size: int
    modified_ns: int
    changed_ns: int
    inode: int


def stamp_folder(
    plan: Plan,
    states: Mapping[str, InferenceState],
    found: Manifest,
    asked: str,
    others: Sequence[Path],
    began_ns: int,
) -> None:
    """Stamp the folder of a run that found nothing to do and nothing to warn of.

    Args:
        plan: What the run found.
        states: What the journal says.
        found: What the run had to say; its sums are kept.
        asked: Whatever else the answer depends on, as text.
        others: Further files and folders that the plan depends on.
        began_ns: When the run had read none of them, since the epoch. What has changed since then
            may be other than what the plan was made from: then nothing is stamped.
    """
    data_files = plan.job.data_files
    unchanged = all(planned.action == "unchanged" for planned in plan.inferences)
    if data_files is None or plan.warnings or not unchanged:
        return
    if not isinstance(plan.assets, FolderStore):
        return  # a bucket has no glance: it is listed
    read = {path: _look_at(path) for path in {*others, *data_files, *_list_read(plan, states)}}
    if any(stat is not None and stat.changed_ns >= began_ns - TICK_NS for stat in read.values()):
        return
    written = {plan.folder / name: _look_at(plan.folder / name) for name in WRITTEN}
    stamp = {
        "asked": asked,
        "found": {**found, "inferences": []},
        "files": {str(path): stat for path, stat in (read | written).items()},
    }
    with contextlib.suppress(OSError):  # without it, the next run goes the whole way
        (plan.folder / OWN / STAMP).write_text(render_json(stamp), encoding="utf-8")


def read_stamp(folder: Path, asked: str) -> Manifest | None:
    """What the same run had to say when it found nothing to do, while nothing has changed since.

    The inferences are not in it: those are in the manifest. None where the whole way must be gone.
    """
    try:
        stamp = json.loads((folder / OWN / STAMP).read_text(encoding="utf-8"), parse_float=Decimal)
        known = stamp["files"].items()
        same = stamp["asked"] == asked and all(
            _look_at(Path(path)) == (stat and FileStat(*stat)) for path, stat in known
        )
        found: Manifest = stamp["found"]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return found if same else None


def _list_read(plan: Plan, states: Mapping[str, InferenceState]) -> Iterator[Path]:
    yield plan.job.path
    yield name_reviews(plan.job.path)
    for planned in plan.inferences:
        yield planned.request.model.path
        yield from (file.path for file in planned.request.checked.files)
        yield from (plan.folder / asset.path for asset in states[planned.id].assets)


def _look_at(path: Path) -> FileStat | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return FileStat(facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino)
