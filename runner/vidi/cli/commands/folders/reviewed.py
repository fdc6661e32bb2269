"""Which output folder is meant by a job file, a folder or the ids alone; and its reviews.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.tracking.opening import open_journal
from vidi.jobs.job import read_job
from vidi.jobs.reviews.review import name_reviews
from vidi.runs.records.folder import JOURNAL, find_run_folders, locate_folder
from vidi.runs.records.report.marks import find_reviews
from vidi.runs.reviewing.mark import ReviewedFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME_IT = "Name the job file or the folder with --in."


def find_reviewed(where: Path | None, ids: Sequence[str]) -> ReviewedFolder:
    """Find the folder that is meant.

    Args:
        where: A job file or an output folder; None: the one below `outputs/` that has the ids.
        ids: Of inferences.

    Raises:
        UsageError: There is none, or more than one.
        JobFileError: The job file has mistakes.
    """
    if where is None:
        return open_folder(_find_by_ids(ids))
    return open_folder(where) if where.is_dir() else open_job(where)


def open_folder(folder: Path) -> ReviewedFolder:
    """An output folder, with the reviews.yaml beside its job file.

    Raises:
        UsageError: It is none, or its job file is not found.
    """
    journal = open_journal(folder / JOURNAL)
    if journal.header is None:
        raise UsageError(f"{folder} is no output folder of vidi", hint=NAME_IT)
    reviews = find_reviews(folder, journal.header)
    if reviews is None:
        raise UsageError(
            f"the job file of {folder} is not found: {journal.header.get('job_file')}",
            hint="Run the command where vidi-run was run, or name the job file with --in.",
        )
    return ReviewedFolder(folder, reviews)


def open_job(job_file: Path) -> ReviewedFolder:
    """The output folder of a job file: the real one, else the sandbox's.

    Raises:
        UsageError: It has not been run.
        JobFileError: The job file has mistakes.
    """
    job = read_job(job_file, project=Path(), allow_outside=True)
    folders = [locate_folder(job, Path(), given=None, sandbox=each) for each in (False, True)]
    found = next((each for each in folders if (each / JOURNAL).is_file()), None)
    if found is None:
        raise UsageError(f"{job_file} has not been run: there is no {folders[0]}")
    return ReviewedFolder(found, name_reviews(job_file))


def _find_by_ids(ids: Sequence[str]) -> Path:
    folders = find_run_folders(Path("outputs"))
    having = [each for each in folders if _has_all(each, ids)]
    if len(having) == 1:
        return having[0]
    if not having:
        raise UsageError(f"no folder below outputs/ has {', '.join(ids)}", hint=NAME_IT)
    names = ", ".join(each.as_posix() for each in having)
    raise UsageError(f"several folders have {', '.join(ids)}: {names}", hint=NAME_IT)


def _has_all(folder: Path, ids: Sequence[str]) -> bool:
    try:
        states = open_journal(folder / JOURNAL).states
    except UsageError:
        return False
    return all(key in states and states[key].assets for key in ids)
