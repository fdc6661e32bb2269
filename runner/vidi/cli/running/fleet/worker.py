"""What a worker is made of: keys, templates, database, and how inferences are carried out."""

from __future__ import annotations

import contextlib
import math
import os
import socket
from dataclasses import dataclass
from secrets import token_hex
from typing import TYPE_CHECKING

from vidi.cli.crash import CrashReports
from vidi.cli.running.fleet.database import open_shared_ledger
from vidi.cli.running.job_run import open_registry
from vidi.errors import CredentialsError
from vidi.inference.environment import read_environment
from vidi.inference.outputs.limits import Limits as DownloadLimits
from vidi.inference.settings import KEYS, Settings
from vidi.inference.store.address import open_store
from vidi.inference.tracking.fleet.schema import make_fleet_tables
from vidi.inference.tracking.fleet.settings import FleetSettings
from vidi.inference.tracking.ledger.address import locate_ledger
from vidi.inference.tracking.ledger.bills import read_past_bills
from vidi.inference.tracking.limits import lower_limits
from vidi.inference.tracking.project import read_project
from vidi.runs.execution.execute import Limits
from vidi.runs.execution.run import RunConfig
from vidi.runs.execution.starting import StartLimits
from vidi.runs.execution.throttle import SharedThrottle
from vidi.runs.fleet.run_shard import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vidi.cli.display.console import Console
    from vidi.inference.store.store import PurchaseStore
    from vidi.inference.tracking.bills import PastBills
    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.inference.tracking.ledger.connection import Ledger
    from vidi.inference.tracking.project import ProjectSettings


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What the command line of a worker says."""

    project: Path
    templates: Path | None
    env_file: Path | None
    concurrency: int | None


@contextlib.contextmanager
def open_worker(options: WorkerOptions, console: Console) -> Iterator[Worker]:
    """A worker with its database open.

    Raises:
        UsageError: A setting is wrong, or the database is none that machines may share.
        CredentialsError: It has no key at all.
        StorageError: The database cannot be used.
    """
    environ = read_environment(options.project, options.env_file)
    settings = Settings.from_environment(environ)
    if not settings.keys:
        raise CredentialsError(
            "a worker buys with keys, and has none",
            hint=f"Set {' or '.join(KEYS.values())} in its environment.",
        )
    project = read_project(options.project, environ)
    store = open_store(project.store, options.project, environ, sandbox=False)
    with contextlib.closing(open_shared_ledger(environ)) as ledger:
        ledger.do(make_fleet_tables())
        # Facts wait for the database however long it is away: nothing is bought meanwhile.
        ledger.outlast(math.inf, lambda told: console.say(told, style="yellow"))
        starts = StartLimits()
        bills = read_past_bills(locate_ledger(environ))
        making = _Configs(options, settings, project, store, bills, ledger, starts)
        yield Worker(
            name=f"{socket.gethostname()}-{os.getpid()}-{token_hex(4)}",
            ledger=ledger,
            address=locate_ledger(environ) or "",
            registry=open_registry(options.project, options.templates),
            project=options.project,
            fleet=FleetSettings.from_environment(environ),
            settings=settings,
            starts=starts,
            caps=project.caps,
            configure=making.configure,
        )


@dataclass(frozen=True, slots=True)
class _Configs:
    """Says of each job how its inferences are carried out."""

    options: WorkerOptions
    settings: Settings
    project: ProjectSettings
    store: PurchaseStore | None
    bills: PastBills
    ledger: Ledger
    starts: StartLimits

    def configure(self, destination: Destination) -> RunConfig:
        """How the inferences of a job are carried out."""
        terms = destination.terms
        limits = lower_limits(terms.limits, self.project.limits)
        mib = self.project.max_image_mib
        return RunConfig(
            settings=self.settings,
            limits=Limits(self.options.concurrency or terms.concurrency, self.starts),
            listener=_hear_nothing,
            overwrite=terms.overwrite,
            store=self.store,
            bills=self.bills,
            throttle=SharedThrottle(
                self.ledger, destination.run, self.settings.keys, limits.creates, limits.places
            ),
            marks=terms.marks,
            downloads=DownloadLimits() if mib is None else DownloadLimits(mib * 1024**2),
            full_checks=self.project.full_checks,
            describe_bug=CrashReports().describe,
        )


def _hear_nothing(inference: str, event: str, **detail: object) -> None:
    """The database tells how inferences go on; `vidi status --fleet` shows it."""
