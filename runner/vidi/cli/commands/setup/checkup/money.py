"""The ledger and the caps, as the doctor sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.cli.commands.setup.checkup.findings import Finding
from vidi.cli.running.accounts import open_existing, read_cap_usages_of
from vidi.dollars import format_usd
from vidi.errors import StorageError, UsageError
from vidi.inference.tracking.caps import CapUsage
from vidi.inference.tracking.ledger.address import locate_ledger
from vidi.inference.tracking.project import read_project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


def check_money(project: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Where spending is written down, and what limits it."""
    address = locate_ledger(environ)
    if address is None:
        yield Finding("ledger: none (VIDI_COSTS=off)", "No cap holds: take VIDI_COSTS=off out.")
        return
    try:
        with open_existing(address) as ledger:
            where = f"{address} (made by the first run)" if ledger is None else ledger.where
        yield Finding(f"ledger: {where}")
        usages = read_cap_usages_of(address)
    except (StorageError, UsageError) as error:
        yield Finding(f"ledger: {error.message}", error.hint)
        usages = {}
    caps = read_project(project, environ).caps
    if not caps:
        yield Finding(
            "caps: none by day, week or month",
            "Set VIDI_BUDGET_DAY, or budget_day in vidi.toml, to limit all runs together.",
        )
    for cap in caps:
        usage = usages.get(cap.kind, CapUsage())
        left = max(cap.usd - usage.taken, cap.usd * 0)
        yield Finding(
            f"cap of the {cap.kind}: {format_usd(cap.usd)} ({cap.setting}), {usage.told}, "
            f"{format_usd(left)} left",
            "" if left else f"Wait for the next {cap.kind} (UTC), or raise {cap.setting}.",
        )
