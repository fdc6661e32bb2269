"""Who we are to each provider: asked with GETs that cost nothing.

Sources: https://replicate.com/docs/reference/http#account.get; fal's platform tells an account's
name to ADMIN keys alone (https://docs.fal.ai/platform-apis), so a price shows that a key is good.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from vidi.errors import VidiError
from vidi.inference.providers.account import FAL, REPLICATE
from vidi.inference.providers.replicate.answers import API

if TYPE_CHECKING:
    from vidi.inference.providers.documents import DocumentReader
    from vidi.inference.providers.transport.answer import Answer

FAL_ACCOUNT = "https://api.fal.ai/v1/account/billing"
FAL_PRICE = "https://api.fal.ai/v1/models/pricing"
_KNOWN_ENDPOINT = "fal-ai/flux/dev"
REPLICATE_LIMITS = "at most 600 creates and 3,000 other requests a minute"
"""https://replicate.com/docs/topics/predictions/rate-limits."""
FAL_LIMITS = "no limit of creates is published"


@dataclass(frozen=True, slots=True)
class WhoAmI:
    """What a provider says of the account that a key belongs to."""

    provider: str
    name: str
    """Empty where the key may not ask for it."""
    limits: str
    skew_s: float | None
    """By how many seconds our clock is ahead of the provider's; None where it did not say."""


async def ask_who(reader: DocumentReader, provider: str) -> WhoAmI:
    """Ask a provider who we are.

    Raises:
        CredentialsError: The key is missing or refused.
        VidiError: No answer came.
    """
    return await (_ask_replicate(reader) if provider == "replicate" else _ask_fal(reader))


async def _ask_replicate(reader: DocumentReader) -> WhoAmI:
    answer = await reader.ask(REPLICATE, f"{API}/account")
    told = answer.fields()
    left = answer.headers.get("ratelimit-remaining")
    limits = REPLICATE_LIMITS + (f" ({left} left now)" if left else "")
    name = f"{told.get('username') or ''} ({told.get('type') or 'account'})"
    return WhoAmI("replicate", name.strip(), limits, _skew(answer))


async def _ask_fal(reader: DocumentReader) -> WhoAmI:
    answer = await reader.ask(FAL, FAL_PRICE, [("endpoint_id", _KNOWN_ENDPOINT)])
    try:
        account = await reader.ask(FAL, FAL_ACCOUNT, [("expand", "credits")])
        told = account.fields()
    except VidiError:  # not for this key: what it is good for is known already
        told = {}
    name, credit = str(told.get("username") or ""), told.get("credits")
    balance = credit.get("current_balance") if isinstance(credit, dict) else None
    limits = FAL_LIMITS if balance is None else f"${balance} of credit, {FAL_LIMITS}"
    return WhoAmI("fal", name, limits, _skew(answer))


def _skew(answer: Answer) -> float | None:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return (datetime.now(UTC) - theirs).total_seconds()
