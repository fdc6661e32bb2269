"""Who we are to each provider, and what to tell the user when it refuses us."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vidi.errors import CredentialsError
from vidi.inference.settings import KEYS

ABOUT_MONEY = r"balance|credit|top[ _-]?up|exhausted|billing|payment"
NO_AUTHORITY = "authorization_error"
"""The type of fal's platform for a key without the permission."""


@dataclass(frozen=True, slots=True)
class Account:
    """What a user needs to know about an account with one provider."""

    provider: str
    title: str
    scheme: str
    """The word before the key in the Authorization header."""
    keys_page: str
    billing_page: str
    no_credit_status: int
    """The HTTP status by which it says that the account is out of credit or locked."""
    no_credit_words: str
    """What it says with it, as a pattern; empty where the status is enough."""
    no_permission_words: str
    """What it says, as a pattern, of a key that may buy nothing at all."""

    @property
    def variable(self) -> str:
        """The environment variable that holds the key."""
        return KEYS[self.provider]

    def no_key(self) -> CredentialsError:
        """The key is not set."""
        return CredentialsError(
            f"no key for {self.title}: {self.variable} is not set",
            hint=f"Get a key at {self.keys_page} and put it in {self.variable} or in .env.",
        )

    def bad_key(self, said: str) -> CredentialsError:
        """The provider refused the key."""
        return CredentialsError(
            f"{self.title} refused the key in {self.variable}: {said}",
            hint=f"Get a new key at {self.keys_page} and put it in {self.variable} or in .env.",
        )

    def tells_no_credit(self, status: int, said: str) -> bool:
        """Whether a refusal is about the account's credit, and so meets every inference of it."""
        words = re.search(self.no_credit_words, said, flags=re.IGNORECASE)
        return status == self.no_credit_status and words is not None

    def tells_no_permission(self, status: int, said: str) -> bool:
        """Whether a refusal is about what the key may do, and so meets every inference of it."""
        return status == 403 and re.search(self.no_permission_words, said) is not None

    def no_credit(self, said: str) -> CredentialsError:
        """The account is out of credit, or locked for another reason: that no money mends."""
        if self.no_credit_status == 402 or re.search(ABOUT_MONEY, said, flags=re.IGNORECASE):
            hint = f"Top up at {self.billing_page}, wait a few minutes, and run again."
        else:
            hint = f"Ask {self.title}'s support why the account is locked."
        return CredentialsError(f"{self.title} runs nothing for this account: {said}", hint=hint)

    def refused_for_all(self, status: int, said: str, kind: str = "") -> CredentialsError | None:
        """The refusal of a submit that meets every inference of the account; None where it may not.

        Args:
            status: The HTTP status.
            said: The provider's words.
            kind: Its own type of the error.
        """
        if self.tells_no_credit(status, said):
            return self.no_credit(said)
        if status == 401 or kind == NO_AUTHORITY or self.tells_no_permission(status, said):
            return self.bad_key(said)
        return None


REPLICATE = Account(
    provider="replicate",
    title="Replicate",
    scheme="Bearer",
    keys_page="https://replicate.com/account/api-tokens",
    billing_page="https://replicate.com/account/billing",
    no_credit_status=402,
    no_credit_words="",
    no_permission_words=r"(?!)",
)
FAL = Account(
    provider="fal",
    title="fal.ai",
    scheme="Key",
    keys_page="https://fal.ai/dashboard/keys",
    billing_page="https://fal.ai/dashboard/billing",
    no_credit_status=403,
    no_credit_words=r"\blocked\b|exhausted",
    no_permission_words=r"key is not permitted|[Ii]nsufficient permissions",
)
