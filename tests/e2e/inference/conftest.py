"""An engine on real sockets: the providers' with keys and VIDI_E2E=1, else a served sandbox's."""

import contextlib
import os

import pytest

from support.servers.sandbox import serve_sandbox
from vidi.inference import CostTracker, InferenceEngine
from vidi.inference.settings import KEYS

REAL = {name: os.environ.get(name, "") for name in KEYS.values()}
"""The keys of the person at the machine, read before a fixture takes them away."""
WANTED = os.environ.get("VIDI_E2E") == "1" and any(REAL.values())

if WANTED:

    @pytest.fixture(autouse=True)
    def _refuse_the_outside_world():
        """Let these tests reach the providers: that is what they are for."""


@pytest.fixture
def open_engine(monkeypatch):
    """Open an engine for a provider, wherever it can be had."""
    with contextlib.ExitStack() as stack:

        def open_engine(provider):
            key = KEYS[provider]
            environment = {key: REAL[key]}
            if not (WANTED and REAL[key]):
                environment = stack.enter_context(serve_sandbox()).environment
            for name, value in environment.items():
                monkeypatch.setenv(name, value)
            return stack.enter_context(InferenceEngine(costs=CostTracker.in_memory()))

        yield open_engine
