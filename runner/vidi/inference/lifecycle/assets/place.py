"""Where the assets of an inference belong, and where the files are that it made before."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from itertools import chain
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from vidi.errors import DownloadError
from vidi.inference.models.template import OutputType
from vidi.inference.outputs.finding.naming import plan_paths, with_extension
from vidi.inference.outputs.keeping.asset_store import REPLACED, has_content

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import AssetRecord, InferenceState

_DIGITS = re.compile(r"([0-9]+)")


class PlacedAsset(NamedTuple):
    """An asset that was made before, beside the place that it is to have. Paths are relative."""

    made: AssetRecord
    home: str
    """Where it belongs now."""
    at: str | None
    """Where its content is; None where no file has it any more."""
    edited: bool = False
    """Whether somebody has edited the file there, which stands for it from then on."""


def count_asked(effective: Mapping[str, object]) -> int:
    """How many outputs the params ask for; 0 where they do not say."""
    counts = (effective.get(name) for name in ("num_outputs", "num_images"))
    return next((count for count in counts if type(count) is int), 0)


def name_places(request: InferenceRequest, keys: Sequence[str]) -> list[str]:
    """Name the place of each output that came; one without an extension gets its content's.

    Args:
        request: What was asked for.
        keys: What the answer calls each that came.
    """
    asked = max(count_asked(request.checked.effective), len(keys))
    return plan_paths(request.output, asked, keys=keys)[: len(keys)]


def number_made(assets: Sequence[AssetRecord], came: int) -> list[AssetRecord | None]:
    """Put what was made in the order of the outputs, of which so many came.

    Older journals do not number assets: those are taken in the order of their names, where it is
    certain that none is missing.
    """
    if [asset.index for asset in assets] == list(range(1, came + 1)):
        return list(assets)  # as nearly always
    numbered = {asset.index: asset for asset in assets if asset.index}
    rest = sorted((asset for asset in assets if not asset.index), key=_by_number)
    free = [index for index in range(1, came + 1) if index not in numbered]
    if len(free) == len(rest):
        numbered.update(zip(free, rest, strict=True))
    in_order = ((index, numbered.get(index)) for index in range(1, came + 1))
    return [each and _with_index(each, index) for index, each in in_order]


def _with_index(asset: AssetRecord, index: int) -> AssetRecord:
    return asset if asset.index == index else replace(asset, index=index)


def _by_number(asset: AssetRecord) -> list[tuple[int, str]]:
    """Sorts `x-2` before `x-10`."""
    return [(len(part) if part.isdigit() else 0, part) for part in _DIGITS.split(asset.path)]


class KnownContent:
    """Every content that vidi made, and where: twins may be the same to the last bit.

    Args:
        states: Whatever the journal knows of, in parts.
    """

    def __init__(self, *states: Iterable[InferenceState]) -> None:
        self._states = states

    def __contains__(self, sha256: object) -> bool:
        return sha256 in self._paths

    def list_paths(self, sha256: str) -> Sequence[str]:
        """Where files with that content were put, relative to the output folder."""
        return self._paths.get(sha256, ())

    @cached_property
    def _paths(self) -> Mapping[str, list[str]]:
        paths: dict[str, list[str]] = {}
        for state in chain.from_iterable(self._states):
            for asset in state.assets:
                paths.setdefault(asset.sha256, []).append(asset.path)
        return paths


class AssetPlaces:
    """The assets that are kept, looked for by their content.

    Args:
        assets: Where they are kept.
        sure: Whether every file is hashed, and not only what a glance leaves open.
        known: What vidi made: the same content of another purchase serves as well.
        edits: Whether a file that was edited and still opens stands for what was
            bought; without it, only what was bought counts.
    """

    def __init__(
        self,
        assets: AssetStore,
        *,
        sure: bool = False,
        known: KnownContent | None = None,
        edits: bool = True,
    ) -> None:
        self._assets = assets
        self._sure = sure
        self._known = known
        self._edits = edits

    def look_for(
        self, request: InferenceRequest, assets: Sequence[AssetRecord]
    ) -> list[PlacedAsset]:
        """Say of each asset of a finished inference where it belongs and where it is."""
        if not assets:
            return []
        numbered = number_made(assets, len(assets))
        keys = [made.key if made is not None else "" for made in numbered]
        first = numbered[0].content_type if numbered[0] is not None else ""
        places = zip(name_places(request, keys), numbered, strict=True)
        return [self.place(made, path, first) for path, made in places if made is not None]

    def has_file(self, path: str) -> bool:
        """Whether any file is there."""
        return self._assets.look(path) is not None

    def place(self, made: AssetRecord, path: str, beside: str = "") -> PlacedAsset:
        """Say where one asset belongs, and where it is.

        Args:
            made: The asset.
            path: Its path, which may lack its extension.
            beside: The content type of the first asset of the same inference.
        """
        home = with_extension(path, made.content_type, beside=beside)
        if home != made.path and self._has_copy(home, made):
            return PlacedAsset(made, home, home)
        if self._has(made):
            return PlacedAsset(made, home, made.path)
        if self._was_edited(made):
            return PlacedAsset(made, home, made.path, edited=True)
        return PlacedAsset(made, home, self._find_replaced(made) or self._find_twin(made))

    def _was_edited(self, made: AssetRecord) -> bool:
        """Whether the user has another version there: content of nobody's that opens."""
        if self._known is None or not self._edits:
            return False
        standing = self._assets.look(made.path)
        if standing is None or not standing.plain:
            return False
        if self._assets.hash(made.path) in self._known:
            return False
        from vidi.inference.outputs.checking.verify import verify

        try:
            with self._assets.opened(made.path) as path:
                facts = verify(path, frozenset(OutputType), PurePosixPath(made.path).name)
        except DownloadError:
            return False
        return _family(facts.content_type) == _family(made.content_type)

    def _find_twin(self, made: AssetRecord) -> str | None:
        """Where another purchase has the very same content, which is then copied."""
        paths = self._known.list_paths(made.sha256) if self._known is not None else ()
        return next((path for path in paths if self._has_copy(path, made)), None)

    def _find_replaced(self, made: AssetRecord) -> str | None:
        return next((path for path in self._replaced if self._has_copy(path, made)), None)

    @property
    def _replaced(self) -> Iterable[str]:
        return self._list_replaced() if self._sure else self._listed

    @cached_property
    def _listed(self) -> tuple[str, ...]:
        return tuple(self._list_replaced())

    def _list_replaced(self) -> Iterable[str]:
        return self._assets.list(REPLACED.as_posix())

    def _has(self, made: AssetRecord) -> bool:
        """Whether what stands at the recorded place is still what was made."""
        standing = self._assets.look(made.path)
        if standing is None or standing.bytes != made.bytes:
            return False
        known = (standing.mtime_ns, standing.e_tag) == (made.mtime_ns, made.e_tag)
        return (known and not self._sure) or self._assets.hash(made.path) == made.sha256

    def _has_copy(self, path: str, made: AssetRecord) -> bool:
        """Whether what may be anything holds the same."""
        return has_content(self._assets, path, made.sha256, made.bytes)


def _family(content_type: str) -> str:
    """What a type is a kind of: `image` of `image/webp`."""
    return content_type.partition("/")[0]
