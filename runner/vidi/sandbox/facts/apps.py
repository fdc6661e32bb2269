"""The two parts of an endpoint at fal: the app, which the queue knows, and a path inside it."""

from __future__ import annotations

_NAMESPACES = ("workflows", "comfy")


def split_endpoint(endpoint: str) -> tuple[str, str]:
    """Such as `fal-ai/flux` and `dev/image-to-image`; the path is empty where there is none."""
    parts = endpoint.split("/")
    size = 3 if parts[0] in _NAMESPACES else 2
    return "/".join(parts[:size]), "/".join(parts[size:])
