"""The table of what an answer to a submit means: design §7, one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import InDoubtError, InferenceError, NotSentError, RejectedError, ThrottledError
from vidi.inference.providers.transport.retry_after import read_retry_after

if TYPE_CHECKING:
    from vidi.errors import VidiError
    from vidi.inference.providers.account import Account
    from vidi.inference.providers.transport.answer import Answer, NoAnswerError

FOR_GOOD = {
    400: "Mend the params, or the template if it disagrees with the model's page.",
    404: "Look the model up with `vidi models show`: it may have been renamed or retired.",
    413: "Make the input files smaller.",
    422: "Mend the params, or the template if it disagrees with the model's page.",
}
"""Statuses by which a provider refuses one inference for good, and what mends it."""
FORBIDDEN = "Look at the model's page: it may be private, or its terms not accepted yet."

RECONCILE = "Run `vidi reconcile JOB_FILE`: it asks the provider whether the inference exists."


def refusal(answer: Answer, account: Account, said: str, *, paid: bool = False) -> VidiError:
    """Read an answer to a submit that is no receipt; whatever is not listed is in doubt."""
    # Both answer 429 before anything is queued (design, section 7): it was not bought.
    if answer.status == 429:
        return ThrottledError(
            f"{account.title} refused for now: {said}", retry_after=read_retry_after(answer)
        )
    if answer.status == 401:
        return account.bad_key(said)
    if answer.status == 403 and answer.fields():  # a gateway's page says nothing of the inference
        return RejectedError(f"{account.title} refused it: {said}", hint=FORBIDDEN)
    if answer.status in FOR_GOOD:
        return RejectedError(
            f"{account.title} refused it: {said}", hint=FOR_GOOD[answer.status], paid=paid
        )
    # A 5xx may come from a gateway after the service behind it has taken the request.
    return in_doubt(account, f"the answer was HTTP {answer.status}: {said}")


def no_receipt(account: Account, error: NoAnswerError) -> InferenceError:
    """Read a submit that was not answered."""
    if error.unsent:
        return NotSentError(
            f"could not reach {account.title}: {error}",
            hint="Check the connection, and HTTPS_PROXY and the VIDI_*_URL settings if set.",
        )
    return in_doubt(account, str(error))


def in_doubt(account: Account, why: str) -> InDoubtError:
    """Say that something was sent and that nobody knows what became of it."""
    return InDoubtError(
        f"sent to {account.title}, and it is not known whether it was accepted: {why}",
        hint=RECONCILE,
    )
