"""The places of a plan's assets: each its own, and free, before anything is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.hashed_set import HashedOwners
from vidi.inference.models.prices.facts import OUTPUT_COUNTS
from vidi.inference.outputs.finding.naming import has_extension, plan_paths
from vidi.inference.outputs.keeping.asset_store import BlockedPathError, has_content
from vidi.jobs.output_path import same_file_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import AssetRecord

MOST_OUTPUTS = 1000


class OutputExistsError(UsageError):
    """Something that vidi did not make stands where an asset is to go."""

    code = "output-exists"


class SharedOutputError(UsageError):
    """Two inferences would write the same file."""

    code = "same-output"


def expect_paths(request: InferenceRequest) -> list[str]:
    """Name the assets that an inference will make, as far as its params say how many."""
    counts = [1]
    if "[]" in request.model.output:
        params, fields = request.checked.params, request.model.params["properties"]
        names = [name for name in OUTPUT_COUNTS if name in params or name in fields]
        given = map(request.checked.effective.get, names)
        counts += [each for each in given if isinstance(each, int) and each <= MOST_OUTPUTS]
    return plan_paths(request.output, max(counts))


class Targets:
    """Every place that the inferences of a plan have taken.

    A name without an extension gets its real type's only later, so it takes `x.png`, `x.mp4` and
    every other `x.` with it.

    Args:
        kept: Whether there is room for who has what; else it is known that somebody has it.
    """

    def __init__(self, *, kept: bool = True) -> None:
        new: Callable[[], dict[str, str] | HashedOwners] = dict if kept else HashedOwners
        self._files = new()
        self._bare = new()
        self._stems = None if kept else new()
        """The files without their extensions; None until a name without one is to be compared."""

    def claim(self, request: InferenceRequest) -> SharedOutputError | None:
        """Take the places of one inference; says so where another has one of them."""
        for path in expect_paths(request):
            key = same_file_key(path)
            owner = self._take(key, request.id, bare=not has_extension(path))
            if owner != request.id:
                who = f"inference '{owner}'" if owner else "an inference before it"
                return SharedOutputError(
                    f"'{path}' is an asset of {who} too",
                    hint='Give each inference a path of its own, such as "{{ id }}.png".',
                )
        return None

    def _take(self, key: str, owner: str, *, bare: bool) -> str:
        """Take a name where nobody has it; returns who has it then."""
        if bare:
            first = self._stemmed.get(key)
            return self._bare.setdefault(key, owner) if first is None else first
        if self._bare and (first := self._bare.get(_cut_extension(key))) is not None:
            return first
        if self._stems is not None:
            self._stems.setdefault(_cut_extension(key), owner)
        return self._files.setdefault(key, owner)

    @property
    def _stemmed(self) -> dict[str, str] | HashedOwners:
        """Nearly no job has names without extensions, and nearly all that has any has no others."""
        if self._stems is None:
            self._stems = {}
            for key, owner in self._files.items() if isinstance(self._files, dict) else ():
                self._stems.setdefault(_cut_extension(key), owner)
        return self._stems


def _cut_extension(key: str) -> str:
    return key.rpartition(".")[0]


def find_obstacle(
    request: InferenceRequest,
    assets: AssetStore,
    *,
    cut_off: bool,
    made: Callable[[], Iterable[AssetRecord]],
    owned: frozenset[str],
    overwrite: bool,
) -> OutputExistsError | None:
    """Say what stands where an asset is to go, unless vidi put it there or may replace it.

    Args:
        request: The inference.
        assets: Where it is to be kept.
        cut_off: Whether it was cut off between its file and the record of it, and so finds its own
            file there: fetching it again compares the content.
        made: What was made before and belongs there.
        owned: Every path that the journal says vidi made.
        overwrite: Whether files that vidi did not make may be replaced.
    """
    for path in expect_paths(request):
        try:
            standing = list(assets.find_standing(path))
        except BlockedPathError as error:
            return OutputExistsError(error.message, hint=error.hint)
        for each in standing:
            if not (overwrite or cut_off or each in owned or _is_made(assets, each, made())):
                return OutputExistsError(
                    f"{assets.address(each)} exists already and vidi did not make it",
                    hint="Move it, choose another output, or allow it with --overwrite.",
                )
    return None


def _is_made(assets: AssetStore, path: str, made: Iterable[AssetRecord]) -> bool:
    """Whether what stands there is the inference's own, put there by a run that was killed."""
    return any(has_content(assets, path, each.sha256, each.bytes) for each in made)
