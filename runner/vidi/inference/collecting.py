"""From result to files: every output of an answer found, fetched, verified and put on record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.errors import DownloadError
from vidi.inference.outputs.find import RemoteFile, find_outputs
from vidi.inference.outputs.naming import plan_paths

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from vidi.inference.outputs.download import Asset
    from vidi.inference.outputs.find import Output
    from vidi.inference.request import InferenceRequest
    from vidi.inference.runtime import Runtime

LEFT_OUT = "{came} of {asked} outputs came: the provider left out the others, as its filter does"
FLAGGED = "the provider's filter flagged it, and may have blacked it out; it is paid all the same"


async def collect_assets(
    request: InferenceRequest,
    answer: object,
    folder: Path,
    runtime: Runtime,
) -> tuple[Asset, ...]:
    """Bring every output of a finished inference to its place in the folder.

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
    asked = max(count_asked(request.checked.effective), len(outputs))
    paths = plan_paths(request.output, asked)[: len(outputs)]
    thinned = LEFT_OUT.format(came=len(outputs), asked=asked) if asked > len(outputs) else ""
    assets, failures = [], []
    for index, (output, path) in enumerate(zip(outputs, paths, strict=True), start=1):
        runtime.notify(request.id, "downloading", index=index, count=len(outputs))
        try:
            asset = await _fetch(request, output, path, folder, runtime)
            asset = _warn(asset, thinned)
        except DownloadError as error:
            failures.append(error)
        else:
            _record(request, asset, folder, runtime)
            assets.append(asset)
    if failures:
        raise _choose(failures)
    return tuple(assets)


async def _fetch(
    request: InferenceRequest, output: Output, path: str, folder: Path, runtime: Runtime
) -> Asset:
    asset = await runtime.fetcher.fetch(
        output,
        folder,
        path,
        kind=request.model.output_type,
        overwrite=runtime.overwrite,
        ours=lambda existing: _is_ours(existing, folder, runtime),
    )
    flagged = isinstance(output, RemoteFile) and output.nsfw
    return _warn(asset, FLAGGED if flagged else "")


def _warn(asset: Asset, more: str) -> Asset:
    return replace(asset, warning="; ".join(filter(None, (asset.warning, more))))


def count_asked(effective: Mapping[str, object]) -> int:
    """How many outputs the params ask for; 0 where they do not say."""
    counts = (effective.get(name) for name in ("num_outputs", "num_images"))
    return next((count for count in counts if type(count) is int), 0)


def _choose(failures: Sequence[DownloadError]) -> DownloadError:
    """The failure that decides: only where every one is gone is there nothing left to fetch."""
    return next((error for error in failures if not error.gone), failures[0])


def _is_ours(existing: Path, folder: Path, runtime: Runtime) -> bool:
    relative = existing.relative_to(folder).as_posix()
    return any(relative in state.owned for state in runtime.journal.states.values())


def _record(request: InferenceRequest, asset: Asset, folder: Path, runtime: Runtime) -> None:
    runtime.journal.append(
        "asset",
        request.id,
        path=asset.path,
        sha256=asset.sha256,
        bytes=asset.bytes,
        content_type=asset.content_type,
        width=asset.width,
        height=asset.height,
        duration_s=asset.duration_s,
        warning=asset.warning,
        replaced=asset.replaced,
        mtime_ns=(folder / asset.path).stat().st_mtime_ns,
    )
