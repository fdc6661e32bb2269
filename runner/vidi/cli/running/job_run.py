"""A job file on its way through a command: read, checked, priced, and what went wrong with it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import TYPE_CHECKING, NamedTuple, Protocol

from vidi.cli.running.job_files import find_unused_variables, read_stdin
from vidi.cli.untrusted_addresses import has_keys, warn_unasked
from vidi.errors import UsageError, VidiError
from vidi.file_kinds import real_path
from vidi.inference.environment import Environment, read_environment
from vidi.inference.models.registry import ModelRegistry
from vidi.inference.models.shipping.sources import TemplateFolder
from vidi.inference.settings import Settings
from vidi.inference.tracking.opening import open_journal
from vidi.jobs.expansion.bounds import FLEET, ONE_MACHINE
from vidi.jobs.job import STDIN, read_job
from vidi.jobs.reviews.read import read_reviews
from vidi.jobs.reviews.review import name_reviews
from vidi.runs.planning.deciding.record import FolderRecord
from vidi.runs.planning.plan import Choices, Plan
from vidi.runs.planning.planner import PlanTask, make_plan
from vidi.runs.planning.selection import parse_selectors, refuse_unmatched, warn_unmatched
from vidi.runs.records.destination import locate_address
from vidi.runs.records.folder import (
    JOURNAL,
    check_kind,
    locate_folder,
    lock_of,
    refuse_fleets,
)
from vidi.runs.records.remote.address import open_assets
from vidi.runs.records.remote.hold import hold_output, look_at_output
from vidi.runs.records.stamp import read_stamp
from vidi.runs.records.warnings import find_warnings

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from vidi.cli.run_options import RunOptions
    from vidi.errors import Problem
    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.store.store import PurchaseStore
    from vidi.inference.tracking.bills import PastBills
    from vidi.inference.tracking.caps import CapRoom
    from vidi.inference.tracking.journal.journal import Journal
    from vidi.jobs.job import Job
    from vidi.runs.planning.selection import Selector
    from vidi.runs.records.manifest.shape import Manifest

SANDBOX_KEYS = {"replicate": "sandbox-replicate-key", "fal": "sandbox-fal-key"}


@dataclass(slots=True)
class JobRun:
    """One job file, and how far it has come."""

    path: Path
    run_id: str
    job: Job | None = None
    folder: Path | None = None
    assets: AssetStore | None = None
    """Where its assets go."""
    unasked: str = ""
    """The address of a bucket that an estimate has no keys for."""
    plan: Plan | None = None
    journal: Journal | None = None
    held: bool = False
    """Whether this process holds its folder."""
    rooms: tuple[CapRoom, ...] = ()
    """What the caps by day, week and month leave for it."""
    errors: tuple[VidiError, ...] = ()
    reported: int = 0
    """How many of the errors have been printed."""
    warned: bool = False
    exit_code: int = 0
    manifest: Path | None = None
    """Where manifest.json is, once the file has been run."""
    result: Manifest | None = None
    """What it holds."""
    began_ns: int = field(default_factory=time.time_ns)
    """When its files had not been read yet."""
    resting: Manifest | None = None
    """What the last run had to say that found nothing to do, where a glance shows that nothing has
    changed since; without the inferences, which are in the manifest."""
    up_to_date: Path | None = None
    """Its folder, where a glance shows that nothing is left to do; then there is no plan."""

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is odd about its inferences, before the run and after it."""
        return find_warnings(self.plan.warnings if self.plan else (), self.result)

    def bar(self, reason: str) -> None:
        """Note in the plan why it may not be carried out, whatever it costs."""
        if self.plan is not None:
            self.plan = replace(self.plan, barred=self.plan.barred or reason)

    def fail(self, error: VidiError) -> None:
        """Note an error; the first one decides the exit code."""
        self.errors = (*self.errors, error)
        self.exit_code = self.exit_code or error.exit_code


def read_own_environment(options: RunOptions) -> Environment:
    """The environment of a run; a budget of the command line is not for a `.env` to lift.

    Raises:
        UsageError: The file of --env-file cannot be read.
    """
    capped = options.budget is not None
    return read_environment(options.project, options.env_file, capped=capped)


def read_settings(options: RunOptions) -> Settings:
    """Read the settings of a run; the sandbox has its own, whatever the environment says.

    Raises:
        UsageError: A folder or file that was named is not there, or a setting is wrong.
    """
    if not options.project.is_dir():
        raise UsageError(f"there is no folder {options.project}", hint="Check -C.")
    if options.sandbox:
        return Settings(keys=SANDBOX_KEYS)
    return Settings.from_environment(read_own_environment(options))


