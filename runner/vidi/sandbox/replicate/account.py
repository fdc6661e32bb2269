"""Who is asking, and the two lists that never change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.sandbox.answers.refusals import replicate_problem
from vidi.sandbox.call import Call, answer_json

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_HARDWARE = (
    ("cpu", "CPU"), ("gpu-t4", "Nvidia T4 GPU"), ("gpu-l40s", "Nvidia L40S GPU"),
    ("gpu-l40s-2x", "2x Nvidia L40S GPU"), ("gpu-a100-large", "Nvidia A100 (80GB) GPU"),
    ("gpu-a100-large-2x", "2x Nvidia A100 (80GB) GPU"), ("gpu-h100", "Nvidia H100 GPU"),
)  # fmt: skip


def check_token(request: Request) -> Response | None:
    """Refuse a request without a bearer token, or with one whose name begins with `bad-`."""
    token = token_of(request)
    return replicate_problem(401) if not token or token.startswith("bad-") else None


def check_credit(request: Request) -> Response | None:
    """Refuse a token whose name begins with `broke-`: its account has no credit."""
    return replicate_problem(402) if token_of(request).startswith("broke-") else None


def token_of(request: Request) -> str:
    """The bearer token of a request; empty where there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def get_account(_call: Call) -> Response:
    """`GET /v1/account`."""
    return answer_json(
        {"type": "user", "username": "sandbox", "name": "Sandbox", "github_url": None},
        headers={"ratelimit-remaining": "2999", "ratelimit-reset": "1"},
    )


async def list_hardware(_call: Call) -> Response:
    """`GET /v1/hardware`."""
    return answer_json([{"sku": sku, "name": name} for sku, name in _HARDWARE])
