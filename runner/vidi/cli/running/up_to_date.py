"""Whether a run may rest on what the one before it found: for a glance at a stamped folder."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.inference.models.about import registry_version
from vidi.inference.models.provider_names import provider_names
from vidi.jobs.job import STDIN
from vidi.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.cli.run_options import RunOptions
    from vidi.cli.running.accounts import Money
    from vidi.inference.store.store import PurchaseStore


def describe_asked(
    options: RunOptions, money: Money | None, store: PurchaseStore | None = None
) -> str:
    """What is asked for, of whom, when and by whom; "" where only the whole way will do.

    The whole way is for answers that show the plan, for selectors, which may mean nothing, for a
    job from stdin, of which no file's time says anything, and for a ledger on a server, of which
    nobody knows at a glance whether it still has this folder's costs. Prices change with the day.
    """
    if _takes_the_whole_way(options):
        return ""
    ledger = money.ledger if money is not None else None
    if ledger is not None and "://" in ledger:
        return ""
    day = datetime.now(UTC).date().isoformat()
    versions = (__version__, str(registry_version()))
    shared = store.where if store is not None else None
    asked = repr((versions, options, str(Path.cwd()), day, ledger, _identify(ledger), shared))
    return hashlib.sha256(asked.encode("utf-8", "surrogateescape")).hexdigest()  # has --var values


def _takes_the_whole_way(options: RunOptions) -> bool:
    selected = options.select or options.exclude or options.rebuy or options.restore
    shown = options.estimate or options.json_wanted or options.locked or options.apply
    return bool(shown or selected or options.rejected or STDIN in options.job_files)


def list_others(options: RunOptions) -> tuple[Path, ...]:
    """What a plan depends on beside its job file and templates: where a template may be added."""
    return (*options.vars_file, *_template_folders(options))


def _template_folders(options: RunOptions) -> Iterator[Path]:
    for name in (options.templates, Path("templates")):
        if name is not None:
            folder = options.project / name
            yield folder
            yield from (folder / provider for provider in provider_names())


def _identify(ledger: str | None) -> tuple[int, int] | None:
    """Which file a ledger is: another one in its place does not have this folder's costs."""
    if ledger is None:
        return None
    try:
        facts = Path(ledger).expanduser().stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino
