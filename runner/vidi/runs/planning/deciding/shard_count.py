"""A job's entries counted for a shard: what its own cost, and what all of them do."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from vidi.runs.planning.request import price_listed
from vidi.runs.planning.shards import Shard, Share

if TYPE_CHECKING:
    from vidi.inference.request import InferenceRequest
    from vidi.jobs.spec import InferenceSpec
    from vidi.runs.planning.deciding.sources import Sources


class ShardCount:
    """Counts one entry after another, in file order.

    Args:
        shard: The part of the job that is planned; None for all of it.
        sources: Where a purchase may come from for nothing.
    """

    def __init__(self, shard: Shard | None, sources: Sources) -> None:
        self.share = Share(shard) if shard is not None else None
        self._sources = sources
        self._twins: Counter[str] = Counter()

    def is_elsewhere(self, spec: InferenceSpec) -> bool:
        """Whether another shard has an inference."""
        return self.share is not None and not self.share.shard.has(spec.id)

    def count(self, spec: InferenceSpec, request: InferenceRequest) -> None:
        """Count an entry of this shard or another one.

        Of entries that are exactly alike each is a purchase of its own, numbered in file order:
        what the store holds of another shard's is not for this one to take.
        """
        if self.share is None:
            return
        elsewhere = self.is_elsewhere(spec)
        self._twins[request.fingerprint] += 1
        if elsewhere:
            self._sources.claim(request.fingerprint, self._twins[request.fingerprint])
        listed = price_listed(request, spec.assume_cost)
        self.share = self.share.count(listed, own=not elsewhere)
