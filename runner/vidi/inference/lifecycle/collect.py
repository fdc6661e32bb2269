"""From result to files: every output of an answer found, fetched, verified and put on record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vidi.errors import DownloadError
from vidi.inference.lifecycle.assets.move import bring_home
from vidi.inference.lifecycle.assets.place import count_asked, name_places, number_made
from vidi.inference.lifecycle.assets.record import (
    choose_mark,
    describe_asset,
    is_ours,
    record_asset,
)
from vidi.inference.lifecycle.assets.unrecorded import find_unrecorded
from vidi.inference.lifecycle.calls import tell_recalled
from vidi.inference.outputs.finding.find import RemoteFile, find_outputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.outputs.fetching.download import Asset
    from vidi.inference.outputs.finding.find import Output
    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import AssetRecord

LEFT_OUT = "{came} of {asked} outputs came: the provider left out the others, as its filter does"
TOO_MANY = "{came} outputs came for an order of {asked}: the first {kept} are kept"
FEWEST_KEPT = 16
"""However few were asked for: models that take a picture apart answer with a dozen layers."""
FLAGGED = "the provider's filter flagged it, and may have blacked it out, but it is paid"


@dataclass(frozen=True, slots=True)
class _Item:
    """One output on its way to its place."""

    index: int
    """From 1."""
    count: int
    """Of how many."""
    output: Output
    path: str
    """As the job file has it: the type's extension may still be missing."""
    beside: str = ""
    """The content type of the first; empty for that itself, and where it could not be fetched."""


async def collect_assets(
    request: InferenceRequest,
    answer: object,
    assets: AssetStore,
    runtime: Runtime,
) -> tuple[AssetRecord, ...]:
    """Bring every output of a finished inference to its place.

    What was brought home before and is still somewhere there is not fetched again.

    Raises:
        DownloadError: The answer holds nothing, or an output could not be fetched whole. The
            others were fetched all the same, and are in the journal.
    """
    outputs = find_outputs(request.model, answer)
    if not outputs:
        raise DownloadError(
            "the provider's answer holds no output",
            hint="The whole answer is in log.jsonl, in the `completed` event of this id.",
            gone=True,
        )
    came, asked = len(outputs), count_asked(request.checked.effective)
    outputs = outputs[: max(FEWEST_KEPT, 2 * asked)]
    thinned = LEFT_OUT.format(came=came, asked=asked) if asked > came else ""
    if came > len(outputs):
        thinned = TOO_MANY.format(came=came, asked=asked or 1, kept=len(outputs))
    recalled = tell_recalled(runtime.journal.states[request.id])
    remarks = "; ".join(filter(None, (thinned, recalled)))
    collected: list[AssetRecord] = []
    failures: list[DownloadError] = []
    for each in _list_items(request, outputs):
        first = collected[0].content_type if collected and collected[0].index == 1 else ""
        item = replace(each, beside=first)
        try:
            collected.append(await _collect(request, item, remarks, assets, runtime))
        except DownloadError as error:
            failures.append(error)
    if failures:
        raise _choose(failures)
    return tuple(collected)


def _list_items(request: InferenceRequest, outputs: Sequence[Output]) -> Iterator[_Item]:
    count = len(outputs)
    places = name_places(request, [output.key for output in outputs])
    rows = zip(outputs, places, strict=True)
    return (_Item(index, count, *row) for index, row in enumerate(rows, start=1))


async def _collect(
    request: InferenceRequest, item: _Item, remarks: str, assets: AssetStore, runtime: Runtime
) -> AssetRecord:
    """Bring one output to its place: from where it was before, else from the provider."""
    async with runtime.placing:
        before = number_made(runtime.journal.states[request.id].assets, item.count)[item.index - 1]
        if before is not None:
            at_hand = await bring_home(request, before, item.path, assets, runtime, item.beside)
            if at_hand is not None:
                return at_hand
    asset = _warn(await _bring(request, item, assets, runtime, is_new=before is None), remarks)
    moved_from = before.path if before is not None else None
    async with runtime.placing:
        record = describe_asset(asset, item.index, item.output.key, assets)
        await record_asset(request.id, record, assets, runtime, moved_from)
    return record


async def _bring(
    request: InferenceRequest,
    item: _Item,
    assets: AssetStore,
    runtime: Runtime,
    *,
    is_new: bool,
) -> Asset:
    """Fetch one output; where it is gone and was never put on record, it may be here already."""
    try:
        return await _fetch(request, item, assets, runtime)
    except DownloadError as error:
        if not (error.gone and is_new and isinstance(item.output, RemoteFile)):
            raise
        kinds = item.output.kinds or (request.model.output_type,)
        found = await find_unrecorded(request.id, item.path, kinds, assets, runtime, item.beside)
        if found is None:
            raise
        return found


async def _fetch(
    request: InferenceRequest, item: _Item, assets: AssetStore, runtime: Runtime
) -> Asset:
    runtime.notify(request.id, "downloading", index=item.index, count=item.count)
    asset = await runtime.fetcher.fetch(
        item.output,
        assets,
        item.path,
        kind=request.model.output_type,
        beside=item.beside,
        overwrite=runtime.overwrite,
        ours=lambda path: is_ours(path, runtime),
        mark=choose_mark(request, runtime),
    )
    flagged = isinstance(item.output, RemoteFile) and item.output.nsfw
    return _warn(asset, FLAGGED if flagged else "")


def _warn(asset: Asset, more: str) -> Asset:
    if not more:
        return asset
    return replace(asset, warning="; ".join(filter(None, (asset.warning, more))))


def _choose(failures: Sequence[DownloadError]) -> DownloadError:
    """The failure that decides: only where every one is gone is there nothing left to fetch."""
    return next((error for error in failures if not error.gone), failures[0])
