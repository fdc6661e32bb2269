"""The providers as a program uses them: each can run one inference by itself, unrecorded.

They stand above everything that carries an inference out; the clients that talk to a service are
below it, in `vidi.inference.providers`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.config import SessionConfig
from vidi.inference.event_loop import LoopThread
from vidi.inference.providers.fal import provider as fal
from vidi.inference.providers.provider import Provider as ProviderClient
from vidi.inference.providers.replicate import provider as replicate
from vidi.inference.request_building import RequestOptions, make_request
from vidi.inference.results import make_result
from vidi.inference.session import Session
from vidi.inference.settings import Settings
from vidi.inference.tracking.cost_stores import NoCosts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.models.template import ModelInfo
    from vidi.inference.outputs.result import InferenceResult


class Provider(ProviderClient):
    """A provider of hosted models. A subclass is a row in `vidi.inference.providers.PROVIDERS`.

    Another distribution's is an entry point in the group `vidi.providers`: docs/add-a-provider.md.
    """

    def infer(
        self, model: str, parameters: Mapping[str, object], template: ModelInfo
    ) -> InferenceResult:
        """Run one inference and wait for its result, as `InferenceEngine.infer` does, unrecorded.

        Args:
            model: The model's id.
            parameters: Its inputs; input files are relative to the working directory.
            template: The model, as `ModelRegistry.get_template` gives it.

        Raises:
            UsageError: The template is another model's.
            ParamsError: At least one input is wrong; `problems` holds all of them.
            VidiError: As `InferenceEngine.infer`.
        """
        return infer_directly(self, model, parameters, template)


class FalProvider(fal.FalProvider, Provider):
    """fal's queue, CDN and platform APIs, through the official SDK."""


class ReplicateProvider(replicate.ReplicateProvider, Provider):
    """Replicate's HTTP API, through its official SDK."""


def infer_directly(
    provider: ProviderClient, model: str, parameters: Mapping[str, object], template: ModelInfo
) -> InferenceResult:
    """Run one inference with a provider; its cost is in the result and nowhere else.

    Raises:
        UsageError: The template is another model's, or another provider's.
        VidiError: As `InferenceEngine.infer`.
    """
    if model != template.id or template.provider != provider.get_provider_name():
        raise UsageError(
            f"the template of {template.id} does not fit {model} of {provider.get_provider_name()}",
            hint="Give what ModelRegistry.get_template(model) returns.",
        )
    request = make_request(template, parameters, base=Path.cwd(), options=RequestOptions())
    settings = provider.settings or Settings()
    config = SessionConfig(settings, NoCosts(), Path.cwd(), wire=provider.wire, provider=provider)
    session, thread = Session(config), LoopThread()
    try:
        bought = thread.run(lambda: session.buy(request, named=False))
    finally:
        thread.close(session.aclose)
    return make_result(request, bought, settings, provider.wire)
