"""Keys, addresses, models, prices, store and clock of a project, as the doctor sees them."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.cli.commands.setup.checkup.findings import Finding
from vidi.errors import UsageError
from vidi.inference.models.prices.standing import STALE_DAYS, price_standing
from vidi.inference.providers.account import FAL, REPLICATE
from vidi.inference.settings import KEYS, PROVIDER_URLS
from vidi.inference.store.address import STORE, open_store
from vidi.inference.tracking.project import read_project
from vidi.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vidi.cli.commands.setup.checkup.used import UsedModels
    from vidi.inference.models.registry import ModelRegistry
    from vidi.inference.settings import Settings

PAGES = {each.provider: each.keys_page for each in (REPLICATE, FAL)}
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""A clock that shows an earlier day is wrong: this program is younger."""


def check_addresses(settings: Settings) -> Iterator[Finding]:
    """Every provider that is not where it usually is."""
    for setting, url in settings.urls.items():
        if url != PROVIDER_URLS[setting]:
            yield Finding(f"{setting} is {url}")


def check_keys(settings: Settings, used: UsedModels) -> Iterator[Finding]:
    """Whether the providers have keys that the project's jobs use; all of them without jobs."""
    needed = used.providers or dict.fromkeys(KEYS, "")
    for provider, variable in KEYS.items():
        job = needed.get(provider, "")
        if provider in settings.keys:
            yield Finding(f"{provider}: {variable} is set")
        elif provider in needed:
            why = f"{job} uses it. " if job else ""
            hint = f"{why}Get a key at {PAGES[provider]} and put it in {variable} or in .env."
            yield Finding(f"{provider}: {variable} is not set", hint, exit_code=4)
        else:
            yield Finding(f"{provider}: {variable} is not set (no job uses it)")


def check_jobs(used: UsedModels) -> Iterator[Finding]:
    """What the job files of the project use."""
    if used.models:
        jobs = len(set(used.models.values()))
        yield Finding(f"jobs: {_count(len(used.models), 'model')}, first seen in {jobs} files")
    for job in used.broken:
        yield Finding(f"jobs: {job} has mistakes", f"See `vidi validate {job}`.")


def check_prices(registry: ModelRegistry, used: UsedModels) -> Iterator[Finding]:
    """Prices that nobody has looked at for long, and models that are gone."""
    stale = []
    for model_id in used.models:
        try:
            model = registry.get_template(model_id)
        except UsageError:
            continue  # validate says it, with its place
        if price_standing(model, datetime.now(UTC).date()).stale:
            stale.append(model_id)
        if model.retired:
            others = " or ".join(model.replaced_by)
            hint = f"Use {others}." if others else "Choose another: `vidi models search`."
            yield Finding(f"retired: {model_id}", hint)
    if stale:
        some = ", ".join(stale[:3]) + (f" and {len(stale) - 3} more" if len(stale) > 3 else "")
        yield Finding(
            f"prices: older than {STALE_DAYS} days: {some}",
            "`vidi models refresh` asks the providers.",
        )
    elif used.models:
        yield Finding("prices: none is stale")


def check_store(project: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Whether bought assets are shared with other folders, and can be written there."""
    setting = read_project(project, environ).store
    address = environ.get(STORE, "").strip() or setting
    try:
        open_store(setting, project, environ, sandbox=False)
    except UsageError as error:
        yield Finding(f"store: {error.message}", error.hint)
        return
    if not address:
        yield Finding("store: none")
        return
    path = project / Path(address).expanduser()
    unusable = "://" not in address and not _can_write(path)
    hint = "Make the folder, or give yourself the right to write there." if unusable else ""
    yield Finding(f"store: {address}{' cannot be written' if unusable else ''}", hint)


def _can_write(path: Path) -> bool:
    """Whether a folder can be written to, or made."""
    return os.access(path if path.exists() else path.parent, os.W_OK)


def check_clock() -> Iterator[Finding]:
    """Whether the clock can be right: budgets by day and in-doubt requests go by it."""
    now = datetime.now(UTC)
    if now < EARLIEST:
        hint = f"Set the clock: vidi {__version__} is younger than that."
        yield Finding(f"clock: {now:%Y-%m-%d %H:%M} UTC", hint)
    else:
        yield Finding(f"clock: {now:%Y-%m-%d %H:%M} UTC")


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
