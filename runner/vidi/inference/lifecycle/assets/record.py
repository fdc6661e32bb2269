"""Assets on record: each where it is now, also those that had to make way for another."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from vidi.inference.lifecycle.assets.place import AssetPlaces
from vidi.inference.outputs.marking.xmp import Mark
from vidi.inference.tracking.journal.events import AssetRecord

if TYPE_CHECKING:
    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.outputs.fetching.download import Asset
    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.request import InferenceRequest


def describe_asset(asset: Asset, index: int, key: str, assets: AssetStore) -> AssetRecord:
    """What has just been fetched, as the journal has it; `index` counts from 1."""
    return as_it_stands(AssetRecord(**asdict(asset), index=index, key=key), assets)


def as_it_stands(asset: AssetRecord, assets: AssetStore) -> AssetRecord:
    """An asset with what shows at a glance, later on, that it is as it is now."""
    standing = assets.look(asset.path)
    if standing is None:
        return asset  # taken away at once: the next run will miss it
    return replace(asset, mtime_ns=standing.mtime_ns, e_tag=standing.e_tag)


def choose_mark(request: InferenceRequest, runtime: Runtime) -> Mark | None:
    """What the files of an inference are to say of themselves; None: nothing."""
    wanted = runtime.marks if request.mark is None else request.mark
    return Mark(request.model.id, request.model.title) if wanted else None


async def record_asset(
    inference: str,
    asset: AssetRecord,
    assets: AssetStore,
    runtime: Runtime,
    moved_from: str | None = None,
) -> None:
    """Put an asset on record, and where another's is now that had to make way for it.

    Args:
        inference: Whose it is.
        asset: What stands at its place.
        assets: Where it stands.
        runtime: What the run works with.
        moved_from: Where the same output was before.

    Raises:
        StorageError: The journal cannot be written.
    """
    if asset.replaced and assets.look(asset.replaced) is None:
        asset = replace(asset, replaced=None)  # its own inference has taken it from there
    if asset.replaced or moved_from is not None:
        await record_displaced(asset, assets, runtime)
    await _append(inference, asset, moved_from, runtime)


async def record_taken_out(path: str, runtime: Runtime) -> None:
    """Put on record that nothing is kept at a path among the replaced assets any more."""
    for state in list(runtime.journal.states.values()):
        for made in state.assets:
            if made.replaced == path:
                await _append(state.id, replace(made, replaced=None), None, runtime)


def is_anothers(path: str, inference: str, sha256: str, runtime: Runtime) -> bool:
    """Whether the file at a path is just what another inference has there."""
    return any(
        owner != inference and made.sha256 == sha256 for owner, made in _find_at(path, runtime)
    )


def is_ours(path: str, runtime: Runtime) -> bool:
    """Whether vidi made what stands at a path, in this run or an earlier one."""
    return any(path in state.owned for state in list(runtime.journal.states.values()))


async def record_displaced(asset: AssetRecord, assets: AssetStore, runtime: Runtime) -> None:
    """Record where others are whose place an asset has: they made way now, or before a kill."""
    for owner, made in _find_at(asset.path, runtime):
        at = AssetPlaces(assets, sure=True).place(made, made.path).at
        if made.sha256 != asset.sha256 and at is not None:
            await _append(owner, replace(made, path=at), made.path, runtime)


def _find_at(path: str, runtime: Runtime) -> list[tuple[str, AssetRecord]]:
    """What the journal says to be at a path, and whose it is."""
    states = list(runtime.journal.states.values())
    return [(state.id, made) for state in states for made in state.assets if made.path == path]


async def _append(
    inference: str, asset: AssetRecord, moved_from: str | None, runtime: Runtime
) -> None:
    moved = {} if moved_from in (None, asset.path) else {"moved_from": moved_from}
    await runtime.journal.append("asset", inference, **asset.to_json(), **moved)