class KnownBefore(NamedTuple):
    """What plans go by beside their own folders."""

    bills: PastBills | None = None
    """What was billed before; None where nobody knows."""
    store: PurchaseStore | None = None
    """What other folders bought; None where no store is set."""


class SharedJob(Protocol):
    """Plans a job whose folder no machine holds, however many inferences it has."""

    def read_journal(self, job: Job, folder: Path) -> tuple[Journal, AssetStore]:
        """What is known of its inferences, and where its outputs are."""

    def make_plan(self, task: PlanTask) -> Plan:
        """As `make_plan` of one machine."""


class OtherTree(NamedTuple):
    """Job files that are not read where they are run, such as those of a git revision."""

    contents: Mapping[Path, bytes]
    """What each job file holds, by the name that messages call it."""
    home: Path
    """The project whose output folders are meant."""


def plan_jobs(
    options: RunOptions,
    settings: Settings,
    held: contextlib.ExitStack,
    asked: str = "",
    known: KnownBefore | None = None,
    tree: OtherTree | None = None,
    *,
    together: bool = True,
    fit_choices: Callable[[JobRun, Choices], Choices] | None = None,
    shared: SharedJob | None = None,
) -> list[JobRun]:
    """Plan every job file of a command, so that all mistakes of all of them come out at once.

    Args:
        options: What the command line says.
        settings: Those of the run.
        held: Holds the folders.
        asked: As `up_to_date.describe_asked` has it; a folder stamped for it is not planned.
        known: What was billed and bought before, elsewhere too.
        tree: Where the job files are, if not in the working tree.
        together: Whether one command would run them all, so that no two may share a folder.
        fit_choices: Makes of the command line's choices those for one job file, once it is open.
        shared: Plans a job whose folder no machine holds.
    """
    desk = JobPlanner(options, settings, held, asked, known or KnownBefore(), tree)
    desk.together = together
    desk.fit_choices = fit_choices or desk.fit_choices
    desk.shared = shared
    job_runs = [JobRun(path, token_hex(8)) for path in options.job_files]
    # What any of the folders was billed counts for the prices of all: so all are opened first.
    for step in (desk.open, desk.plan):
        for job_run in job_runs:
            try:
                step(job_run)
            except VidiError as error:
                job_run.fail(error)
    desk.check_selectors(job_runs)
    for unused in find_unused_variables([job_run.job for job_run in job_runs]):
        job_runs[0].fail(unused)
    return job_runs


