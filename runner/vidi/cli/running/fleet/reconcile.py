"""`vidi reconcile --fleet`: the doubts of a job that several machines share."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidi.cli.running.fleet.asking import open_job
from vidi.cli.running.job_run import open_registry
from vidi.inference.settings import Settings
from vidi.inference.tracking.fleet.settings import FleetSettings
from vidi.runs.execution.stopping import run_until_stopped
from vidi.runs.fleet.doubts import DoubtDesk

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from vidi.runs.execution.reconciliation import Finding


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody says of doubts."""

    paid: Mapping[str, str]
    not_paid: Collection[str]
    absent_older_s: float | None = None
    """Seconds after which what the provider does not list was not bought; None says nothing."""


async def _settle(desk: DoubtDesk, words: Words) -> tuple[Sequence[Finding], tuple[str, ...]]:
    if words.paid or words.not_paid:
        findings = await desk.take_word(words.paid, words.not_paid)
    else:
        findings = await desk.ask()
    if words.absent_older_s is not None:
        settled = await desk.take_absent(words.absent_older_s)
        names = {each.id for each in settled}
        findings = (*(each for each in findings if each.id not in names), *settled)
    return findings, await desk.list_left()


def settle_fleet_doubts(
    name: str, project: Path, templates: Path | None, env_file: Path | None, words: Words
) -> tuple[Sequence[Finding], tuple[str, ...]]:
    """Settle what can be settled; returns the findings and the ids that are still in doubt.

    Raises:
        UsageError: There is no such job, or what is said is about none of its doubts.
        StorageError: The database cannot be used.
    """
    with open_job(name, project, env_file) as asked:
        desk = DoubtDesk(
            asked.destination,
            asked.ledger,
            open_registry(project, templates),
            Settings.from_environment(asked.environ),
            FleetSettings.from_environment(asked.environ),
            f"reconcile-{socket.gethostname()}-{os.getpid()}",
        )
        return run_until_stopped(_settle(desk, words))
