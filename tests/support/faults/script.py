"""What goes wrong in a cell of the fault matrix, also what no answer can do by itself."""

import asyncio
import os
import signal
from collections import Counter
from math import inf
from typing import Any

from support.faults.cells import Cell
from support.servers.closable_port import Gate
from vidi.runs.execution.signals import received_signals
from vidi.sandbox.faults import FaultPlan
from vidi.sandbox.state import Sandbox

BEFORE = {"poll": "submit", "result": "submit", "download": "poll", "cancel": "poll",
          "list": "submit"}  # fmt: skip
"""During which request the port is shut, so that the phase's own meets a shut one."""
BEFORE_AT_FAL = {**BEFORE, "result": "poll", "download": "result"}
SHUT_S = 0.3
"""How long the port is shut, and how long a work outlives a cancel that failed: in that time the
answer to it is told."""


class Script(FaultPlan):
    """A fault plan that also does what no answer can: shuts the port, and presses Ctrl-C."""

    def __init__(self, cell: Cell, gate: Gate) -> None:
        super().__init__(cell.rules)
        self.seen: Counter[str] = Counter()
        """Requests by phase."""
        self._cell = cell
        self._gate = gate
        self._sandbox: Sandbox | None = None

    @property
    def struck(self) -> bool:
        """Whether everything that was to go wrong did."""
        return all(rule.seen >= max(rule.times, 1) for rule in self._rules)

    def begin(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def end(self) -> None:
        """From here on nothing goes wrong, and nothing takes long."""
        self._cell = Cell("", "", "")
        self._rules.clear()
        self._sandbox.latency = 0.0
        for work in self._sandbox.works.values():
            if work.doom == "stuck":
                work.fate, work.deadline_at = None, inf
                self._sandbox.billing.charge(work)

    def strike(self, action: str, provider: str, model: str = "") -> Any:
        """The fault of a request; at the first of each kind, whatever else is to happen."""
        self.seen[action] += 1
        if self.seen[action] == 1:
            self._act(action)
        return super().strike(action, provider, model)

    def _act(self, action: str) -> None:
        cell, later = self._cell, asyncio.get_running_loop().call_later
        refused = cell.fault == "refused"
        before = BEFORE_AT_FAL if cell.provider == "fal" else BEFORE
        if refused and before.get(cell.phase) == action:
            self._gate.shut(SHUT_S)
        if cell.phase == "cancel" and action == "poll":
            os.kill(os.getpid(), signal.SIGINT)
            later(0.01, self._press_again)
        if cell.phase == "cancel" and action == ("poll" if refused else "cancel"):
            later(SHUT_S, self._finish_what_is_not_cancelled)

    def _press_again(self) -> None:
        """Press once more when the first was heard: two at a time may be heard as one.

        Python notes a signal when it arrives, and hears it when the main thread comes to it.
        """
        if not received_signals.count:
            asyncio.get_running_loop().call_later(0.01, self._press_again)
        else:
            os.kill(os.getpid(), signal.SIGINT)

    def _finish_what_is_not_cancelled(self) -> None:
        for work in self._sandbox.works.values():
            if work.canceled_at == inf:
                work.latency = 0.0
