"""One inference: a model, its parameters, a result. The engine under the batch runner.

Everything that `__all__` names is loaded when it is first used, so that importing this is light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vidi.inference.direct import FalProvider, Provider, ReplicateProvider
    from vidi.inference.engine import InferenceEngine
    from vidi.inference.models.registry import ModelRegistry
    from vidi.inference.models.template import ModelInfo, OutputType
    from vidi.inference.outputs.result import InferenceResult
    from vidi.inference.tracking.costs import CostTracker
    from vidi.inference.tracking.logger import InferenceLogger

__all__ = [
    "CostTracker",
    "FalProvider",
    "InferenceEngine",
    "InferenceLogger",
    "InferenceResult",
    "ModelInfo",
    "ModelRegistry",
    "OutputType",
    "Provider",
    "ReplicateProvider",
]

_HOMES = {
    "CostTracker": "tracking.costs",
    "FalProvider": "direct",
    "InferenceEngine": "engine",
    "InferenceLogger": "tracking.logger",
    "InferenceResult": "outputs.result",
    "ModelInfo": "models.template",
    "ModelRegistry": "models.registry",
    "OutputType": "models.template",
    "Provider": "direct",
    "ReplicateProvider": "direct",
}
"""The module under this one in which each name is at home."""


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
