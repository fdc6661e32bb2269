"""A run as plain lines: one when an inference ends, and for whatever needs to be known."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from vidi.dollars import format_usd
from vidi.runs.records.figures import format_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from vidi.cli.display.console import Console
    from vidi.inference.lifecycle.carry_out import Outcome
    from vidi.inference.tracking.budget import Budget
    from vidi.runs.planning.plan import Plan

MARKS = {"succeeded": "✓", "failed": "✗", "moderated": "✗", "in_doubt": "?", "unfinished": "…"}
STOPPING = {
    1: "stopping: nothing new begins, what runs is fetched. Ctrl-C again cancels it remotely.",
    2: "cancelling at the providers. Ctrl-C again leaves at once; the next run picks it up.",
    3: "leaving.",
}

TOLD = {
    "unknown_status": "unknown status '{status}', looking on",
    "recalled": "{message}",
    "gone": "{message}; buying it again",
    "drift": "warning: {message}",
    "in_doubt": "{message}; asking the provider",
    "out_of_files": "too many open files: fewer at once from here on",
    "adopted": "it was bought, as {request_id}",
    "not_stored": "it is here, but not in the store: {message}",
    "earlier_lost": "what was bought before is lost: {message}",
    "cancel_failed": "not cancelled: {message}",
}
"""What is said of an event, whoever listens."""


class PlainLines:
    """A line when an inference ends, and for whatever somebody should know meanwhile."""

    def __init__(self, plan: Plan, console: Console) -> None:
        self.budget: Budget | None = None
        self.done = 0
        self.total = len(plan.to_run)
        self._console = console
        self.print_line: Callable[[str], None] = console.tell
        """Where lines go; a live display takes this over, so that they scroll above it."""
        self._began: dict[str, float] = {}

    def __call__(self, inference: str, event: str, **detail: Any) -> None:
        """Hear of one event of the run."""
        if event == "started":
            self._began[inference] = time.monotonic()
        elif event == "balance":
            self.budget = detail["budget"]
        elif event == "ended":
            self.done += 1
        line = detail["message"] if event == "alert" else self._describe(inference, event, detail)
        if line:
            self.print_line(line)

    def _describe(self, inference: str, event: str, detail: dict[str, Any]) -> str:
        match event:
            case "ended":
                return self._describe_end(inference, detail["outcome"])
            case "cancelled":
                answer = "cancelled" if detail["agreed"] else "could not be cancelled any more"
                return f"{inference}: {answer}"
            case event if event in TOLD:
                return f"{inference}: {TOLD[event].format(**detail)}"
            case "stop":
                return self._describe_stop(detail)
            case _:
                verbose = self._console.verbose
                return self._describe_detail(inference, event, detail) if verbose else ""

    def _describe_end(self, inference: str, outcome: Outcome) -> str:
        count = f"[{self.done}/{self.total}]"
        seconds = format_seconds(time.monotonic() - self._began[inference])
        mark = MARKS.get(outcome.status, "-")
        line = f"{count} {mark} {inference}: {outcome.status.replace('_', ' ')} in {seconds}"
        return f"{line}: {outcome.error.message}" if outcome.error else line

    def _describe_stop(self, detail: dict[str, Any]) -> str:
        under_way = detail["execution"].billed
        billed = f" Still billed: {', '.join(under_way)}." if under_way else ""
        return STOPPING[detail["level"]] + billed

    def _describe_detail(self, inference: str, event: str, detail: dict[str, Any]) -> str:
        match event:
            case "intent":
                return f"{inference}: submitting, {format_usd(detail['reserved'])} reserved"
            case "submitted":
                return f"{inference}: submitted as {detail['request_id']}"
            case "uploading":
                return f"{inference}: uploading {detail['file']}"
            case "downloading":
                return f"{inference}: downloading {detail['index']} of {detail['count']}"
            case "look_failed":
                return f"{inference}: {detail['message']}; looking again"
            case _:
                return ""
