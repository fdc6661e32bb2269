"""A folder that is to become a part of another: its journal, and the files that go with it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.outputs.keeping.staging import PREFIX
from vidi.inference.tracking.journal.journal import read_events
from vidi.inference.tracking.journal.replay import Replay
from vidi.runs.records.folder import HOLDER, JOURNAL, LOCK, MANIFEST, OWN, REPORT_NAME
from vidi.runs.records.manifest.read import read_manifest
from vidi.runs.records.stamp import STAMP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.runs.records.manifest.shape import Manifest

_OF_ITSELF = frozenset({JOURNAL, MANIFEST, REPORT_NAME})
_OWN_OF_ITSELF = frozenset({LOCK, HOLDER, STAMP})
"""What describes the one folder, and is made anew for the whole."""


@dataclass(frozen=True, slots=True)
class Part:
    """One folder, read."""

    folder: Path
    runs: Mapping[str, int]
    """Each run of its journal with how many lines it has, in their order."""
    states: Mapping[str, InferenceState]
    shelf: Mapping[str, InferenceState]
    """What has made way for something else."""
    header: Event
    """The `run_started` of its last run."""
    manifest: Manifest | None
    """None where a kill came first."""

    @property
    def sandbox(self) -> bool:
        """Whether the sandbox made it."""
        return bool(self.header.get("sandbox"))

    @property
    def bought(self) -> Mapping[str, InferenceState]:
        """The inferences that were bought, or may have been."""
        return {
            key: state
            for key, state in self.states.items()
            if state.was_made or state.unsettled or state.paid
        }

    def events(self) -> Iterator[Event]:
        """Its journal, event by event."""
        return (event for event, _ in read_events(self.folder / JOURNAL))

    def files(self) -> Iterator[str]:
        """Every file that belongs to what was bought, as a path relative to the folder."""
        for here, _, names in os.walk(self.folder):
            below = Path(here).relative_to(self.folder)
            own = _OF_ITSELF if below == Path() else frozenset[str]()
            own = _OWN_OF_ITSELF if below == Path(OWN) else own
            for name in sorted(names):
                if name not in own and not name.startswith(PREFIX):
                    yield (below / name).as_posix()


def read_part(folder: Path) -> Part:
    """Read a folder that runs have written.

    Raises:
        UsageError: It is none, or its journal or manifest cannot be believed.
    """
    replay, runs, header = Replay(), dict[str, int](), None
    for event, _ in read_events(folder / JOURNAL):
        replay.take_in(event)
        runs[event["run"]] = runs.get(event["run"], 0) + 1
        header = event if event["event"] == "run_started" else header
    if header is None:
        raise UsageError(
            f"{folder} has no {JOURNAL} of a run",
            hint="Name the output folders of the shards, those that hold log.jsonl.",
        )
    path = folder / MANIFEST
    manifest = read_manifest(path) if path.exists() else None
    return Part(folder, runs, replay.states, replay.shelf, header, manifest)
