"""The providers, asked who we are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.cli.commands.setup.checkup.findings import Finding
from vidi.errors import VidiError
from vidi.inference.providers.documents import DocumentReader
from vidi.inference.providers.who_am_i import ask_who
from vidi.runs.execution.stopping import run_until_stopped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.inference.providers.who_am_i import WhoAmI
    from vidi.inference.settings import Settings

MOST_SKEW_S = 60
"""Seconds that a clock may be off: in-doubt requests are looked for in a window of time."""


def ask_live(settings: Settings) -> list[Finding]:
    """What each provider with a key says; a refusal ends with its exit code."""
    return run_until_stopped(_ask(settings))


async def _ask(settings: Settings) -> list[Finding]:
    reader = DocumentReader(settings)
    found: list[Finding] = []
    try:
        for provider in settings.keys:
            try:
                found += _tell(await ask_who(reader, provider))
            except VidiError as error:
                found.append(Finding(f"{provider}: {error.message}", error.hint, error.exit_code))
    finally:
        await reader.aclose()
    return found


def _tell(who: WhoAmI) -> Iterator[Finding]:
    name = who.name or "the key is good (its account's name is told to ADMIN keys alone)"
    yield Finding(f"{who.provider}: {name}; {who.limits}")
    if who.skew_s is not None and abs(who.skew_s) > MOST_SKEW_S:
        ahead = "ahead of" if who.skew_s > 0 else "behind"
        yield Finding(
            f"clock: {abs(who.skew_s):,.0f} s {ahead} {who.provider}'s",
            "Set the clock: what is in doubt is looked for by time.",
        )
