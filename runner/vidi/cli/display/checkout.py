"""Paths as a CI server names them: relative to the checkout."""

from __future__ import annotations

import os
from pathlib import Path

CHECKOUTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""What GitHub and GitLab call the folder that holds it."""


def name_in_checkout(path: str) -> str:
    """A path within the checkout, with `/`; as it is where there is none, or it is elsewhere."""
    for name in CHECKOUTS:
        if root := os.environ.get(name):
            try:
                return Path(path).resolve().relative_to(Path(root).resolve()).as_posix()
            except (OSError, ValueError):
                return path
    return path
