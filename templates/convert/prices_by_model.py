"""Which models have a price rule of their own: one told in prose, or with several parts."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import prices_of_clips
import prices_of_images
import prices_of_megapixels
import prices_of_sounds
import prices_of_videos

if TYPE_CHECKING:
    from collections.abc import Callable

    from facts import Fact
    from lines import Row

RULES: dict[str, Callable[[Fact], Row]] = {
    **prices_of_images.RULES,
    **prices_of_megapixels.RULES,
    **prices_of_videos.RULES,
    **prices_of_clips.RULES,
    **prices_of_sounds.RULES,
}
"""Model ids, or patterns of them; the first that fits."""


def rule_of(fact: Fact) -> Callable[[Fact], Row] | None:
    """The model's own rule, if it has one."""
    return next((rule for pattern, rule in RULES.items() if fnmatchcase(fact.id, pattern)), None)
