"""What vidi does when something goes wrong: every fault in every phase, at both providers.

The table is in matrix.txt. `tests/inference/lifecycle/test_fault_matrix.py` plays every cell of it,
and `docs/make.py` prints it in docs/faults.md.
"""

import re
from dataclasses import dataclass
from pathlib import Path

PROVIDERS = ("replicate", "fal")

PHASES = {
    "upload": "an input file is handed to the provider",
    "submit": "the paid request",
    "poll": "one look at an inference, or fal's stream of its statuses",
    "result": "the answer of an inference that has ended",
    "download": "an asset is fetched",
    "cancel": "the second Ctrl-C",
    "list": "the provider is asked about a submit of unknown outcome",
}

FAULTS = {
    "refused": "no connection: the port is shut",
    "reset": "the connection is reset before an answer",
    "timeout": "silence, until the connection ends",
    "400": "HTTP 400",
    "401": "HTTP 401: the key is refused",
    "402": "HTTP 402: no credit (Replicate's word)",
    "403": "HTTP 403: forbidden",
    "403-locked": "HTTP 403: the account is locked (fal's word)",
    "404": "HTTP 404",
    "413": "HTTP 413: too large",
    "422": "HTTP 422: the input is refused",
    "429": "HTTP 429 with `Retry-After`",
    "429-body": "HTTP 429, the wait in the body",
    "429-detail": "HTTP 429, the wait in words",
    "429-bare": "HTTP 429 that names no wait",
    "500": "HTTP 500",
    "502-nginx": "HTTP 502, a page of a gateway",
    "503": "HTTP 503",
    "504": "HTTP 504",
    "gone": "HTTP 410",
    "redirect": "HTTP 302",
    "result-5xx": "HTTP 500, as fal gives it for a result",
    "reset-after": "it took effect, and the connection is reset",
    "timeout-after": "it took effect, and no answer comes",
    "redirect-after": "it took effect, and the answer is HTTP 302",
    "500-after": "it took effect, and the answer is HTTP 500",
    "502-nginx-after": "it took effect, and a gateway answers 502",
    "503-after": "it took effect, and the answer is HTTP 503",
    "504-after": "it took effect, and the answer is HTTP 504",
    "garbage-2xx": "a 2xx answer that is broken JSON",
    "missing-id": "an answer without the ids in it",
    "html": "a login page instead of the answer",
    "empty": "an empty answer",
    "truncated": "the answer breaks off in the middle",
    "wrong-type": "a media file of another kind",
    "corrupt": "the answer is zeros after its first bytes",
    "slow": "the answer comes in drops",
    "unknown-status": "a status that nobody has heard of",
    "nulls": "every value of the answer is null",
    "unlisted": "the list leaves the inference out",
    "listed-twice": "the list holds two that are exactly alike",
    "failed": "it fails at the provider",
    "failed-transient": "it fails, and the provider calls that transient",
    "interrupted": "the provider's platform interrupts it",
    "moderated": "the content filter refuses it",
    "partial-moderation": "one of two outputs is moderated",
    "aborted": "its deadline passes before it starts",
    "canceled": "somebody cancels it",
    "stuck": "it never ends",
    "no-output": "it succeeds without an output",
    "data-removed": "it succeeds, and its data is removed at once",
    "nsfw": "it succeeds, flagged and blacked out",
    "completed-with-error": "it completes, with an error in it",
    "e003": "it fails with E003: too much demand",
    "e004": "it fails with E004: unavailable for now",
    "e6716": "it fails with E6716",
    "e8367": "it fails with E8367",
    "e8765": "it fails with E8765",
    "e9243": "it fails with E9243",
    "e9828": "it fails with E9828",
    "director": "it fails with words of the platform's director",
    "retryable": "it fails with HTTP 500, and `X-Fal-Retryable: true`",
    "moderated-dict": "the content filter refuses it, in an object",
    "moderated-partner": "a partner's filter refuses it, in one word",
    "unread-input": "its input file could not be read: no units",
    "unknown-path": "the app has no such path: HTTP 404 at the result",
    "status-failed": "its status says FAILED, which no page lists",
    "status-cancelled": "its status says CANCELLED, which no page lists",
}

LIES = ("400", "401", "402", "403", "403-locked", "404", "413", "422", "429", "429-body",
        "429-detail", "429-bare", "gone", "refused", "result-5xx")  # fmt: skip
"""Faults whose `-after` is left out.

A provider that says "refused" of what it took cannot be told from one that refused it; what took
effect met an open port; and result-5xx is 500 again.
"""


