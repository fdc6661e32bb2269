"""What a command about job files knows so far: each of its steps reads it and adds to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from vidi.inference.settings import Settings
from vidi.inference.tracking.bills import PastBills

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Iterable

    from vidi.cli.display.console import Console
    from vidi.cli.run_options import RunOptions
    from vidi.cli.running.accounts import Money
    from vidi.cli.running.job_run import JobRun, SharedJob
    from vidi.errors import VidiError
    from vidi.inference.store.store import PurchaseStore
    from vidi.runs.planning.plan import Choices

CommandName = Literal["run", "estimate", "validate", "diff"]
WORST_FIRST = (130, 143, 70, 7, 6, 4, 5, 3, 2, 1)
"""Which exit code a command has when its job files ended in different ways."""


@dataclass(slots=True)
class CommandState:
    """One command about job files, and how far it has come."""

    command: CommandName
    options: RunOptions
    console: Console
    held: contextlib.ExitStack
    """Holds the output folders until the command ends."""
    settings: Settings = field(default_factory=Settings)
    money: Money | None = None
    """Where money is accounted for; None in the sandbox, and where nothing is priced."""
    bills: PastBills = field(default_factory=PastBills)
    """What was billed before, by the ledger; the runs of the command add to it."""
    marks: bool = False
    """Whether the project wants its files to say that a model made them."""
    store: PurchaseStore | None = None
    """What is shared with other folders; None where no store is set."""
    job_runs: list[JobRun] = field(default_factory=list)
    errors: list[VidiError] = field(default_factory=list)
    """What stops all of its job files together."""
    reported: int = 0
    """How many of those errors have been printed."""
    verdict: int = 0
    """The exit code of what was found out, where nothing went wrong."""

    def fail(self, error: VidiError) -> None:
        """Note what stops the command as a whole; where it has one job file, that is it."""
        if len(self.job_runs) == 1:
            self.job_runs[0].fail(error)
        else:
            self.errors.append(error)

    def fit_choices(self, job_run: JobRun, choices: Choices) -> Choices:
        """What the command line's choices are for one job file, once it is open: the same."""
        del job_run
        return choices

    @property
    def shared_job(self) -> SharedJob | None:
        """Plans a job whose folder no machine holds; None: it is a folder's."""
        return None

    def complete(self, answer: dict[str, object]) -> dict[str, object]:
        """Add to the answer that all commands have what only this one has; a run has nothing."""
        return answer

    @property
    def exit_code(self) -> int:
        """The worst of its own and its job files' exit codes; 0 where all went well."""
        return worst_of(
            [error.exit_code for error in self.errors]
            + [job_run.exit_code for job_run in self.job_runs]
            + [self.verdict]
        )

    @property
    def end(self) -> int | None:
        """The exit code with which the command ends here, or None: it goes on."""
        return self.exit_code or None


def worst_of(codes: Iterable[int]) -> int:
    """The exit code of a whole whose parts ended in different ways."""
    found = set(codes)
    return next((code for code in WORST_FIRST if code in found), 0)
