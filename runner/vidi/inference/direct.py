"""One inference with one provider object and nothing else: what `Provider.infer` does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.config import SessionConfig
from vidi.inference.event_loop import LoopThread
from vidi.inference.request_building import RequestOptions, make_request
from vidi.inference.results import make_result
from vidi.inference.session import Session
from vidi.inference.settings import Settings
from vidi.inference.tracking.cost_stores import NoCosts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.models.template import ModelInfo
    from vidi.inference.outputs.result import InferenceResult
    from vidi.inference.providers.provider import Provider


def infer_directly(
    provider: Provider, model: str, parameters: Mapping[str, object], template: ModelInfo
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
