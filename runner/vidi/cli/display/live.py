"""The live display of a run in a terminal: a line for each inference, one bar, the money."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from vidi.cli.display.columns import shorten_middle
from vidi.cli.display.time_left import TimeLeft
from vidi.cli.display.visible import make_visible
from vidi.dollars import format_usd
from vidi.runs.records.figures import format_seconds

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import RenderableType

    from vidi.cli.display.plain_lines import PlainLines
    from vidi.runs.planning.plan import Plan

WORDS = {
    "started": "starting",
    "uploading": "uploading",
    "intent": "submitting",
    "submitted": "submitted",
    "downloading": "downloading",
    "look_failed": "looking again",
}


BAR_WIDTH = 24
REDRAW_S = 1 / 8
_KEPT_LINES = 4
"""Of a screen: the bar, the money, the count of what is not shown, and the cursor's line."""


class LiveDisplay:
    """Shows what is under way; what has ended scrolls up as plain lines.

    It is never higher than the screen, and the bar and the money are its last lines: a display
    that is too high would lose just those.

    Args:
        plan: What is run.
        lines: Where the lines of ended inferences go.
        concurrency: How many inferences run at once.
    """

    def __init__(self, plan: Plan, lines: PlainLines, concurrency: int) -> None:
        self._lines = lines
        self._name = make_visible(plan.job.name)
        self._under_way: dict[str, tuple[str, float, Spinner]] = {}
        self._models = {planned.id: planned.model for planned in plan.to_run}
        self._left = dict(self._models)
        """The models of what has not ended."""
        self._time_left = TimeLeft(plan, concurrency)
        self._began = time.monotonic()
        self._console = Console(stderr=True)
        self._live = Live(
            get_renderable=self._render,
            console=self._console,
            auto_refresh=False,
            transient=True,
        )
        # Rich's own thread redraws between the measuring and the writing of a line that is printed
        # meanwhile, and rows that have ended then stay on the screen.
        self._drawing = threading.RLock()
        self._stopped = threading.Event()
        self._redrawing = threading.Thread(target=self._redraw, name="vidi-display", daemon=True)

    def __enter__(self) -> Self:
        self._live.start()
        self._redrawing.start()
        self._lines.print_line = self._print_line
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._redrawing.join()
        with self._drawing:
            self._live.stop()

    def _redraw(self) -> None:
        while not self._stopped.wait(REDRAW_S):
            with self._drawing:
                self._live.refresh()

    def __call__(self, inference: str, event: str, **detail: Any) -> None:
        """Hear of one event of the run."""
        if event == "ended":
            self._note_end(inference, detail["outcome"].status)
        elif inference:
            word = detail.get("status", "running") if event == "running" else WORDS.get(event)
            _, began, spinner = self._under_way.get(
                inference, ("", time.monotonic(), Spinner("dots"))
            )
            if word:
                self._under_way[inference] = (word, began, spinner)
        self._lines(inference, event, **detail)

    def _note_end(self, inference: str, status: str) -> None:
        _, began, _ = self._under_way.pop(inference, ("", None, None))
        model = self._left.pop(inference, None)
        if status == "succeeded" and began is not None and model is not None:
            self._time_left.learn(model, time.monotonic() - began)

    def _print_line(self, line: str) -> None:
        with self._drawing:
            self._console.print(Text(make_visible(line)), soft_wrap=True)

    def _describe_money(self) -> str:
        if self._lines.budget is None:
            return ""
        balance = self._lines.budget.balance
        room = self._lines.budget.left
        left = "no cap" if room is None else f"left {format_usd(room)}"
        return f"spent {format_usd(balance.spent)}  reserved {format_usd(balance.reserved)}  {left}"

    def _render(self) -> RenderableType:
        console = self._console
        room = max(1, console.height - _KEPT_LINES)
        table = Table.grid(padding=(0, 1))
        for column in range(5):
            table.add_column(no_wrap=True, overflow="ellipsis", ratio=1 if column == 1 else None)
        for inference, (word, began, spinner) in list(self._under_way.items())[:room]:
            table.add_row(
                spinner,
                Text(make_visible(inference), style="bold"),
                Text(shorten_middle(self._models[inference], console.width // 3), style="dim"),
                Text(make_visible(word).lower().replace("_", " ")),
                Text(format_seconds(time.monotonic() - began), style="dim"),
            )
        hidden = len(self._under_way) - room
        more = [Text(f"… and {hidden} more under way", style="dim")] if hidden > 0 else []
        last = [Text(self._describe_bar()), Text(self._describe_money())]
        for line in last:
            line.truncate(console.width, overflow="ellipsis")
        return Group(table, *more, *last)

    def _describe_bar(self) -> str:
        """The bar, drawn with characters that differ also where nothing is coloured."""
        done, total = self._lines.done, self._lines.total
        filled = BAR_WIDTH * done // max(total, 1)
        bar = "█" * filled + "░" * (BAR_WIDTH - filled)
        elapsed = format_seconds(time.monotonic() - self._began)
        left = self._time_left.tell(self._left.values())
        return "  ".join(filter(None, (bar, f"{done}/{total}", elapsed, left, self._name)))
