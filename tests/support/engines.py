"""Engines over served sandboxes, for tests that look at what reaches a provider."""

import contextlib

from support.servers.sandbox import serve_sandbox
from vidi.inference import CostTracker, InferenceEngine
from vidi.inference.settings import Settings

SCHNELL = "replicate/black-forest-labs/flux-schnell"
BANANA = "fal/fal-ai/nano-banana"
MODELS = {"replicate": SCHNELL, "fal": BANANA}


@contextlib.contextmanager
def serve_engine(*faults, latency=0.0, reconcile_s="0", **config):
    """An engine, and the sandbox that it talks to over a socket."""
    with serve_sandbox(faults, latency) as served:
        environ = {**served.environment, "VIDI_RECONCILE_SECONDS": reconcile_s}
        config.setdefault("costs", CostTracker.in_memory())
        settings = Settings.from_environment(environ)
        with InferenceEngine(settings=settings, **config) as engine:
            yield engine, served
