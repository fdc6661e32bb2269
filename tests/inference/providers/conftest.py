"""What the tests of the providers share: settings that lead to loopback, a model, short waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidi.inference.models.template import Call, ModelInfo, OutputType
from vidi.inference.providers import open_provider
from vidi.inference.providers.provider import Submission
from vidi.inference.providers.transport.timeouts import CallTimeouts
from vidi.inference.settings import PROVIDER_URLS, Settings

KEYS = {"replicate": "r8_secret-of-replicate", "fal": "fal-key-id:fal-key-secret"}
NAMES = {"replicate": "black-forest-labs/flux-schnell", "fal": "fal-ai/flux/dev"}
SHORT = CallTimeouts(silence=1, submit=10, poll=10, cancel=10, first_pause=0.01)


def make_model(provider: str, version: str = "") -> ModelInfo:
    return ModelInfo(
        id=f"{provider}/{NAMES[provider]}",
        title="",
        category="text-to-image",
        output_type=OutputType.IMAGE,
        output="",
        params={"properties": {}},
        pricing={},
        example={},
        timeout_s=60,
        sources=(),
        as_of={},
        confidence={},
        page="",
        path=Path("model.json"),
        call=Call(version=version) if version else None,
    )


def settings_at(url: str, **others: str) -> Settings:
    """Settings that lead every provider's host to one server."""
    return Settings(urls=dict.fromkeys(PROVIDER_URLS, url) | others, keys=KEYS)


def make_submission(provider: str, deadline_s: float = 60, **params) -> Submission:
    return Submission(make_model(provider), params or {"prompt": "a cat"}, deadline_s)


@pytest.fixture(params=["replicate", "fal"])
def name(request) -> str:
    """Each provider in turn."""
    return request.param


@pytest.fixture
async def connect():
    """Open providers that are closed after the test."""
    opened = []

    def open_at(name, url, *, timeouts=SHORT, settings=None):
        provider = type(open_provider(name, Settings()))(
            settings or settings_at(url), timeouts=timeouts
        )
        opened.append(provider)
        return provider

    yield open_at
    for provider in opened:
        await provider.aclose()
