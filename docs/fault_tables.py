"""The tables of docs/faults.md, from the matrix that the tests play.

The matrix is `tests/support/faults/matrix.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.faults import matrix

BOOKED = {"billed": "what is billed", "estimate": "the estimate", "reserved": "nothing yet: held"}
NEXT_RUN = {
    "unchanged": "nothing is left to do",
    "buys": "buys it",
    "succeeded": "brings it home, for nothing",
    "in_doubt": "asks the provider again",
    "unfinished": "looks again",
    "moderated": "buys nothing until its params change, or `--rebuy`",
}


def make_phases() -> str:
    """What each phase is."""
    return _table(("phase", "what it is"), matrix.PHASES.items())


def make_endings() -> str:
    """What each ending means, and what comes after it."""
    head = ("ending", "what happens", "exit", "paid requests", "booked", "the next run, without it")
    rows = [
        (
            name,
            ending.says,
            str(ending.exit_code),
            str(ending.submits),
            BOOKED[ending.booked],
            NEXT_RUN[ending.next_run],
        )
        for name, ending in matrix.ENDINGS.items()
    ]
    return _table(head, rows)


def make_matrix() -> str:
    """Every fault in every phase."""
    rows = [
        (f"`{fault}`: {says}", *(_shown(matrix.TABLE[fault, phase]) for phase in matrix.PHASES))
        for fault, says in matrix.FAULTS.items()
    ]
    return _table(("what goes wrong", *matrix.PHASES), rows)


def make_reasons() -> str:
    """Why some cells are empty."""
    return "\n".join(f"- {reason}" for reason in matrix.IMPOSSIBLE.values()) + "\n"


def _shown(code: str) -> str:
    return "–" if code in matrix.IMPOSSIBLE else code


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
