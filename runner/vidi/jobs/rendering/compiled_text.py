"""What a compiled string is to those who render it, without what compiles it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class CompiledText(ABC):
    """A string that holds templates, compiled."""

    __slots__ = ()

    @abstractmethod
    def render(self, names: Mapping[str, object]) -> object:
        """Its value, with these names.

        Raises:
            MistakeError: A name is unknown, or the value cannot be made.
        """