@dataclass(frozen=True)
class Ending:
    """How an inference ends that a cell is about."""

    says: str
    exit_code: int = 0
    status: str = "succeeded"
    submits: int = 1
    """Paid requests that reach the provider."""
    bought: int = 1
    """Inferences that the provider has then, and may bill."""
    booked: str = "billed"
    """`billed`: what is billed, to the cent; `estimate`: all of it, as nothing proves less;
    `reserved`: nothing yet, and the estimate is held."""
    next_run: str = "unchanged"
    """The status that the same command comes to next, when nothing goes wrong any more."""


ENDINGS = {
    "goes on": Ending("no harm is done"),
    "again": Ending("asked again, as that costs nothing"),
    "follows": Ending("followed, without the key"),
    "found": Ending("found in the provider's history instead"),
    "sent": Ending("it never left this machine, so it is sent again"),
    "waits": Ending("nothing was bought: sent again after the wait that the provider asks for",
                    submits=2),
    "adopts": Ending("in doubt for a moment: the provider lists it, and it goes on from there"),
    "in doubt": Ending("in doubt: the estimate stays reserved, and it is not sent again until the "
                       "provider lists it or `vidi reconcile` is told",
                       6, "in_doubt", bought=0, booked="reserved", next_run="in_doubt"),
    "unknown": Ending("in doubt: the list may not be read; the next run asks again",
                      6, "in_doubt", booked="reserved", next_run="succeeded"),
    "twins": Ending("in doubt: which of the two it is, only the user can tell",
                    6, "in_doubt", booked="reserved", next_run="succeeded"),
    "rejected": Ending("refused for good: not paid", 1, "failed", bought=0, next_run="buys"),
    "halts": Ending("the whole account is refused: not paid, and nothing else is begun",
                    4, "failed", bought=0, next_run="buys"),
    "unsent": Ending("the input file cannot be handed over: nothing is sent, nothing is paid",
                     1, "failed", submits=0, bought=0, next_run="buys"),
    "halts unsent": Ending("the whole account is refused: nothing is sent, nothing else is begun",
                           4, "failed", submits=0, bought=0, next_run="buys"),
    "failed": Ending("failed, and it costs what the provider bills", 1, "failed", next_run="buys"),
    "failed, owed": Ending("failed, and booked at its estimate, as nothing proves it free",
                           1, "failed", booked="estimate", next_run="buys"),
    "bought again": Ending("the provider calls the failure transient: bought again, within "
                           "`retry.attempts` and the budget",
                           submits=2, bought=2),
    "moderated": Ending("moderated, and it costs what the provider bills",
                        1, "moderated", next_run="moderated"),
    "moderated, owed": Ending("moderated, and booked at its estimate, as nothing proves it free",
                              1, "moderated", booked="estimate", next_run="moderated"),
    "kept": Ending("what came is kept, with a warning in the manifest"),
    "unfinished": Ending("still open at its deadline; the next run looks again",
                         5, "unfinished", booked="reserved", next_run="succeeded"),
    "never shown": Ending("still open at its deadline, as the result is not there; the next run "
                          "looks again",
                          5, "unfinished", booked="reserved", next_run="unfinished"),
    "not fetched": Ending("paid, and nothing of it is on disk; the next run fetches it for nothing",
                          1, "failed", next_run="succeeded"),
    "cancelled": Ending("cancelled, and it costs what the provider bills",
                        130, "failed", next_run="buys"),
    "cancelled, owed": Ending("cancelled, and booked at its estimate, as nothing proves it free",
                              130, "failed", booked="estimate", next_run="buys"),
    "too late": Ending("told that it cannot be cancelled any more: it goes on, and is fetched",
                       130),
    "not cancelled": Ending("told that it was not cancelled: it goes on, and is fetched", 130),
}  # fmt: skip

IMPOSSIBLE = {
    "-read": "reading has no effect, so this is the same fault as without `-after`",
    "-file": "a file has no fields",
    "-list": "only a list leaves out or repeats",
    "-fate": "only an accepted inference ends like that",
    "-one": "only the other provider ends one like that",
}
"""Why a cell cannot be, by what stands in the table instead of an ending."""


def _read_table() -> dict[tuple[str, str], str]:
    head, *rows = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    table = {}
    for row in rows:
        fault, *codes = re.split(r"  +", row.strip())
        named = zip(head.split(), codes, strict=True)
        table |= {(fault, phase): code for phase, code in named}
    return table


TABLE = _read_table()
"""Fault and phase to what stands in the table: an ending, `ending / ending` where Replicate and
fal.ai differ, or why it cannot be."""


def read_cell(fault: str, phase: str, provider: str) -> str:
    """What the table says of a cell: a name in `ENDINGS` or in `IMPOSSIBLE`.

    Raises:
        KeyError: It says nothing.
    """
    first, _, second = TABLE[fault, phase].partition(" / ")
    return second if second and provider == "fal" else first