class JobPlanner:
    """Plans job runs with the same options, registry and folders."""

    def __init__(
        self,
        options: RunOptions,
        settings: Settings,
        held: contextlib.ExitStack,
        asked: str,
        known: KnownBefore,
        tree: OtherTree | None = None,
    ) -> None:
        self._options = options
        self._known = known
        self._tree = tree
        self.together = True
        """Whether no two job files may share a folder."""
        self.fit_choices: Callable[[JobRun, Choices], Choices] = lambda _, choices: choices
        """What the command line's choices are for one job file."""
        self.shared: SharedJob | None = None
        """Plans a job whose folder no machine holds."""
        self._held = held
        self._asked = asked
        self._secrets = () if options.sandbox else tuple(settings.keys.values())
        self._registry = open_registry(options.project, options.templates, options.allow_outside)
        self._folders: dict[Path, JobRun] = {}
        self._choices = Choices(
            budget=options.budget,
            select=parse_selectors(options.select),
            exclude=parse_selectors(options.exclude),
            rebuy=parse_selectors(options.rebuy),
            restore=parse_selectors(options.restore),
            rejected=options.rejected,
            frozen=options.frozen,
            overwrite=options.overwrite,
            accept=frozenset(options.accept),
            gate=options.gate,
            shard=options.shard,
        )

    def open(self, job_run: JobRun) -> None:
        """Read one job file and the journal of its folder."""
        options = self._options
        job = read_job(
            job_run.path,
            project=options.project,
            var=options.var,
            vars_files=options.vars_file,
            allow_outside=options.allow_outside,
            content=self._read(job_run.path),
            bounds=ONE_MACHINE if self.shared is None else FLEET,
        )
        job_run.job = job
        folder = self._locate(job)
        if self.together:
            self._claim(folder, job_run)
        if self.shared is not None:
            job_run.folder = folder
            job_run.journal, job_run.assets = self.shared.read_journal(job, folder)
            return
        refuse_fleets(folder)
        address = locate_address(job, given=options.output_dir, sandbox=options.sandbox)
        if not options.estimate and (folder.exists() or address is not None):
            self._held.enter_context(hold_output(folder, address))
            job_run.held = True
        if self._asked and (found := read_stamp(folder, self._asked)) is not None:
            job_run.up_to_date, job_run.resting = folder, found
            return
        path, job_run.assets = self._open_output(job_run, folder, address)
        journal = open_journal(
            path, run=job_run.run_id, secrets=self._secrets, lock=lock_of(folder)
        )
        check_kind(folder, journal.header, sandbox=options.sandbox)
        job_run.folder, job_run.journal = folder, journal
        if (bills := self._known.bills) is not None:
            bills.recall(bill for state in journal.states.values() for bill in state.bills)

    def _open_output(
        self, job_run: JobRun, folder: Path, address: str | None
    ) -> tuple[Path, AssetStore]:
        """The journal of a folder, and where its assets are."""
        if job_run.held:
            return folder / JOURNAL, open_assets(folder)
        if address is not None and self._options.output_dir is None and not has_keys(address):
            job_run.unasked, address = address, None
        return self._held.enter_context(look_at_output(folder, address))

    def plan(self, job_run: JobRun) -> None:
        """Check and price one job file against its folder's journal, where it could be opened."""
        job, folder, journal = job_run.job, job_run.folder, job_run.journal
        if job is None or folder is None or journal is None:
            return
        record = FolderRecord(
            journal.states,
            journal.shelf,
            self._known.store,
            self._known.bills,
            read_reviews(name_reviews(job.path)),
            self._options.sandbox,
        )
        choices = self.fit_choices(job_run, self._choices)
        project, assets = self._options.project, job_run.assets
        task = PlanTask(job, self._registry, project, folder, record, choices, assets)
        planner = make_plan if self.shared is None else self.shared.make_plan
        job_run.plan = planner(task)
        if job_run.unasked:
            warning = warn_unasked(job_run.unasked, job)
            job_run.plan = replace(job_run.plan, warnings=(*job_run.plan.warnings, warning))

    def _read(self, path: Path) -> bytes | None:
        """What a job file holds, where it is not simply read."""
        if path == STDIN:
            return read_stdin()
        return self._tree.contents[path] if self._tree is not None else None

    def _locate(self, job: Job) -> Path:
        options = self._options
        folder = locate_folder(
            job, options.project, given=options.output_dir, sandbox=options.sandbox
        )
        if self._tree is None or not folder.is_relative_to(options.project):
            return folder
        return self._tree.home / folder.relative_to(options.project)

    def check_selectors(self, job_runs: Sequence[JobRun]) -> None:
        """Say which selectors mean nothing in any of the files, once all of them are planned."""
        plans = [job_run.plan for job_run in job_runs if job_run.plan is not None]
        if len(plans) < len(job_runs):
            return  # what the other files hold is not known
        unmatched = frozenset.intersection(*(plan.unmatched for plan in plans))
        ids = {planned.id for plan in plans for planned in plan.inferences} if unmatched else set()
        warnings = []
        for option, selector in self._list_selectors():
            if selector not in unmatched:
                continue
            if (mistake := selector.find_mistake()) is not None:
                job_runs[0].fail(mistake)
            elif selector.field == "status":
                warnings.append(warn_unmatched(option, selector, job_runs[0].path))
            else:
                job_runs[0].fail(refuse_unmatched(option, selector, ids))
        job_runs[0].plan = replace(plans[0], warnings=(*plans[0].warnings, *warnings))

    def _list_selectors(self) -> Iterator[tuple[str, Selector]]:
        choices = self._choices
        yield from (("--select", each) for each in choices.select)
        yield from (("--exclude", each) for each in choices.exclude)
        yield from (("--rebuy", each) for each in choices.rebuy)
        yield from (("--restore", each) for each in choices.restore)

    def _claim(self, folder: Path, job_run: JobRun) -> None:
        other = self._folders.setdefault(real_path(folder), job_run)
        if other is not job_run:
            raise UsageError(
                f"{other.path} and {job_run.path} both write to {folder}",
                hint="Give one of them another `output_dir` or `name`.",
            )


def open_registry(
    project: Path, templates: Path | None, allow_outside: bool = False
) -> ModelRegistry:
    """The registry of a project: --templates first, then ./templates, then vidi's own.

    Args:
        project: Its folder.
        templates: That of --templates, relative to it.
        allow_outside: Whether links in ./templates may lead out of the project.

    Raises:
        UsageError: The folder of --templates is not there.
    """
    own = TemplateFolder(project / "templates", within=None if allow_outside else project)
    if templates is None:
        return ModelRegistry([own])
    named = project / templates
    if not named.is_dir():
        raise UsageError(f"there is no folder {templates}", hint="Check --templates.")
    return ModelRegistry([named, own])
