"""What is in the way of an asset: a file that neither the journal nor the store explains."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from vidi.inference.outputs.keeping.folder import FolderStore
from vidi.runs.planning.targets import find_obstacle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.errors import UsageError
    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import AssetRecord, InferenceState
    from vidi.runs.planning.deciding.record import FolderRecord


class Obstacles:
    """Looks for them in one output folder.

    Args:
        assets: The folder.
        bought: What was bought before: its files are no obstacle.
        overwrite: Whether the command line says that no file is one.
    """

    def __init__(self, assets: AssetStore, bought: FolderRecord, *, overwrite: bool) -> None:
        self._assets = assets
        self._bought = bought
        self._overwrite = overwrite

    def find(self, request: InferenceRequest, state: InferenceState | None) -> UsageError | None:
        """What is in the way of an inference; None where nothing is."""
        if self._is_empty:
            return None
        return find_obstacle(
            request,
            self._assets,
            cut_off=state is not None and state.status == "completed",
            made=lambda: self._list_made(request, state),
            owned=self._owned,
            overwrite=self._overwrite,
        )

    @cached_property
    def _is_empty(self) -> bool:
        """Whether there is no folder yet."""
        return isinstance(self._assets, FolderStore) and not os.path.lexists(self._assets.folder)

    @cached_property
    def _owned(self) -> frozenset[str]:
        """Every path that the journal says vidi made."""
        states = self._bought.states.values()
        return frozenset(path for state in states for path in state.owned)

    def _list_made(
        self, request: InferenceRequest, state: InferenceState | None
    ) -> Iterator[AssetRecord]:
        """What an inference has made before: a run that was killed may have put it in its place."""
        if state is not None:
            yield from state.assets
        if request.restores in self._bought.shelf:
            yield from self._bought.shelf[request.restores].assets
        if request.stored and self._bought.store is not None:
            yield from self._bought.store.list_assets(request.fingerprint, request.stored)
