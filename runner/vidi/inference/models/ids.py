"""Model ids: what they name, and the template file of each."""

from __future__ import annotations

import re

from vidi.inference.models.provider_names import is_provider

DEPLOYMENTS = "deployments"
"""What stands before OWNER/NAME in the id of a Replicate deployment."""

FORMS = (
    "replicate/OWNER/NAME, replicate/OWNER/NAME:VERSION, replicate/deployments/OWNER/NAME or "
    "fal/ENDPOINT"
)
"""What ids look like, for hints."""

_VERSION = re.compile(r"[0-9a-f]{64}")
"""Replicate's version ids: sha256, https://replicate.com/docs/reference/http#models.versions.get"""


def file_name(model_id: str) -> str | None:
    """The file of a model under a templates folder; None where no model can have this id.

    `replicate/OWNER/NAME` is in `replicate/OWNER_NAME.json`, one version of it in
    `replicate/OWNER_NAME@VERSION.json`, a deployment in `replicate/deployments_OWNER_NAME.json`,
    `fal/A/B/C` in `fal/A-B-C.json`, and the models of a plug-in's provider as fal's.
    """
    base, version = split_version(model_id)
    provider, _, name = base.partition("/")
    parts = name.split("/")
    if not all(map(_is_part, parts)):
        return None
    if provider == "replicate":
        return _replicate_file(parts, version)
    return f"{provider}/{'-'.join(parts)}.json" if is_provider(provider) else None


def split_version(model_id: str) -> tuple[str, str]:
    """`replicate/OWNER/NAME` and VERSION; no version ("") where the id pins none."""
    base, colon, version = model_id.partition(":")
    if colon and base.startswith("replicate/") and _VERSION.fullmatch(version):
        return base, version
    return model_id, ""


def deployment_of(model_id: str) -> str:
    """`owner/name` of `replicate/deployments/OWNER/NAME`; "" where it is no deployment."""
    parts = model_id.split("/")
    is_one = parts[:2] == ["replicate", DEPLOYMENTS] and len(parts) == 4
    return "/".join(parts[2:]) if is_one else ""


def _is_part(part: str) -> bool:
    return bool(part.strip(".")) and part.isprintable() and not set(part) & set('\\:@"*?<>|')


def _replicate_file(parts: list[str], version: str) -> str | None:
    pinned = f"@{version}" if version else ""
    named = 3 if parts[0] == DEPLOYMENTS else 2
    if len(parts) != named or (pinned and named == 3):
        return None
    return f"replicate/{'_'.join(parts)}{pinned}.json"
