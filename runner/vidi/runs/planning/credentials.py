"""Whether the keys that a plan needs are there, asked before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import CredentialsError
from vidi.inference.providers import describe_keyless, open_provider
from vidi.inference.settings import KEYS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from vidi.inference.settings import Settings
    from vidi.runs.planning.plan import Plan

WHERE_TO_GET_KEYS = {
    "replicate": "https://replicate.com/account/api-tokens",
    "fal": "https://fal.ai/dashboard/keys",
}


def check_credentials(plan: Plan, settings: Settings) -> None:
    """Make sure that every provider that the plan asks has a key.

    Raises:
        CredentialsError: One is missing; the hint says which variable and where to get a key.
    """
    asked = (planned for planned in plan.to_run if not planned.local)
    needed = dict.fromkeys(planned.request.model.provider for planned in asked)
    for plug_in in needed.keys() - KEYS.keys():
        if not open_provider(plug_in, settings).is_available():
            raise describe_keyless(plug_in).about(*_list_users(plan, [plug_in]))
    missing = [provider for provider in needed if provider in KEYS.keys() - settings.keys.keys()]
    if missing:
        names = " and ".join(KEYS[provider] for provider in missing)
        pages = " and ".join(WHERE_TO_GET_KEYS[provider] for provider in missing)
        raise CredentialsError(
            f"{names} {'is' if len(missing) == 1 else 'are'} not set",
            hint=f"Get a key at {pages} and set it in the environment or in .env; "
            "or try the same job for nothing with --sandbox.",
        ).about(*_list_users(plan, missing))


def _list_users(plan: Plan, providers: Collection[str]) -> Iterator[str]:
    """The inferences that ask one of some providers."""
    for planned in plan.to_run:
        if not planned.local and planned.request.model.provider in providers:
            yield planned.id
