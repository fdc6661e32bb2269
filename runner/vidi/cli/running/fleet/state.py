"""What a command about a fleet's job knows, beside what every command does."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from secrets import token_hex
from typing import TYPE_CHECKING

from vidi.cli.running.fleet.database import open_shared_ledger
from vidi.cli.running.job_run import read_own_environment
from vidi.cli.running.state import CommandState
from vidi.errors import UsageError
from vidi.inference.tracking.fleet.destinations import find_exactly
from vidi.inference.tracking.fleet.schema import has_fleet_tables, make_fleet_tables
from vidi.inference.tracking.fleet.states import lock_destination
from vidi.inference.tracking.opening import SharedJournal, open_journal
from vidi.runs.fleet.destination import look_at_destination, name_destination
from vidi.runs.fleet.stage import stage_plan
from vidi.runs.records.destination import locate_address
from vidi.runs.records.folder import refuse_machines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vidi.cli.run_options import RunOptions
    from vidi.cli.running.job_run import SharedJob
    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.inference.tracking.fleet.journal import WholeJournal
    from vidi.inference.tracking.journal.journal import Journal
    from vidi.inference.tracking.ledger.connection import Ledger
    from vidi.jobs.job import Job
    from vidi.runs.planning.plan import Plan
    from vidi.runs.planning.planner import PlanTask

_ELSEWHERE = ("sandbox", "shard", "plan", "apply", "restore", "rejected", "fail_fast",
              "max_failures", "junit", "code_quality", "summary_markdown")  # fmt: skip
"""Options that are about what one machine does by itself."""
PATIENCE_S = 60
"""Of a planner: a statement about ten million rows takes a while."""


@dataclass(slots=True)
class FleetState(CommandState):
    """A command about one job of a fleet."""

    run: str = field(default_factory=lambda: token_hex(8))
    """The id of the run that it begins."""
    ledger: Ledger | None = None
    name: str = ""
    """The job's, in the database."""
    before: Destination | None = None
    """The job as it was; None where it is new."""
    journal: WholeJournal | None = None
    answer: dict[str, object] | None = None
    """How the job stood at the end, for programs."""

    queues: Mapping[str, int] = field(default_factory=dict)
    """Account to how many rows were put by for it."""

    @property
    def shared_job(self) -> SharedJob | None:
        """What is known is in the database, and what is planned is put by there."""
        return self

    def read_journal(self, job: Job, folder: Path) -> tuple[Journal, AssetStore]:
        """What is known of the job's inferences, of all workers, and where its outputs are.

        Raises:
            FolderLockedError: Another command plans it.
            UsageError: There is no such place, or it cannot be read.
            StorageError: The database cannot be read.
        """
        refuse_machines(folder)
        options, ledger = self.options, self.open_ledger()
        address = locate_address(job, given=options.output_dir, sandbox=False)
        self.name = name_destination(folder, address, options.project)
        shared = SharedJournal(ledger, self.name)
        self.journal = open_journal(shared, run=self.run, writer="planner")
        if ledger.do(has_fleet_tables()):
            if not self.options.estimate:
                ledger.do(lock_destination(self.name))
            self.before = ledger.do(find_exactly(self.name))
            self.journal.read()
        return self.journal, look_at_destination(folder, address, options.project)

    def make_plan(self, task: PlanTask) -> Plan:
        """Plan it row by row; what workers are to do is put by, unless it is only estimated.

        Raises:
            JobFileError: It has mistakes, or something of it a fleet cannot do; all of them.
            StorageError: Nothing can be written.
        """
        ledger = None if self.options.estimate else self.open_ledger()
        plan, self.queues = stage_plan(task, self.name, self.settings.keys, ledger)
        return plan

    def open_ledger(self) -> Ledger:
        """The database, opened once.

        Raises:
            UsageError: It is none that several machines may use.
            StorageError: It cannot be used.
        """
        if self.ledger is None:
            ledger = open_shared_ledger(read_own_environment(self.options), PATIENCE_S)
            self.ledger = self.held.enter_context(contextlib.closing(ledger))
            if not self.options.estimate:
                self.ledger.do(make_fleet_tables())
        return self.ledger

    def complete(self, answer: dict[str, object]) -> dict[str, object]:
        """Add how the job stands."""
        return answer if self.answer is None else {**answer, "fleet": self.answer}


def refuse_options(options: RunOptions) -> None:
    """Refuse what has no meaning for a fleet.

    Raises:
        UsageError: An option is about what one machine does, or there are several job files.
    """
    for name in _ELSEWHERE:
        if getattr(options, name):
            flag = "--" + name.replace("_", "-")
            raise UsageError(f"{flag} and --fleet do not go together", hint=f"Leave out {flag}.")
    if len(options.job_files) != 1:
        raise UsageError("--fleet takes one job file", hint="Give one command for each.")
