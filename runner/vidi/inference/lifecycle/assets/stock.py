"""The store on the way of an inference: taken from there instead of bought, put there after."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from vidi.errors import DownloadError
from vidi.inference.lifecycle.assets.place import AssetPlaces
from vidi.inference.lifecycle.assets.record import (
    as_it_stands,
    choose_mark,
    is_ours,
    record_displaced,
)
from vidi.inference.outputs.fetching.marked import mark_staged
from vidi.inference.outputs.finding.naming import name_warning
from vidi.inference.store.blobs import StoreError
from vidi.inference.store.record import record_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from vidi.inference.lifecycle.assets.place import PlacedAsset
    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.outputs.marking.xmp import Mark
    from vidi.inference.request import InferenceRequest
    from vidi.inference.store.record import StoreRecord
    from vidi.inference.store.store import PurchaseStore
    from vidi.inference.tracking.journal.events import AssetRecord

DAMAGED = (
    "`vidi store verify --remove` takes damaged records away; then it is bought. Or buy it now "
    "with --rebuy {id}."
)


async def take_from_store(request: InferenceRequest, assets: AssetStore, runtime: Runtime) -> None:
    """Bring home what another folder bought, whole and verified: nobody is asked, nothing is paid.

    Raises:
        DownloadError: The store does not have it any more, or what it has is damaged.
        StorageError: The disk is full or read-only, or the journal cannot be written.
    """
    store = runtime.store
    if store is None:
        raise DownloadError("the store is not set any more", hint="Set VIDI_STORE again.")
    try:
        record = await asyncio.to_thread(store.read, request.fingerprint, request.stored)
        placed = AssetPlaces(assets).look_for(request, record.assets)
        mark = choose_mark(request, runtime)
        brought = [await _bring(each, mark, store, assets, runtime) for each in placed]
    except StoreError as error:
        raise DownloadError(error.message, hint=DAMAGED.format(id=request.id)) from error
    if not brought:
        raise DownloadError(
            f"the store {store.where} has no assets of it", hint=DAMAGED.format(id=request.id)
        )
    async with runtime.placing:
        await runtime.journal.append("taken", request.id, **_describe(record, brought))
        for asset in brought:
            await record_displaced(asset, assets, runtime)


def _mark(made: AssetRecord, path: Path, mark: Mark | None) -> AssetRecord:
    """Mark what another folder left as it came, where this one wants that."""
    if made.original_sha256:
        return made
    marked = mark_staged(path, made.content_type, made.sha256, made.bytes, mark)
    return replace(
        made,
        sha256=marked.sha256,
        bytes=marked.bytes,
        original_sha256=marked.original_sha256,
    )


async def _bring(
    placed: PlacedAsset,
    mark: Mark | None,
    store: PurchaseStore,
    assets: AssetStore,
    runtime: Runtime,
) -> AssetRecord:
    """Bring one asset to its place; what stands there and was bought makes way."""
    made, home = placed.made, placed.home
    publish = partial(
        assets.publish, overwrite=runtime.overwrite, ours=lambda path: is_ours(path, runtime)
    )
    staging = assets.stage(home)
    try:
        await asyncio.to_thread(staging.write, store.read_asset(made.sha256))
        if staging.finish() != made.sha256:
            raise StoreError(f"{store.name_asset(made.sha256)} of the store is damaged")
        made = _mark(made, staging.path, mark)
        replaced = await asyncio.to_thread(publish, staging.path, home, made.sha256)
    finally:
        staging.discard()
    warning = name_warning(home, made.content_type)
    brought = replace(made, path=home, replaced=replaced, warning=warning)
    return as_it_stands(brought, assets)


def _describe(record: StoreRecord, assets: list[AssetRecord]) -> dict[str, object]:
    return {
        "model": record.model,
        "fingerprint": record.fingerprint,
        "number": record.number,
        "params": record.params,
        "inputs": record.inputs,
        "request_id": record.request_id,
        "paid_usd": record.paid,
        "paid_basis": record.paid_basis,
        "assets": [asset.to_json() for asset in assets],
    }


async def keep_in_store(
    inference: str, assets: AssetStore | None, runtime: Runtime, *, again: bool = False
) -> None:
    """Put what an inference has made into the store, for every other folder; never raises.

    Args:
        inference: Its id.
        assets: Where they are kept.
        runtime: What the run works with.
        again: Whether it was bought again to have another, which takes the old one's place.
    """
    state = runtime.journal.states.get(inference)
    if runtime.store is None or assets is None or state is None or state.status != "succeeded":
        return
    try:
        await asyncio.to_thread(runtime.store.keep, record_of(state), assets, replace=again)
    except (StoreError, OSError) as error:
        # What was bought is here all the same; the next run of this folder tries again.
        told = error.message if isinstance(error, StoreError) else str(error)
        runtime.notify(inference, "not_stored", message=told)


async def list_unstored(inferences: Collection[str], runtime: Runtime) -> Sequence[str]:
    """Which of these the store does not have; none of them where it cannot be asked.

    Args:
        inferences: The ids of what is finished.
        runtime: What the run works with.
    """
    store, states = runtime.store, runtime.journal.states
    if store is None or not inferences:
        return ()
    try:
        await asyncio.to_thread(store.list_numbers)
    except StoreError as error:
        runtime.notify(min(inferences), "not_stored", message=error.message)
        return ()
    known = (states[key] for key in inferences if key in states)
    return [state.id for state in known if not store.has(state.fingerprint, state.number)]
