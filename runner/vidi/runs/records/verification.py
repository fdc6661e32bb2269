"""The assets of a folder beside the journal that says how they were made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vidi.inference.outputs.keeping.asset_store import hash_pieces
from vidi.inference.tracking.opening import open_journal

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.tracking.journal.events import AssetRecord

Verdict = Literal["ok", "missing", "differs"]


@dataclass(frozen=True, slots=True)
class VerifiedAsset:
    """One asset, and whether it is still what it was."""

    id: str
    path: str
    verdict: Verdict


def verify_assets(journal: Path, assets: AssetStore) -> tuple[VerifiedAsset, ...]:
    """Hash every asset that the journal knows, in the order in which inferences were bought.

    Raises:
        UsageError: The journal cannot be read.
        StorageError: The bucket that has the assets cannot be read.
    """
    states = open_journal(journal).states
    return tuple(
        VerifiedAsset(state.id, asset.path, _judge(assets, asset))
        for state in states.values()
        for asset in state.assets
    )


def _judge(assets: AssetStore, asset: AssetRecord) -> Verdict:
    if assets.look(asset.path) is None:
        return "missing"
    # The bytes: what is noted with an object is not believed here.
    return "ok" if hash_pieces(assets.read(asset.path)) == asset.sha256 else "differs"
