"""From result to files: every output of an answer found, fetched, verified and put on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vidi.errors import DownloadError
from vidi.inference.outputs.find import find_outputs
from vidi.inference.outputs.naming import plan_paths

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.inference.outputs.download import Asset
    from vidi.inference.request import InferenceRequest
    from vidi.inference.runtime import Runtime


async def collect_assets(
    request: InferenceRequest,
    answer: Any,
    folder: Path,
    runtime: Runtime,
) -> tuple[Asset, ...]:
    """Bring every output of a finished inference to its place in the folder.

    Raises:
        DownloadError: The answer holds nothing, or an output could not be fetched whole. What was
            fetched before it stays, and is in the journal.
    """
    outputs = find_outputs(request.model, answer)
    if not outputs:
        raise DownloadError(
            "the provider's answer holds no output",
            hint="The whole answer is in log.jsonl, in the `completed` event of this id.",
        )
    paths = plan_paths(request.output, len(outputs))
    assets = []
    for index, (output, path) in enumerate(zip(outputs, paths, strict=True), start=1):
        runtime.notify(request.id, "downloading", index=index, count=len(outputs))
        asset = await runtime.fetcher.fetch(
            output,
            folder,
            path,
            kind=request.model.output_type,
            overwrite=runtime.overwrite,
            ours=lambda existing: _is_ours(existing, folder, runtime),
        )
        _record(request, asset, folder, runtime)
        assets.append(asset)
    return tuple(assets)


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
