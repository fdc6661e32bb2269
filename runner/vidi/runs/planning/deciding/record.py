"""What was bought before, as far as a plan goes by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.tracking.bills import PastBills
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.jobs.reviews.review import Reviews
    from vidi.runs.planning.deciding.sources import Stock


class FolderRecord(NamedTuple):
    """What is known of what was bought before, when a plan is made."""

    states: Mapping[str, InferenceState]
    """How each id of the folder's journal stands."""
    shelf: Mapping[str, InferenceState] = {}
    """What was bought and has made way, by the purchase's name."""
    store: Stock | None = None
    """What other folders have put into the store; None where there is none."""
    bills: PastBills | None = None
    """What was billed before; None where nobody knows."""
    reviews: Reviews | None = None
    """What people have said of what was made; None where they have not."""
    sandbox: bool = False
    """Whether it is a folder of the sandbox's."""
