"""Text files and text answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.sandbox.media.order import CONTENT_TYPES, Made

if TYPE_CHECKING:
    from vidi.sandbox.media.order import MediaOrder


def make_text(order: MediaOrder) -> Made:
    """Make one text file."""
    words = say(order.text)
    if order.format == "srt":
        words = f"1\n00:00:00,000 --> 00:00:05,000\n{words}\n"
    return Made(words.encode(), CONTENT_TYPES[order.format])


def say(text: str) -> str:
    """The answer of a model that answers in words."""
    return f"SANDBOX: {text}"


def chunks_of(words: str) -> list[str]:
    """The same answer in the pieces that a model streams, which join to the whole."""
    return [word if at == 0 else f" {word}" for at, word in enumerate(words.split(" "))]
