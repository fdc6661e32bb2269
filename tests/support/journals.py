"""Journals that a test writes anew, each line with the checksum that it would have had."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from vidi.inference.tracking.journal.checksum import add_checksum
from vidi.inference.tracking.journal.journal import Journal


def append(journal: Journal, event: str, inference: str | None = None, **fields: object) -> None:
    """Write one event where no event loop runs."""
    asyncio.run(journal.append(event, inference, **fields))


def rewrite(log: Path, change: Callable[[str], str]) -> None:
    """Write a journal anew, with something changed in its text."""
    bare = "".join(f"{_strip(line)}\n" for line in log.read_text(encoding="utf-8").splitlines())
    begun: set[str] = set()
    with log.open("wb") as file:
        for place, line in enumerate(change(bare).splitlines()):
            run = json.loads(line)["run"]
            file.write(add_checksum(line.encode(), 0 if run in begun else place) + b"\n")
            begun.add(run)


def _strip(line: str) -> str:
    head, field, _ = line.rpartition(',"sum":"')
    return head + "}" if field else line
