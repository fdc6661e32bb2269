"""In doubt: something was sent, and nobody has a receipt. Ask the provider; never send it again.

The provider's list is searched for exactly what was sent. One match that no other inference has is
adopted: from there on it is as if the receipt had come. None, or several, leave it in doubt, as
only the user can say which is which.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from vidi.errors import CredentialsError, InDoubtError, PollError
from vidi.inference.lifecycle.sent_params import restore_params
from vidi.inference.providers.provider import Submission

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.models.template import ModelInfo
    from vidi.inference.providers.provider import Accepted
    from vidi.inference.tracking.journal.events import InferenceState

MARGIN = timedelta(minutes=2)
"""How far the provider's clock and ours may be apart."""
FIRST_PAUSE_S = 0.25
LONGEST_LOOK_S = 10.0
"""For one search of the provider's list."""


async def reconcile(
    state: InferenceState,
    model: ModelInfo,
    runtime: Runtime,
    *,
    known: Mapping[str, object] | None = None,
) -> Accepted:
    """Find out whether an inference in doubt was bought, and adopt it where it was.

    Looks several times, as a list may lag behind; `runtime.retry_limits.reconcile_s` bounds it.

    Args:
        state: What the journal says of it.
        model: The model that it was sent to.
        runtime: What the run works with.
        known: The params with their secrets, which the journal leaves out; without them, an
            inference with a secret param cannot be recognised.

    Raises:
        InDoubtError: None or several matches, or the list cannot be read; it stays in doubt.
    """
    submission = Submission(model, restore_params(state, model, known), deadline_s=0)
    deadline = time.monotonic() + runtime.retry_limits.reconcile_s
    pause = FIRST_PAUSE_S
    why = "the provider's list was not read"
    while True:
        try:
            matches = await _search(state, submission, runtime)
        except TimeoutError:
            why = "the provider's list cannot be read: no answer in time"
        except PollError as error:
            why = f"the provider's list cannot be read: {error}"
        except CredentialsError as error:
            raise _stays(state, f"the key may not read the provider's list: {error}") from error
        else:
            # Two with the same input cannot be told apart: adopting would book one request twice
            # and leave the other one's bill unseen. Then the user tells.
            if len(matches) == 1 and not await runtime.books.has_rival(state.id, state.fingerprint):
                provider, match = submission.model.provider, matches[0]
                if await runtime.receipts.take_receipt(state.id, provider, match.request_id):
                    return await adopt(state.id, match, runtime)
            why = _describe(matches)
        left = deadline - time.monotonic()
        if left <= 0 or runtime.stopping():
            raise _stays(state, why)
        await asyncio.sleep(min(pause, left))
        pause *= 2


async def adopt(inference: str, accepted: Accepted, runtime: Runtime) -> Accepted:
    """Put on record that an inference in doubt was bought, and under which id."""
    await runtime.journal.append(
        "submitted",
        inference,
        request_id=accepted.request_id,
        urls=dict(accepted.urls),
        adopted=True,
    )
    runtime.notify(inference, "adopted", request_id=accepted.request_id)
    return accepted


def search_window(state: InferenceState) -> tuple[datetime, datetime]:
    """When an inference in doubt may have been taken, by the provider's clock."""
    now = datetime.now(UTC)
    # Sorted, as the clock may have been set back between the two.
    first, last = sorted((state.intended_at or now, state.doubted_at or now))
    return first - MARGIN, last + MARGIN


async def _search(
    state: InferenceState, submission: Submission, runtime: Runtime
) -> Sequence[Accepted]:
    """The matches that nobody has a receipt for, in this journal or another."""
    provider = runtime.open_provider(submission.model.provider)
    async with asyncio.timeout(LONGEST_LOOK_S):
        found = await provider.find(submission, *search_window(state))
    taken = {key for each in runtime.journal.states.values() for key in each.receipts}
    free = [each for each in found if each.request_id not in taken]
    ids = [each.request_id for each in free]
    asked = submission.model.provider, ids
    others = await runtime.receipts.find_taken(state.id, *asked) if ids else ()
    return [each for each in free if each.request_id not in others]


def _describe(matches: Sequence[Accepted]) -> str:
    if not matches:
        return "the provider lists nothing like it"
    ids = ", ".join(each.request_id for each in matches)
    if len(matches) == 1:
        return f"{ids} may be another inference's that is being bought right now"
    return f"the provider lists {len(matches)} that are exactly like it: {ids}"


def _stays(state: InferenceState, why: str) -> InDoubtError:
    return InDoubtError(
        f"it was sent, and it is not known whether it was bought: {why}",
        hint=f"Look at the provider's own list of requests; then tell vidi with `vidi reconcile "
        f"JOB_FILE --paid {state.id}=REQUEST_ID` or `--not-paid {state.id}`.",
    )
