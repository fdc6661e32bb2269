"""A job of a fleet, looked up for a command that only asks about it or settles something."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidi.cli.display.fleet_status import describe_fleet, describe_status
from vidi.cli.running.fleet.database import open_shared_ledger
from vidi.errors import UsageError
from vidi.inference.environment import read_environment
from vidi.inference.settings import Settings
from vidi.inference.tracking.fleet.destinations import find_destination, find_exactly
from vidi.inference.tracking.fleet.figures import read_figures
from vidi.inference.tracking.fleet.schema import has_fleet_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from vidi.inference.environment import Environment
    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.inference.tracking.ledger.connection import Ledger


@dataclass(frozen=True, slots=True)
class AskedJob:
    """A job, and the database that it is in."""

    destination: Destination
    ledger: Ledger
    environ: Environment

    def describe(
        self, *, command: str, also: Mapping[str, object]
    ) -> tuple[dict[str, object], list[str]]:
        """How it stands now: as JSON values, and in lines."""
        found = self.ledger.do(find_exactly(self.destination.journal)) or self.destination
        figures = self.ledger.do(read_figures(found))
        head = {"schema_version": 1, "command": command, "ok": True, "exit_code": 0}
        answer = {**head, **describe_fleet(found, figures), **also, "errors": []}
        return answer, describe_status(found, figures)


@contextlib.contextmanager
def open_job(name: str, project: Path, env_file: Path | None) -> Iterator[AskedJob]:
    """Look a job up by its name or its job file.

    Raises:
        UsageError: There is no such job, or the database is none of fleets.
        StorageError: It cannot be used.
    """
    environ = read_environment(project, env_file)
    with contextlib.closing(open_shared_ledger(environ)) as ledger:
        planned = ledger.do(has_fleet_tables())
        destination = ledger.do(find_destination(name)) if planned else None
        if destination is None:
            raise UsageError(
                f"no job of this database is {name}",
                hint="`vidi-run JOB_FILE --fleet` plans one and prints its name.",
            )
        yield AskedJob(destination, ledger, environ)


def cancel_what_is_left(asked: AskedJob, project: Path) -> None:
    """Ask the providers to cancel what no worker has in its hands.

    Raises:
        StorageError: The database cannot be used.
    """
    # What only asks how a job stands need not wait for any of it.
    from vidi.cli.running.job_run import open_registry
    from vidi.runs.execution.stopping import run_until_stopped
    from vidi.runs.fleet.cancelling import cancel_unheld

    registry = open_registry(project, None)
    settings = Settings.from_environment(asked.environ)
    run_until_stopped(cancel_unheld(asked.destination, asked.ledger, registry, settings))
