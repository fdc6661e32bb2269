"""What all entries of a job share while they are expanded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vidi.jobs.expansion.bounds import ONE_MACHINE, JobBounds
from vidi.jobs.rendering.room import RenderedRoom

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.jobs.expansion.text_files import TextFiles
    from vidi.jobs.reading.files import ProjectFiles
    from vidi.jobs.reading.places import Places
    from vidi.jobs.rendering.clock import RenderClock


@dataclass(frozen=True, slots=True)
class Scope:
    """One for a job."""

    files: ProjectFiles
    texts: TextFiles
    """The function `file` of templates."""
    portable_names: bool
    places: Places
    """Of the job file's root, for `vars`."""
    vars: Mapping[str, object]
    overrides: Mapping[str, object]
    """From `--vars-file` and `--var`; never rendered."""
    clock: RenderClock
    """Of all templates of the job."""
    plain: bool = False
    """Whether the file has no template anywhere, so that no entry need be searched for any."""
    secrets: set[str] = field(default_factory=set)
    """Values whose names say that they are secrets, of all that has been expanded."""
    room: RenderedRoom = field(default_factory=RenderedRoom)
    """Of all that they make."""
    bounds: JobBounds = ONE_MACHINE
