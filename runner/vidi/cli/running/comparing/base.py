"""BASE's job files, planned as if nothing had been bought."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.cli.running.job_run import open_registry
from vidi.errors import JobFileError, Place, Problem, VidiError
from vidi.jobs.job import read_job
from vidi.jobs.reading.files import read_bytes
from vidi.jobs.reviews.read import read_reviews
from vidi.jobs.reviews.review import name_reviews
from vidi.runs.planning.deciding.record import FolderRecord
from vidi.runs.planning.plan import Choices
from vidi.runs.planning.planner import PlanTask, make_plan

if TYPE_CHECKING:
    import contextlib

    from vidi.cli.run_options import RunOptions
    from vidi.cli.running.comparing.sides import Side
    from vidi.inference.tracking.bills import PastBills
    from vidi.runs.planning.plan import Plan


class BasePlanner:
    """Plans job files of one side.

    Args:
        options: As they mean that side.
        side: BASE.
        bills: What was billed before, so that both sides are priced alike.
        held: Keeps an empty folder until the command ends.
    """

    def __init__(
        self, options: RunOptions, side: Side, bills: PastBills, held: contextlib.ExitStack
    ) -> None:
        self._options = options
        self._side = side
        self._bills = bills
        self._nowhere = Path(held.enter_context(tempfile.TemporaryDirectory())) / "nothing"
        self._registry = open_registry(options.project, options.templates, options.allow_outside)

    def plan(self, path: Path, title: Path) -> Plan | Problem:
        """The plan of one, or what is wrong with it.

        Args:
            path: Where it is.
            title: What messages call it.
        """
        try:
            return self._plan(path, title)
        except VidiError as error:
            if error.exit_code == VidiError.exit_code:
                raise
            return self._warn_broken(title, error)

    def _plan(self, path: Path, title: Path) -> Plan:
        options = self._options
        content = read_bytes(path, title.as_posix()) if self._side.tracked is not None else None
        job = read_job(
            title,
            project=options.project,
            var=options.var,
            vars_files=options.vars_file,
            allow_outside=options.allow_outside,
            content=content,
        )
        reviews = read_reviews(name_reviews(path))
        record = FolderRecord({}, {}, None, self._bills, reviews, options.sandbox)
        project, folder = options.project, self._nowhere
        return make_plan(PlanTask(job, self._registry, project, folder, record, Choices()))

    def _warn_broken(self, title: Path, error: VidiError) -> Problem:
        told, place = error.message, error.place
        if isinstance(error, JobFileError):
            wrong = [each for each in error.problems if each.severity == "error"]
            more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            told, place = wrong[0].message + more, wrong[0].place
        where = f"{place}: " if place else ""
        if self._side.tracked is not None:
            where = where.replace(f"{self._side.project}{os.sep}", "")
        return Problem(
            "broken-base",
            f"{self._side.title} has mistakes in this file, so that its entries count as added: "
            f"{where}{told}",
            Place(title.as_posix()),
            severity="warning",
        )
