"""What reviews mean for a plan: approved is kept, rejected is bought again where that is asked for.

A rejection holds the seed of the next try. The entry asks with that seed from then on, whoever runs
it and wherever: so the same command after a kill finds what it has bought.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from vidi.inference.models.params.checked import CheckedParams
    from vidi.inference.models.template import ModelInfo
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.jobs.reviews.review import Review, Reviews
    from vidi.runs.planning.deciding.reasons import Decision

LONGEST_NOTE = 80
"""Characters of a note in a reason: the whole of it is on the page."""
REJECTED = "rejected: buy it again with --rejected"


class Reviewed:
    """The reviews of one job, held against what its folder has.

    Args:
        reviews: All of the file.
        sandbox: Whether it is the sandbox's assets that count.
        again: Whether what is rejected is to be bought again.
    """

    def __init__(self, reviews: Reviews, *, sandbox: bool, again: bool) -> None:
        self._reviews = reviews
        self._sandbox = sandbox
        self._again = again
        self._rejected: dict[str, list[Review]] = {}
        self._approved: dict[str, list[Review]] = {}
        """By the id that it was said of."""
        for each in sorted(reviews, key=lambda each: each.at):
            if each.verdict == "rejected" and each.sandbox == sandbox:
                self._rejected.setdefault(each.fingerprint, []).append(each)
            if each.verdict == "approved" and each.sandbox == sandbox:
                self._approved.setdefault(each.id, []).append(each)

    def find(self, state: InferenceState | None) -> Review | None:
        """What is said of what an inference has now."""
        if state is None or not state.assets or not self._reviews:
            return None
        first = state.assets[0].sha256
        found = self._reviews.find(state.id, state.fingerprint, first, sandbox=self._sandbox)
        if found is None or found.verdict != "rejected":
            return found
        # A model without seeds may give the same again: what came later has not been looked at.
        later = state.submitted_at is not None and state.submitted_at > found.at
        return None if later else found

    def approves(self, state: InferenceState | None) -> bool:
        """Whether what an inference has is approved."""
        found = self.find(state)
        return found is not None and found.verdict == "approved"

    def find_approved(self, request: InferenceRequest) -> Review | None:
        """What was last approved under an id, where that is not what its entry asks for now."""
        found = self._approved.get(request.id)
        if not found or any(each.fingerprint in request.fingerprints for each in found):
            return None
        return found[-1]

    def rejects(self, state: InferenceState | None) -> bool:
        """Whether what an inference has is rejected."""
        found = self.find(state)
        return found is not None and found.verdict == "rejected"

    def buys_again(self, state: InferenceState | None) -> bool:
        """Whether this run is to buy another in its place."""
        return self._again and self.rejects(state)

    def reseed(
        self,
        request: InferenceRequest,
        state: InferenceState | None,
        rebuild: Callable[[int], InferenceRequest],
    ) -> InferenceRequest:
        """The request with the seed of its last rejection; as it is where none holds for it.

        Args:
            request: What the entry asks for.
            state: What the journal says of it.
            rebuild: The same request with another seed.
        """
        if not self._rejected:
            return request
        seen: set[str] = set()
        while seen.isdisjoint(request.fingerprints):
            seen.update(request.fingerprints)
            has_it = state is not None and state.fingerprint in request.fingerprints
            seed = self._find_seed(request)
            if seed is None or (has_it and not self.buys_again(state)):
                break
            request = rebuild(seed)
        return request

    def _find_seed(self, request: InferenceRequest) -> int | None:
        """The seed that is to be taken instead; None where this request has not been rejected."""
        found = [each for name in request.fingerprints for each in self._rejected.get(name, ())]
        own = [each for each in found if each.id == request.id] or found  # it may be renamed since
        if not own or own[-1].seed is None or not takes_seed(request.model):
            return None
        return fit_seed(own[-1].seed, request)

    def explain(self, decision: Decision, state: InferenceState | None) -> Decision:
        """The decision with what people have said, where that is why."""
        found = self.find(state)
        if found is None or found.verdict != "rejected":
            return decision
        if decision.action == "unchanged":
            return decision._replace(reason=REJECTED)
        if decision.action != "skip" and self._again:
            from textwrap import shorten

            note = f": {shorten(found.note, LONGEST_NOTE)}" if found.note else ""
            return decision._replace(reason=f"rejected{note}")
        return decision


def fit_seed(seed: int, request: InferenceRequest) -> int:
    """A seed that the model takes and that is not the one that was asked for."""
    schema = request.model.params["properties"]["seed"]
    low, high = int(schema.get("minimum", 0)), int(schema.get("maximum", 2**31 - 1))
    fitted = low + (seed - low) % (high - low + 1)
    if fitted != request.checked.params.get("seed"):
        return fitted
    return fitted + 1 if fitted < high else low


def with_seed(checked: CheckedParams, seed: int) -> CheckedParams:
    """The params with another seed."""
    return replace(
        checked,
        params={**checked.params, "seed": seed},
        effective={**checked.effective, "seed": seed},
    )


def takes_seed(model: ModelInfo) -> bool:
    """Whether another seed makes another picture of the same params."""
    return model.params["properties"].get("seed", {}).get("type") == "integer"
