"""The live display of a run in a terminal: a line for each inference, one bar, the money."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

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


class LiveDisplay:
    """Shows what is under way; what has ended scrolls up as plain lines.

    Args:
        plan: What is run.
        lines: Where the lines of ended inferences go.
    """

    def __init__(self, plan: Plan, lines: PlainLines) -> None:
        self._lines = lines
        self._under_way: dict[str, tuple[str, float, Spinner]] = {}
        self._models = {planned.id: planned.model for planned in plan.to_run}
        self._bar = Progress(
            TextColumn(make_visible(plan.job.name), markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[money]}"),
        )
        self._task = self._bar.add_task("run", total=len(plan.to_run), money="")
        self._live = Live(
            get_renderable=self._render,
            console=Console(stderr=True),
            refresh_per_second=8,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._live.start()
        self._lines.print_line = self._print_line
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def __call__(self, inference: str, event: str, **detail: Any) -> None:
        """Hear of one event of the run."""
        if event == "ended":
            self._under_way.pop(inference, None)
        elif inference:
            word = detail.get("status", "running") if event == "running" else WORDS.get(event)
            _, began, spinner = self._under_way.get(
                inference, ("", time.monotonic(), Spinner("dots"))
            )
            if word:
                self._under_way[inference] = (word, began, spinner)
        self._lines(inference, event, **detail)
        self._bar.update(self._task, completed=self._lines.done, money=self._describe_money())

    def _print_line(self, line: str) -> None:
        self._live.console.print(Text(make_visible(line)), soft_wrap=True)

    def _describe_money(self) -> str:
        if self._lines.budget is None:
            return ""
        balance = self._lines.budget.balance
        left = "no cap" if balance.left is None else f"left {format_usd(balance.left)}"
        return f"spent {format_usd(balance.spent)}  reserved {format_usd(balance.reserved)}  {left}"

    def _render(self) -> RenderableType:
        table = Table.grid(padding=(0, 1))
        for inference, (word, began, spinner) in self._under_way.items():
            table.add_row(
                spinner,
                Text(make_visible(inference), style="bold"),
                Text(self._models[inference], style="dim"),
                Text(make_visible(word).lower().replace("_", " ")),
                Text(format_seconds(time.monotonic() - began), style="dim"),
            )
        return Group(table, self._bar)
