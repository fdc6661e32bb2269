"""What was bought before, given back by its content: the store, as a program reads from it.

The same model, params and input files are the same purchase, whoever bought it and when: so a
notebook that is run again from the top pays once.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from vidi.inference.models.template import OutputType
from vidi.inference.outputs.fetching.download import Fetcher
from vidi.inference.outputs.finding.find import InlineJson, InlineText, RemoteFile
from vidi.inference.outputs.result import InferenceResult
from vidi.inference.settings import Settings
from vidi.inference.store.address import open_store
from vidi.inference.store.folder import FolderBlobs
from vidi.inference.store.store import PurchaseStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vidi.inference.outputs.finding.find import Output
    from vidi.inference.outputs.keeping.staging import Staging
    from vidi.inference.outputs.limits import Limits
    from vidi.inference.request import InferenceRequest
    from vidi.inference.store.record import StoreRecord
    from vidi.inference.tracking.journal.events import AssetRecord

SCHEME = "vidi-store:"
"""What the URL of a stored asset begins with; then its sha256, and its name."""
_INLINE = {OutputType.TEXT: "text/plain", OutputType.JSON: "application/json"}


def open_cache(
    setting: str | None, project: Path, environ: Mapping[str, str], *, sandbox: bool
) -> PurchaseStore:
    """The store of a project; where none is set, one in the user's own state beside the ledger.

    Raises:
        UsageError: The address is none, or what it needs is not installed.
    """
    store = open_store(setting, project, environ, sandbox=sandbox)
    if store is not None:
        return store
    from platformdirs import user_state_path

    blobs = FolderBlobs(user_state_path("vidi", appauthor=False) / "store")
    return PurchaseStore(blobs, sandbox=sandbox)


def name_purchase(request: InferenceRequest) -> str:
    """The key of a purchase that is named by its content."""
    return f"cache-{request.fingerprint[:32]}"


def find_record(store: PurchaseStore, request: InferenceRequest) -> StoreRecord | None:
    """The first purchase of just this, by its own fingerprint or a former one.

    Raises:
        StoreError: The store cannot be read, or the record is damaged.
    """
    found = (each for each in request.fingerprints if store.has(each, 1))
    fingerprint = next(found, None)
    return None if fingerprint is None else store.read(fingerprint, 1)


def result_of_record(
    record: StoreRecord, request: InferenceRequest, store: PurchaseStore
) -> InferenceResult:
    """What was bought before as a result, for nothing; its files are read from the store.

    Raises:
        StoreError: A text of it cannot be read.
    """
    model = request.model
    return InferenceResult(
        cost=record.paid,
        metadata={
            "model": model.id,
            "provider": model.provider,
            "request_id": record.request_id,
            "idempotency_key": request.id,
            "replayed": True,
            "basis": record.paid_basis,
            "estimate": {"low": request.estimate.low, "high": request.estimate.high},
            "duration": None,
            "completed_at": record.made_at,
        },
        model=model.id,
        output_type=model.output_type,
        request_id=record.request_id or "",
        outputs=_outputs_of(record, model.output_type, store),
        open_fetcher=partial(StoreFetcher, store),
    )


def read_from_store(
    result: InferenceResult, record: StoreRecord, store: PurchaseStore
) -> InferenceResult:
    """A result whose files are in the store now, and read from there.

    Raises:
        StoreError: A text of it cannot be read.
    """
    outputs = _outputs_of(record, result.output_type, store)
    opener = partial(StoreFetcher, store)
    return replace(result, url=None, urls=(), text=None, outputs=outputs, open_fetcher=opener)


def _outputs_of(record: StoreRecord, kind: OutputType, store: PurchaseStore) -> tuple[Output, ...]:
    assets = sorted(record.assets, key=lambda asset: asset.index)
    return tuple(_output_of(asset, kind, store) for asset in assets)


def _output_of(asset: AssetRecord, kind: OutputType, store: PurchaseStore) -> Output:
    if _INLINE.get(kind) == asset.content_type:
        text = b"".join(store.read_asset(asset.sha256)).decode("utf-8", errors="replace")
        if kind is OutputType.JSON:
            return InlineJson(json.loads(text), asset.key)
        return InlineText(text, asset.key)
    name = PurePosixPath(asset.path).name
    return RemoteFile(f"{SCHEME}{asset.sha256}/{name}", name, asset.content_type, key=asset.key)


class StoreFetcher(Fetcher):
    """Fetches assets from a store, checked as if they came from a provider."""

    def __init__(self, store: PurchaseStore) -> None:
        super().__init__(Settings())
        self._store = store

    async def transfer(self, url: str, staging: Staging, limits: Limits | None = None) -> None:
        """Fill the staging with an asset of the store, which has been measured."""
        del limits
        sha256 = url.removeprefix(SCHEME).partition("/")[0]
        await asyncio.to_thread(staging.write, self._store.read_asset(sha256))
