"""The steps of `vidi-run --fleet`: as those of a run, up to what buys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.cli.running.before import (
    check_keys,
    find_store,
    plan_every_job,
    read_accounts,
    read_settings,
    report,
    show_estimate,
    show_mistakes,
    show_refusals,
    weigh_against_caps,
)
from vidi.cli.running.fleet.hand_out import attach_to_running, hand_out_job
from vidi.cli.running.fleet.state import FleetState, refuse_options
from vidi.cli.running.fleet.watch import watch_job
from vidi.cli.running.locked import refuse_unlocked
from vidi.cli.running.price_age import refuse_old_prices
from vidi.cli.running.whole_command import confirm_uncapped

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable

    from vidi.cli.display.console import Console
    from vidi.cli.run_options import RunOptions


def open_fleet(options: RunOptions, console: Console, held: contextlib.ExitStack) -> FleetState:
    """What a command about a fleet's job begins with.

    Raises:
        UsageError: An option has no meaning for a fleet.
    """
    refuse_options(options)
    return FleetState("estimate" if options.estimate else "run", options, console, held)


def confirm_spending(state: FleetState) -> int | None:
    """Ask before something is bought without any cap."""
    confirm_uncapped(state)
    return report(state)


_BEFORE: tuple[Callable[..., int | None], ...] = (
    read_settings,
    read_accounts,
    find_store,
    plan_every_job,
    show_mistakes,
)
_WEIGH: tuple[Callable[..., int | None], ...] = (
    weigh_against_caps,
    refuse_old_prices,
    refuse_unlocked,
)
FLEET_STEPS: dict[str, tuple[Callable[..., int | None], ...]] = {
    "run": (
        *_BEFORE,
        attach_to_running,
        *_WEIGH,
        show_refusals,
        check_keys,
        confirm_spending,
        hand_out_job,
        watch_job,
    ),
    "estimate": (*_BEFORE, *_WEIGH, show_estimate, show_refusals),
}
