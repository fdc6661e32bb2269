"""What is approved and not in this folder yet, as in a fresh clone: the store may have it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.tracking.journal.events import InferenceState
from vidi.runs.planning.deciding.earlier import rebuild_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from vidi.inference.models.registry import ModelRegistry
    from vidi.inference.request import InferenceRequest
    from vidi.inference.store.record import StoreRecord
    from vidi.jobs.reviews.review import Review
    from vidi.jobs.spec import InferenceSpec
    from vidi.runs.planning.deciding.reviewed import Reviewed
    from vidi.runs.planning.deciding.sources import Sources, Stock


class StoredApprovals:
    """Looks for them, one entry after another.

    Args:
        reviewed: What people have said.
        store: What other folders have bought; None where there is none.
        sources: Where what is found is claimed.
        registry: The models.
        complain: Takes an entry, what is wrong with it, and which of its keys says so.
    """

    def __init__(
        self,
        reviewed: Reviewed,
        store: Stock | None,
        sources: Sources,
        registry: ModelRegistry,
        complain: Callable[[InferenceSpec, UsageError, str], None],
    ) -> None:
        self._reviewed = reviewed
        self._store = store
        self._sources = sources
        self._registry = registry
        self._complain = complain

    def find(self, spec: InferenceSpec, request: InferenceRequest) -> InferenceRequest | None:
        """The request for what is approved of an entry that this folder knows nothing of.

        Args:
            spec: The entry.
            request: What it asks for now; what is approved of that is found as all else is.

        Returns:
            None where nothing else is approved, or the store does not have it.
        """
        review = self._reviewed.find_approved(request)
        if review is None or self._store is None:
            return None
        try:
            approved = self._take(request, review, self._store)
        except UsageError as error:  # it is not to be bought anew for want of a look
            self._complain(spec, error, "model")
            return None
        if approved is not None:
            self._sources.claim(approved.fingerprint, approved.stored)
        return approved

    def _take(
        self, request: InferenceRequest, review: Review, store: Stock
    ) -> InferenceRequest | None:
        for number in sorted(store.list_numbers().get(review.fingerprint, ())):
            record = store.read(review.fingerprint, number)
            if record.assets and record.assets[0].sha256 == review.asset:
                model = self._registry.get_template(record.model)
                kept = rebuild_request(_read_state(request.id, record), model, request.output)
                return replace(kept, kept=True, stored=number)
        return None


def _read_state(key: str, record: StoreRecord) -> InferenceState:
    """What was made, as a journal would have it."""
    return InferenceState(
        key,
        model=record.model,
        fingerprint=record.fingerprint,
        params=record.params,
        inputs=record.inputs,
    )
