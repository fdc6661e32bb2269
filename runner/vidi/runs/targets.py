"""Whether the place of an asset is free: a file in the way is told before anything is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.inference.tracking.events import InferenceState


class OutputExistsError(UsageError):
    """A file that vidi did not make stands where an asset is to go."""

    code = "output-exists"


def find_obstacle(
    output: str, folder: Path, state: InferenceState | None
) -> OutputExistsError | None:
    """Say what stands where an asset is to go, unless vidi may have put it there.

    Args:
        output: The asset's path in the folder; empty where the entry has none that is right.
        folder: The output folder.
        state: What the journal says of the inference. One that was cut off between its file and
            the record of it finds its own file there: fetching it again compares the content.
    """
    target = folder / output
    if not output or not target.exists() or (state is not None and state.status == "completed"):
        return None
    return OutputExistsError(
        f"{target} exists already and vidi did not make it",
        hint="Move it, choose another output, or allow it with --overwrite.",
    )
