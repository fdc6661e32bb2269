"""The folder of `vidi reconcile`: held, read, settled, and the ledger told. Imported late."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import TYPE_CHECKING

from vidi.cli.running.accounts import UnusableLedgerError, open_existing
from vidi.cli.running.job_files import find_job_file
from vidi.cli.running.job_run import SANDBOX_KEYS, open_registry
from vidi.emulation import open_emulation
from vidi.errors import StorageError, UsageError
from vidi.inference.environment import read_environment
from vidi.inference.settings import Settings
from vidi.inference.tracking.ledger.address import locate_ledger
from vidi.inference.tracking.opening import open_journal
from vidi.inference.tracking.receipts import UnsharedReceipts
from vidi.jobs.job import read_job
from vidi.runs.execution.reconciliation import (
    Finding,
    ReconcileConfig,
    ask_providers,
    check_word,
    list_doubts,
    take_word,
)
from vidi.runs.execution.repricing import ask_costs
from vidi.runs.execution.stopping import run_until_stopped
from vidi.runs.records.destination import locate_address
from vidi.runs.records.folder import JOURNAL, check_kind, locate_folder
from vidi.runs.records.remote.hold import hold_output

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from vidi.cli.display.console import Console
    from vidi.inference.tracking.journal.journal import Journal
    from vidi.inference.tracking.receipts import Receipts
    from vidi.runs.execution.repricing import CostFinding


@dataclass(frozen=True, slots=True)
class DoubtfulInference:
    """Which folder it is about, and where its keys and templates are."""

    job_file: Path
    project: Path
    output_dir: Path | None
    templates: Path | None
    env_file: Path | None
    sandbox: bool


def settle_doubts(
    case: DoubtfulInference, paid: Mapping[str, str], not_paid: Collection[str], console: Console
) -> tuple[Sequence[Finding], tuple[str, ...]]:
    """Settle what can be settled; returns the findings and the ids that are still in doubt.

    Raises:
        UsageError: There is no run to reconcile, or the user's word is about none of its doubts.
        FolderLockedError: A run holds the folder.
    """
    with _open_folder(case, console) as config:
        doubtful = {state.id for state in list_doubts(config.journal.states)}
        begun = config.receipts.find_begun([key for key in not_paid if key not in doubtful])
        not_paid = [key for key in not_paid if key not in begun]
        _refuse_without_journal(config, [key for key in paid if key not in doubtful])
        check_word(config.journal.states, paid, not_paid)
        if begun or paid or not_paid:
            config.receipts.release_begun(begun)
            findings = (
                *(Finding(key, "", "not_paid") for key in begun),
                *run_until_stopped(take_word(config, paid, not_paid)),
            )
        else:
            findings = run_until_stopped(ask_providers(config))
        return findings, tuple(state.id for state in list_doubts(config.journal.states))


def _refuse_without_journal(config: ReconcileConfig, paid: Sequence[str]) -> None:
    """Say what to do about what was bought by a run whose log.jsonl is gone.

    Raises:
        UsageError: One of these ids was: nobody knows what exactly was asked for.
    """
    for key in config.receipts.find_begun(paid):
        raise UsageError(
            f"{key} was begun by a run whose log.jsonl is gone: what it bought cannot be taken up",
            hint=f"Put log.jsonl back, and `vidi reconcile` again. Else save its files from the "
            f"provider's page; --rebuy {key} buys it anew, and counts the earlier one as spent.",
        )


def price_estimates(
    case: DoubtfulInference, console: Console
) -> tuple[Sequence[CostFinding], tuple[str, ...]]:
    """Ask what settled estimates have cost; returns that and the ids that are in doubt.

    Raises:
        UsageError: There is no run to reconcile.
        FolderLockedError: A run holds the folder.
    """
    with _open_folder(case, console) as config:
        findings = run_until_stopped(ask_costs(config))
        return findings, tuple(state.id for state in list_doubts(config.journal.states))


@contextlib.contextmanager
def _open_folder(case: DoubtfulInference, console: Console) -> Iterator[ReconcileConfig]:
    """Hold and read the folder; what is settled meanwhile is told to the ledger in the end."""
    if not case.project.is_dir():
        raise UsageError(f"there is no folder {case.project}", hint="Check -C.")
    environ = {} if case.sandbox else read_environment(case.project, case.env_file)
    settings = (
        Settings(keys=SANDBOX_KEYS) if case.sandbox else Settings.from_environment(environ)
    )  # fmt: skip
    folder, address = _find_folder(case)
    with hold_output(folder, address):
        journal = open_journal(
            folder / JOURNAL,
            run=token_hex(8),
            secrets=() if case.sandbox else tuple(settings.keys.values()),
        )
        check_kind(folder, journal.header, sandbox=case.sandbox)
        registry = open_registry(case.project, case.templates)
        wire = open_emulation(registry) if case.sandbox else None
        with journal, _open_receipts(case, journal, folder, environ) as receipts:
            yield ReconcileConfig(journal, registry, settings, wire, receipts)
        if not case.sandbox:
            _tell_ledger(journal, folder, locate_ledger(environ), console)


def _find_folder(case: DoubtfulInference) -> tuple[Path, str | None]:
    """The folder, and the bucket that its journal may have to be brought from."""
    job_file = find_job_file(case.job_file, case.project)
    job = read_job(job_file, project=case.project, allow_outside=True)
    folder = locate_folder(job, case.project, given=case.output_dir, sandbox=case.sandbox)
    address = locate_address(job, given=case.output_dir, sandbox=case.sandbox)
    if address is None and not (folder / JOURNAL).is_file():
        raise UsageError(
            f"{folder} holds no run", hint="Run the job first, or name its folder with -o."
        )
    return folder, address


@contextlib.contextmanager
def _open_receipts(
    case: DoubtfulInference, journal: Journal, folder: Path, environ: Mapping[str, str]
) -> Iterator[Receipts]:
    """What other folders of this ledger have bought; the sandbox has no ledger."""
    address = None if case.sandbox else locate_ledger(environ)
    with open_existing(address) if address else contextlib.nullcontext() as ledger:
        if ledger is None:
            yield UnsharedReceipts()
            return
        from vidi.inference.tracking.ledger.claims import OwnFolder
        from vidi.inference.tracking.ledger.run_account import RunAccount

        known = frozenset(header["run"] for header in journal.headers)
        own = OwnFolder(str(folder.resolve()), known)
        yield RunAccount(ledger, "", (), journal.states, own=own)


def _tell_ledger(journal: Journal, folder: Path, address: str | None, console: Console) -> None:
    """Bring the ledger up to the journal: what was not bought is no longer reserved."""
    if address is None:
        return
    try:
        with open_existing(address) as ledger, contextlib.suppress(KeyError):
            if ledger is None:
                return
            from vidi.inference.tracking.ledger.replay import read_record, replay_journal

            runs = [read_record(header, str(folder.resolve())) for header in journal.headers]
            charges = [charge for state in journal.states.values() for charge in state.charges]
            ledger.do(replay_journal(runs, charges, datetime.now(UTC)))
    except (StorageError, UnusableLedgerError) as error:
        console.say(
            f"{error.message}; the next run of this folder brings the ledger up", style="yellow"
        )
