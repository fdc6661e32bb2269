"""How a run looks while it lasts: a live display in a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from vidi.cli.display.plain_lines import PlainLines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.cli.display.console import Console
    from vidi.cli.run_options import RunOptions
    from vidi.inference.lifecycle.runtime import Listener
    from vidi.runs.planning.plan import Plan


@contextlib.contextmanager
def open_progress(plan: Plan, options: RunOptions, console: Console) -> Iterator[Listener]:
    """Yield the listener that shows a run: live, as plain lines, or not at all."""
    lines = PlainLines(plan, console)
    if options.quiet or options.json_wanted or options.no_progress or not sys.stderr.isatty():
        yield lines
        return
    from vidi.cli.display.live import LiveDisplay

    with LiveDisplay(plan, lines, options.concurrency or plan.job.concurrency) as display:
        yield display
