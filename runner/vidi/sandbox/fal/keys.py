"""Who is asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.sandbox.answers.refusals import fal_refusal, platform_error

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

UPLOAD_TOKEN = "sandbox-upload-token"  # noqa: S105  a fake one
"""The token that the storage service issues."""


def check_key(request: Request) -> Response | None:
    """Refuse a request without a key, or with one whose name begins with `bad-`."""
    key = _key_of(request)
    return fal_refusal(401) if not key or key.startswith("bad-") else None


def check_platform_key(request: Request) -> Response | None:
    """The same, in the platform's words."""
    return platform_error(401) if check_key(request) else None


def check_credit(request: Request) -> Response | None:
    """Refuse a key whose name begins with `broke-`: its account is locked."""
    return fal_refusal(403) if _key_of(request).startswith("broke-") else None


def check_upload_token(request: Request) -> Response | None:
    """Refuse an upload without the token that was issued for it."""
    sent = request.headers.get("authorization", "")
    return None if sent == f"Bearer {UPLOAD_TOKEN}" else fal_refusal(401)


def _key_of(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "key" else ""
